//! The icons: one sheet of symbols a page, and references into it.

use maud::{Markup, PreEscaped, html};

/// A shape. Where it says a status, a word always stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Ring,
    Half,
    Octagon,
    OctagonFilled,
    Arc,
    Dashed,
    Clock,
    Bar,
    Paused,
    Triangle,
    In,
    Out,
    Lease,
    Save,
    Retry,
    Cross,
    Menu,
    Down,
    Person,
}

impl Icon {
    const ALL: [Self; 19] = [
        Self::Ring,
        Self::Half,
        Self::Octagon,
        Self::OctagonFilled,
        Self::Arc,
        Self::Dashed,
        Self::Clock,
        Self::Bar,
        Self::Paused,
        Self::Triangle,
        Self::In,
        Self::Out,
        Self::Lease,
        Self::Save,
        Self::Retry,
        Self::Cross,
        Self::Menu,
        Self::Down,
        Self::Person,
    ];

    const fn id(self) -> &'static str {
        match self {
            Self::Ring => "i-ring",
            Self::Half => "i-half",
            Self::Octagon => "i-octagon",
            Self::OctagonFilled => "i-dead",
            Self::Arc => "i-arc",
            Self::Dashed => "i-dashed",
            Self::Clock => "i-clock",
            Self::Bar => "i-bar",
            Self::Paused => "i-paused",
            Self::Triangle => "i-triangle",
            Self::In => "i-in",
            Self::Out => "i-out",
            Self::Lease => "i-lease",
            Self::Save => "i-save",
            Self::Retry => "i-retry",
            Self::Cross => "i-cross",
            Self::Menu => "i-menu",
            Self::Down => "i-down",
            Self::Person => "i-person",
        }
    }

    const fn shape(self) -> &'static str {
        match self {
            Self::Ring => r#"<circle cx="8" cy="8" r="6.4"/><path d="m4.8 8.3 2.2 2.2 4.2-4.6"/>"#,
            Self::Half => {
                r#"<circle cx="8" cy="8" r="6.2"/><path class="f" d="M8 1.8a6.2 6.2 0 0 0 0 12.4z"/>"#
            }
            Self::Octagon => {
                r#"<path d="M5.2 1.6h5.6l3.6 3.6v5.6l-3.6 3.6H5.2l-3.6-3.6V5.2z"/><path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>"#
            }
            Self::OctagonFilled => {
                r#"<path class="f" d="M4.9 1h6.2L15 4.9v6.2L11.1 15H4.9L1 11.1V4.9z"/><path class="k" d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8"/>"#
            }
            Self::Arc => {
                r#"<circle cx="8" cy="8" r="6.2" opacity=".28"/><path class="spin" d="M8 1.8A6.2 6.2 0 0 1 14.2 8"/>"#
            }
            Self::Dashed => {
                r#"<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.2 2.6"/><circle class="f" cx="8" cy="8" r="1.6"/>"#
            }
            Self::Clock => r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.4V8l2.4 1.7"/>"#,
            Self::Bar => r#"<circle cx="8" cy="8" r="6.2"/><path d="M5 8h6"/>"#,
            Self::Paused => {
                r#"<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2"/><path d="M6.3 5.4v5.2m3.4-5.2v5.2"/>"#
            }
            Self::Triangle => {
                r#"<path d="M8 1.9 14.6 13.6H1.4z"/><path d="M8 6.4v3.2"/><circle class="f" cx="8" cy="11.6" r=".9"/>"#
            }
            Self::In => r#"<path d="M8 1.8v8m-3.2-3L8 10l3.2-3.2M2.4 13.6h11.2"/>"#,
            Self::Out => r#"<path d="M8 10.2v-8M4.8 5.2 8 2l3.2 3.2M2.4 13.6h11.2"/>"#,
            Self::Lease => {
                r#"<rect x="2.6" y="7" width="10.8" height="7" rx="1.4"/><path d="M5 7V4.8a3 3 0 0 1 6 0V7"/>"#
            }
            Self::Save => {
                r#"<ellipse cx="8" cy="3.8" rx="5.6" ry="2.2"/><path d="M2.4 3.8v8.4c0 1.2 2.5 2.2 5.6 2.2s5.6-1 5.6-2.2V3.8M2.4 8c0 1.2 2.5 2.2 5.6 2.2s5.6-1 5.6-2.2"/>"#
            }
            Self::Retry => r#"<path d="M13.6 8A5.6 5.6 0 1 1 11.8 3.9M13.8 1.8v3h-3"/>"#,
            Self::Cross => r#"<path d="m4 4 8 8m0-8-8 8"/>"#,
            Self::Menu => r#"<path d="M2 4h12M2 8h12M2 12h12"/>"#,
            Self::Down => r#"<path d="m4 6 4 4.4L12 6"/>"#,
            Self::Person => {
                r#"<circle cx="8" cy="5" r="3"/><path d="M2.4 14c.6-3 2.8-4.4 5.6-4.4s5 1.4 5.6 4.4"/>"#
            }
        }
    }
}

/// A reference to a shape of the page's [`sheet`]; hidden from readers of the screen.
pub fn icon(icon: Icon) -> Markup {
    html! { svg.ic aria-hidden="true" { use href={ "#" (icon.id()) } {} } }
}

/// All shapes, once a page.
pub fn sheet() -> Markup {
    html! {
        svg.vh width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                @for icon in Icon::ALL {
                    symbol id=(icon.id()) viewBox="0 0 16 16" { (PreEscaped(icon.shape())) }
                }
            }
        }
    }
}

/// The product's mark.
pub fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            rect.plate width="24" height="24" rx="6" {}
            path.hook d="M5.5 6.2h13M14.6 6.2v7.4a3.8 3.8 0 1 1-7.6 0l2.6-1.4" {}
        }
    }
}

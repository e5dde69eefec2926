//! Panels, tables, and what stands above and below a list.

use maud::{Markup, html};

use super::icons::{Icon, icon};

/// What stands at the top of a page.
#[derive(Debug, Default)]
pub struct Head {
    /// The pages above, with the id of this one; nothing on a page of the rail.
    pub crumb: Option<Markup>,
    pub title: Markup,
    /// One sentence with the numbers that matter.
    pub answer: Markup,
    pub actions: Option<Markup>,
}

/// The top of a page: where it is, its name, its answer, and what can be done.
pub fn head(head: &Head) -> Markup {
    html! {
        div {
            @if let Some(crumb) = &head.crumb { p.crumb { (crumb) } }
            div.head {
                div { h1 { (head.title) } p.answer { (head.answer) } }
                @if let Some(actions) = &head.actions { div.actions { (actions) } }
            }
        }
    }
}

/// A panel with a name, a note at its right, and perhaps a footer.
pub fn titled(title: &str, note: &Markup, body: &Markup, footer: Option<&Markup>) -> Markup {
    html! {
        section.panel {
            header { h2 { (title) } p { (note) } }
            (body)
            @if let Some(footer) = footer { footer { (footer) } }
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    /// Classes of its header: `num`, `h-md` (dropped on narrow screens), ...
    pub class: &'static str,
    /// The list is ordered by it, newest first.
    pub newest_first: bool,
}

impl Column {
    /// A column of words.
    pub const fn text(name: &'static str) -> Self {
        Self { name, class: "", newest_first: false }
    }

    /// A column of numbers or times.
    pub const fn number(name: &'static str) -> Self {
        Self { name, class: "num", newest_first: false }
    }

    /// The time that the list is ordered by.
    pub const fn newest_first(name: &'static str) -> Self {
        Self { name, class: "num", newest_first: true }
    }

    /// Dropped where there is no room for it.
    pub const fn wide_only(name: &'static str) -> Self {
        Self { name, class: "h-md", newest_first: false }
    }
}

/// A table. With the class `as-cards` its rows become cards on a phone; a cell's classes `o1` to `o6` then give the
/// order, `wide` a line of its own, `none` that it is empty there. Without, it scrolls inside its panel.
///
/// Roles are repeated: where a style changes how a row is displayed, browsers drop what the element says.
pub fn table(class: &str, id: Option<&str>, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.scroll {
            table class=(class) role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for column in columns {
                            th role="columnheader" scope="col" class=[some(column.class)]
                                aria-sort=[column.newest_first.then_some("descending")] {
                                (column.name) @if column.newest_first { " ↓" }
                            }
                        }
                    }
                }
                tbody role="rowgroup" id=[id] { (rows) }
            }
        }
    }
}

const fn some(class: &'static str) -> Option<&'static str> {
    if class.is_empty() { None } else { Some(class) }
}

/// A tab above a list.
#[derive(Debug)]
pub struct Tab {
    pub name: &'static str,
    pub href: String,
    /// How many rows it has, where that is known without counting.
    pub count: Option<String>,
    pub current: bool,
    pub warns: bool,
}

/// The tabs above a list.
pub fn tabs(name: &str, tabs: &[Tab]) -> Markup {
    html! {
        nav.tabs aria-label=(name) {
            @for tab in tabs {
                a href=(tab.href) aria-current=[tab.current.then_some("true")] {
                    @if tab.warns { (icon(Icon::Triangle)) }
                    (tab.name)
                    @if let Some(count) = &tab.count { " " span.n { (count) } }
                }
            }
        }
    }
}

/// The foot of a list: what is on it, and the way on.
pub fn list_foot(left: &Markup, newest: Option<&str>, older: Option<&str>) -> Markup {
    html! {
        footer {
            span { (left) }
            span {
                @if let Some(href) = newest { a href=(href) rel="first" { "← Newest" } }
                @if newest.is_some() && older.is_some() { " · " }
                @if let Some(href) = older { a href=(href) rel="next" { "Older →" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_list_is_said_in_its_header() {
        let columns = [Column::text("Status"), Column::newest_first("Queued, UTC")];
        let shown = table("as-cards", Some("rows"), &columns, &html! {}).into_string();
        assert!(shown.contains("<th role=\"columnheader\" scope=\"col\">Status</th>"), "{shown}");
        assert!(
            shown.contains(
                "scope=\"col\" class=\"num\" aria-sort=\"descending\">Queued, UTC ↓</th>"
            ),
            "{shown}"
        );
        assert!(shown.contains("<tbody role=\"rowgroup\" id=\"rows\">"), "{shown}");
    }

    #[test]
    fn the_last_page_has_no_way_on() {
        let foot = list_foot(&html! { "1 to 3" }, None, None).into_string();
        assert_eq!(foot, "<footer><span>1 to 3</span><span></span></footer>");
        assert!(list_foot(&html! {}, Some("/a"), Some("/b")).into_string().contains("Older →"));
    }
}

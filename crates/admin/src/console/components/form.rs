//! Forms: label above, hint below, the error between the field and the hint.

use maud::{Markup, html};

use super::icons::{Icon, icon};
use crate::console::csrf::CsrfToken;

/// How a field is filled in.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    Text,
    Url,
    Number,
    /// Never prefilled, never kept.
    Secret,
    Lines(u8),
    /// Value and words.
    Choice(&'a [(&'a str, &'a str)]),
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// Its name in the form; its id is `field-` and the name.
    pub name: &'a str,
    pub label: &'a str,
    pub input: Input<'a>,
    pub value: &'a str,
    pub placeholder: &'a str,
    pub hint: &'a str,
    /// Why it was not taken.
    pub error: Option<&'a str>,
    pub required: bool,
}

impl<'a> Field<'a> {
    /// An empty line of text.
    pub const fn new(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            input: Input::Text,
            value: "",
            placeholder: "",
            hint: "",
            error: None,
            required: false,
        }
    }
}

/// A field with its label, its error and its hint.
pub fn field(field: &Field<'_>) -> Markup {
    let id = format!("field-{}", field.name);
    html! {
        div.field {
            label for=(id) { (field.label) @if !field.required { span.dim { " (optional)" } } }
            (input(field, &id))
            @if let Some(error) = field.error {
                span.err id={ (id) "-error" } { (icon(Icon::Octagon)) bdi { (error) } }
            }
            @if !field.hint.is_empty() { span.hint id={ (id) "-hint" } { (field.hint) } }
        }
    }
}

fn input(field: &Field<'_>, id: &str) -> Markup {
    let mut described = Vec::new();
    if field.error.is_some() {
        described.push(format!("{id}-error"));
    }
    if !field.hint.is_empty() {
        described.push(format!("{id}-hint"));
    }
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = field.error.map(|_| "true");
    let placeholder = (!field.placeholder.is_empty()).then_some(field.placeholder);
    let (kind, value) = match &field.input {
        Input::Lines(rows) => {
            return html! {
                textarea id=(id) name=(field.name) rows=(rows) placeholder=[placeholder] required[field.required]
                    spellcheck="false" aria-invalid=[invalid] aria-describedby=[described] { (field.value) }
            };
        }
        Input::Choice(options) => {
            return html! {
                select id=(id) name=(field.name) required[field.required] aria-invalid=[invalid]
                    aria-describedby=[described] {
                    @for (value, words) in *options {
                        option value=(value) selected[*value == field.value] { (words) }
                    }
                }
            };
        }
        Input::Secret => ("password", None),
        Input::Text => ("text", Some(field.value)),
        Input::Url => ("url", Some(field.value)),
        Input::Number => ("number", Some(field.value)),
    };
    let value = value.filter(|value| !value.is_empty());
    html! {
        input id=(id) name=(field.name) type=(kind) value=[value] placeholder=[placeholder]
            required[field.required] autocomplete="off" spellcheck="false" aria-invalid=[invalid]
            aria-describedby=[described];
    }
}

/// A field that was not taken.
#[derive(Debug)]
pub struct Wrong<'a> {
    pub field: &'a str,
    pub why: &'a str,
    /// The page where something is to be done first, and what its link says.
    pub way: Option<(String, &'static str)>,
}

/// What is wrong with a form, above it; it takes the focus.
pub fn summary(errors: &[Wrong<'_>]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.note.bad role="alert" tabindex="-1" autofocus {
                p { b { "That did not work." } " Nothing was changed." }
                ul {
                    @for wrong in errors {
                        li {
                            a href={ "#field-" (wrong.field) } { bdi { (wrong.why) } }
                            @if let Some((href, words)) = &wrong.way { " " a href=(href) { (words) } }
                        }
                    }
                }
            }
        }
    }
}

/// A form that posts, guarded against other sites.
pub fn post(action: &str, csrf: &CsrfToken, class: &str, body: &Markup) -> Markup {
    html! {
        form class=(class) method="post" action=(action) { (csrf.field()) (body) }
    }
}

/// An action of one button.
pub fn button(action: &str, csrf: &CsrfToken, class: &str, label: &Markup) -> Markup {
    post(action, csrf, "one", &html! { button class={ "btn " (class) } { (label) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_an_error_says_so_to_every_reader_and_keeps_its_value() {
        let shown = field(&Field {
            value: "\"><script>",
            hint: "As the provider shows it.",
            error: Some("That is no URL."),
            required: true,
            ..Field::new("url", "URL")
        })
        .into_string();
        for part in [
            r#"<label for="field-url">URL</label>"#,
            r#"value="&quot;&gt;&lt;script&gt;""#,
            r#"aria-invalid="true" aria-describedby="field-url-error field-url-hint""#,
            r#"id="field-url-error""#,
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn a_secret_is_never_written_back() {
        let shown =
            field(&Field { input: Input::Secret, value: "s3cret", ..Field::new("token", "Token") });
        assert!(!shown.into_string().contains("s3cret"));
    }

    #[test]
    fn a_form_that_posts_carries_its_token() {
        let csrf = CsrfToken::of_session(b"cookie");
        let shown = button("/x", &csrf, "", &html! { "Retry" }).into_string();
        assert!(shown.contains(r#"<input type="hidden" name="csrf" value=""#), "{shown}");
    }
}

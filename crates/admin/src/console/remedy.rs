//! What stands against an operation, and what to do about it here: the operation's own words name commands.

use crate::console::frame::{Place, Viewer};
use crate::operations::{Conflict, Remedy};

/// Both in sentences.
pub(super) fn words(conflict: &Conflict) -> String {
    let why = sentence(&conflict.why);
    let Some(remedy) = conflict.remedy else { return why };
    let remedy = match remedy {
        Remedy::Reconnect(_) => "Connect it again first.",
        Remedy::AskOperator => {
            "If it is to serve this one, too, ask an operator of the deployment to add it on this page."
        }
        Remedy::SeeAccounts => "It is among the connectors.",
        Remedy::ConnectAnew(_) => "Connect it anew first.",
        Remedy::SeeTargets(_) => "It is on the page of the instance.",
        Remedy::Enable(_) => "Enable it first.",
    };
    format!("{why} {remedy}")
}

/// The page where that is done, and what its link says.
pub(super) fn way(viewer: &Viewer, remedy: Remedy) -> Option<(String, &'static str)> {
    match remedy {
        Remedy::Reconnect(id) => {
            Some((viewer.path(&format!("connector-accounts/{id}")), "To the account"))
        }
        Remedy::AskOperator => None,
        Remedy::SeeAccounts => Some((viewer.place(Place::Connectors), "To the connectors")),
        Remedy::ConnectAnew(id) => {
            Some((viewer.path(&format!("integrations/{id}/reconnect")), "Connect it anew"))
        }
        Remedy::SeeTargets(id) => {
            Some((viewer.path(&format!("connector-instances/{id}")), "To the instance"))
        }
        Remedy::Enable(id) => {
            Some((viewer.path(&format!("connector-targets/{id}")), "To the target"))
        }
    }
}

/// An error's words as a sentence of their own. An id at its beginning stays as it is.
pub(super) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default().trim_end_matches([':', ',', '.']);
    let is_word = !word.is_empty() && word.chars().all(char::is_lowercase);
    let mut out = if is_word {
        let mut chars = text.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().to_string())
            + chars.as_str()
    } else {
        text.to_owned()
    };
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_sentence_and_an_id_stays_as_it_is() {
        for (error, said) in [
            ("the name is taken", "The name is taken."),
            ("a name is missing", "A name is missing."),
            ("Taken.", "Taken."),
            ("é ist gut", "É ist gut."),
            ("tgt_01h455 is disabled", "tgt_01h455 is disabled."),
            ("\"x\" is no name.", "\"x\" is no name."),
            ("", "."),
        ] {
            assert_eq!(sentence(error), said);
        }
    }
}

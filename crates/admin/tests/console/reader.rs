//! Somebody with a browser: cookies are kept, forms are filled in as the page made them.

use std::collections::BTreeMap;

use url::form_urlencoded::Serializer;

use crate::http::{Answer, Served};
use crate::yard::{Yard, text};

impl Yard {
    /// A member of the workspace `acme` and a token of theirs.
    pub(crate) fn member(&self, name: &str, role: &str) -> (String, String) {
        let add = ["member", "add", "--workspace", "acme", "--name", name, "--role", role];
        let member = self.id(&add);
        let token = text(&self.json(&["token", "create", "--member", &member]), "token");
        (member, token)
    }
}

/// A browser.
pub(crate) struct Reader<'a> {
    served: &'a Served,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Reader<'a> {
    /// A browser that was never here.
    pub(crate) fn new(served: &'a Served) -> Self {
        Self { served, cookies: BTreeMap::new() }
    }

    /// A browser that is signed in.
    pub(crate) fn signed_in(served: &'a Served, token: &str) -> Self {
        let mut reader = Self::new(served);
        let answer = reader.send("/sign-in", &[("token", token)], "");
        assert_eq!(answer.status, 303, "{answer:?}");
        reader
    }

    /// Opens a page.
    pub(crate) fn open(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Opens a page that is there.
    pub(crate) fn page(&mut self, path: &str) -> String {
        let answer = self.open(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Posts a form with these fields and headers.
    pub(crate) fn send(&mut self, path: &str, fields: &[(&str, &str)], headers: &str) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.ask("POST", path, &format!("{form}{headers}"), &body)
    }

    /// Posts a form of this page, with the token that the page has.
    pub(crate) fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        assert!(page.contains(&format!("action=\"{path}\"")), "no form posts to {path}");
        let csrf = csrf(page);
        self.send(path, &[&[("csrf", csrf)], fields].concat(), "sec-fetch-site: same-origin\r\n")
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = if cookies.is_empty() {
            String::new()
        } else {
            format!("cookie: {}\r\n", cookies.join("; "))
        };
        let answer = self.served.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: yard.example\r\nconnection: close\r\n{cookie}{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ));
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The token that the forms of a page carry.
pub(crate) fn csrf(page: &str) -> &str {
    let rest = page.split("name=\"csrf\" value=\"").nth(1).expect("a form with a token");
    rest.split('"').next().unwrap()
}

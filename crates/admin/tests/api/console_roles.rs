//! Every page and every action of the console, asked by everybody: `docs/roles.md` says who may.

use std::collections::BTreeSet;

use hookyard_admin::access::Area;
use hookyard_admin::routes;
use url::form_urlencoded::Serializer;

use crate::http::{Answer, Served};
use crate::roles::{Door, Walk, Who, expected, table};
use crate::yard::{Yard, text};

/// What a browser sends: the cookie, if it has one, and a form, if it posts.
fn ask(served: &Served, method: &str, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let cookie = if cookie.is_empty() { String::new() } else { format!("cookie: {cookie}\r\n") };
    served.raw(&format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{cookie}\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// The cookie of a session that this token opens; none if it opens none.
fn signed_in(served: &Served, token: &str) -> Option<String> {
    let answer = ask(served, "POST", "/sign-in", "", &[("token", token)]);
    let cookie = answer.header("set-cookie")?.split(';').next().unwrap().to_owned();
    assert_eq!(answer.status, 303, "{answer:?}");
    Some(cookie)
}

/// What the door says to a browser. A form without its token gets no further than the door, which then was open.
fn door(answer: &Answer) -> Door {
    let says = |title: &str| answer.body.contains(&format!("<h1>{title}</h1>"));
    match answer.status {
        401 => Door::Unauthenticated,
        303 if answer.header("location").is_some_and(|to| to.starts_with("/sign-in")) => {
            Door::Unauthenticated
        }
        403 if says("You may not open this") => Door::Forbidden,
        404 if says("There is no such thing") => Door::NotFound,
        500.. if answer.status != 503 => panic!("{answer:?}"),
        _ => Door::Open,
    }
}

/// The console's routes.
fn console() -> Vec<(String, String, String)> {
    let routes = routes::table();
    let console: BTreeSet<(String, &str)> = routes
        .iter()
        .filter(|it| it.area == Area::Console)
        .map(|it| (it.method.to_string(), it.path))
        .collect();
    table()
        .into_iter()
        .filter(|(method, path, _)| console.contains(&(method.clone(), path.as_str())))
        .collect()
}

/// A session of everybody who can have one, and what else a browser may bring.
fn sessions(yard: &Yard, walk: &Walk) -> Vec<(Who, String)> {
    let mut sessions = vec![(Who::Nobody, String::new())];
    for (who, token) in &walk.tokens {
        let cookie = signed_in(&walk.served, token);
        let opens_none = [Who::Nobody, Who::Expired, Who::Revoked, Who::Application].contains(who);
        assert_eq!(cookie.is_none(), opens_none, "{who:?}");
        sessions.extend(cookie.map(|cookie| (*who, cookie)));
    }
    // Sessions end with their token.
    let (member, _) = yard.member("acme", "Gone", "owner");
    let token = yard.json(&["token", "create", "--member", &member]);
    let cookie = signed_in(&walk.served, &text(&token, "token")).unwrap();
    yard.json(&["token", "revoke", &text(&token, "id")]);
    sessions.push((Who::Revoked, cookie));
    sessions
}

#[tokio::test]
async fn every_page_and_every_action_opens_to_whom_the_table_says_and_to_nobody_else() {
    let yard = Yard::new().await;
    let walk = Walk::start(&yard).await;
    let sessions = sessions(&yard, &walk);
    let console = console();
    assert!(console.len() > 40, "{console:?}");
    let mut wrong = Vec::new();
    for (method, template, who_may) in &console {
        let path = walk.path(template, "acme");
        for (who, cookie) in &sessions {
            let answer = ask(&walk.served, method, &path, cookie, &[]);
            let should = expected(who_may, *who, template.contains("{slug}"));
            // Who shows no token at the sign-in itself is told to wait in the end: that is no closed door.
            if door(&answer) != should {
                wrong.push(format!(
                    "{who:?}: {should:?} was expected of {method} {path}: {} {:?}",
                    answer.status,
                    answer.header("location")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_page_of_one_workspace_opens_anything_of_another() {
    let yard = Yard::new().await;
    let walk = Walk::start(&yard).await;
    let token = |who| &walk.tokens.iter().find(|(it, _)| *it == who).unwrap().1;
    let has_id = |path: &str| {
        let path = ["slug", "kind", "file", "secret", "format"]
            .iter()
            .fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), ""));
        path.contains('{')
    };
    for who in [Who::Stranger, Who::Operator] {
        let cookie = signed_in(&walk.served, token(who)).unwrap();
        for (method, template, _) in console().iter().filter(|(_, path, _)| has_id(path)) {
            let path = walk.path(template, "else");
            let answer = ask(&walk.served, method, &path, &cookie, &[]);
            assert_eq!(door(&answer), Door::NotFound, "{who:?}: {method} {path}: {answer:?}");
        }
    }
}

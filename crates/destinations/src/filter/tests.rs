use proptest::prelude::*;

use super::*;
use crate::event::sample;

fn says(filter: &str, data: &str) -> Match {
    Filter::parse(filter)
        .unwrap_or_else(|error| panic!("{filter}: {error}"))
        .matches(&sample("a.b", data))
}

const POST: &str = r#"{"post":{"board":"Bugs","upvotes":12,"tags":["ui","web"],"author":{"name":"Ann"}},"empty":[]}"#;

#[test]
fn filters_look_at_an_events_data() {
    for filter in [
        "post.board == 'Bugs'",
        "post.upvotes >= `10` && post.author.name != 'Bot'",
        "contains(post.tags, 'ui')",
        r#"contains(`["Bugs","Ideas"]`, post.board)"#,
        "starts_with(post.board, 'Bu')",
        "post.tags[?@ == 'web']",
        "post.tags[0] == 'ui'",
        "post.tags[::-1] | [0] == 'web'",
        "length(post.tags) == `2`",
        "!missing",
        "type(post.upvotes) == 'number'",
        "not_null(missing, post.board) == 'Bugs'",
        "post.* | [?@ == 'Bugs']",
        "post",
    ] {
        assert_eq!(says(filter, POST), Match::Yes, "{filter}");
    }
    for filter in ["post.board == 'Ideas'", "missing", "empty", "post.board > `3`", "post.tags[7]"]
    {
        assert_eq!(says(filter, POST), Match::No, "{filter}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_no_match_and_says_why() {
    let Match::Error(reason) = says("length(post.upvotes) > `3`", POST) else {
        panic!("a number has no length");
    };
    assert!(reason.contains("length") || reason.contains("number"), "{reason}");
}

#[test]
fn filters_that_build_values_or_nest_too_deep_are_refused() {
    for filter in [
        "[a, b]",
        "{a: b}",
        "[@, @][] | [@, @][] | [@, @][]",
        "map(&a, b)",
        "sort_by(a, &b)",
        "join(',', a)",
        "to_string(@)",
        "`[1,2,3]`[?@ == `1`]",
        "a[?`[1,2]`[?`[1,2]`]]",
        "not_null(`[1,2]`)[?values(`{\"a\":1}`)]",
        "a[99999999]",
        "a[-1000001]",
        "no_such(a)",
    ] {
        assert!(matches!(Filter::parse(filter), Err(FilterError::NotAllowed(_))), "{filter}");
    }
    for filter in [
        "(".repeat(65),
        "!".repeat(500),
        "*.".repeat(300),
        "a.".repeat(100) + "a",
        "a||".repeat(200) + "a",
    ] {
        let refused = Filter::parse(&filter);
        assert!(matches!(refused, Err(FilterError::TooDeep)), "{filter}: {refused:?}");
    }
    assert_eq!(Filter::parse(&"a".repeat(1001)).unwrap_err(), FilterError::TooLong);
}

#[test]
fn what_does_not_parse_is_refused_and_told_where() {
    let refused = Filter::parse("post.board ==").unwrap_err().to_string();
    assert!(refused.starts_with("the filter is no JMESPath expression: at character"), "{refused}");
    for filter in ["", "post.board = 'x'", "a[", "a[-2147483649]", "'open", "`{`", "a b"] {
        assert!(matches!(Filter::parse(filter), Err(FilterError::Syntax(_))), "{filter}");
    }
}

/// Random text of the signs that filters are made of.
fn soup() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("a"),
        Just("b"),
        Just("."),
        Just("["),
        Just("]"),
        Just("[?"),
        Just("[*]"),
        Just("*"),
        Just("("),
        Just(")"),
        Just("=="),
        Just("<"),
        Just("&&"),
        Just("||"),
        Just("|"),
        Just("!"),
        Just("@"),
        Just("`1`"),
        Just("`[1,{}]`"),
        Just("'a'"),
        Just("length("),
        Just("contains("),
        Just(","),
        Just("0"),
        Just("-1"),
        Just(":"),
        Just("[]"),
        Just("&"),
        Just("\"a\""),
        Just(" "),
    ];
    proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_text_makes_a_filter_panic(text in soup()) {
        if let Ok(filter) = Filter::parse(&text) {
            for data in [POST, "[]", "null", r#"{"a":[{"b":1},[2,[3]]],"b":{"a":"a"}}"#] {
                let _said: Match = filter.matches(&sample("a.b", data));
            }
        }
    }

    #[test]
    fn arbitrary_text_is_parsed_or_refused(text: String) {
        drop(Filter::parse(&text));
    }
}

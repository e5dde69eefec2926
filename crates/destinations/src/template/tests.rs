use proptest::prelude::*;

use super::*;
use crate::event::sample;

fn parse(kind: ConnectionKind, text: &str) -> Result<Template, TemplateError> {
    Template::parse(kind, text)
}

fn render(kind: ConnectionKind, text: &str, data: &str) -> Result<String, TemplateError> {
    parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}")).render(&sample("a.b", data))
}

#[test]
fn a_template_sees_the_event_and_escapes_what_it_prints() {
    let data = r#"{"title":"<!here> *x*","n":3,"tags":["a","b"],"gone":null}"#;
    assert_eq!(
        render(
            ConnectionKind::Slack,
            "*{{ type }}* {{ data.title }} {{ data.n }}{{ data.gone }}",
            data
        )
        .unwrap(),
        "*a.b* &lt;!here&gt; ∗x∗ 3"
    );
    assert_eq!(
        render(ConnectionKind::Discord, "{{ workspace.slug }}: {{ data.title }}", data).unwrap(),
        r"acme: \<!here\> \*x\*"
    );
    let json = r#"{"t": {{ data.title }}, "all": {{ data.tags }}, "none": {{ data.missing }}, "at": {{ timestamp }},
        "s": {{ "New: "|concat(data.title|upper) }}}"#;
    let body: serde_json::Value =
        serde_json::from_str(&render(ConnectionKind::Webhook, json, data).unwrap()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "t": "<!here> *x*", "all": ["a", "b"], "none": null,
                            "at": "2026-11-20T10:00:00.000Z", "s": "New: <!HERE> *X*" })
    );
}

#[test]
fn loops_conditions_filters_and_tests_work() {
    let data = r#"{"items":[{"n":1},{"n":2}],"s":"  Long text ","o":{}}"#;
    for (template, expected) in [
        (
            "{% for item in data['items'] %}{{ item.n }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1,2",
        ),
        ("{% for item in data.none %}x{% else %}none{% endfor %}", "none"),
        ("{{ data.s|trim|truncate(4) }}", "Long..."),
        (
            "{{ data['items']|length }} {{ (data['items']|first).n }} {{ (data['items']|last).n }}",
            "2 1 2",
        ),
        ("{{ ['a', 'b']|join('+') }}", "a+b"),
        ("{{ data.none|default('-') }}{{ 'y' if data.s is string else 'n' }}", "-y"),
        ("{{ 'in' if data.s in ['x'] else 'out' }}{% if type == 'a.b' %}!{% endif %}", "out!"),
        ("{{ data.o }}{# comment #}", "{}"),
    ] {
        assert_eq!(render(ConnectionKind::Slack, template, data).unwrap(), expected, "{template}");
    }
}

#[test]
fn what_could_grow_without_bound_is_refused() {
    for template in [
        "{% set x = 'a' %}",
        "{% set x %}a{% endset %}",
        "{{ 'a' ~ data.b }}",
        "{{ 'a' * 1000000000 }}",
        "{{ data.a + data.b }}",
        "{{ '%s' % data.a }}",
        "{{ 2 ** 100 }}",
        "{{ range(1000000) }}",
        "{% for x in [data.a, data.a] %}{% endfor %}",
        "{{ {'a': data.a} }}",
        "{{ data.a == data.b }}",
        "{{ data.a|replace('a', data.a) }}",
        "{{ data.a|safe }}",
        "{% autoescape false %}{% endautoescape %}",
        "{% filter upper %}{% endfilter %}",
        "{% with a = data %}{% endwith %}",
        "{{ data.a() }}",
        "{{ data.a[1:2] }}",
        "{% for x in data.a recursive %}{% endfor %}",
    ] {
        let refused = parse(ConnectionKind::Slack, template);
        assert!(
            matches!(refused, Err(TemplateError::NotAllowed { .. })),
            "{template}: {refused:?}"
        );
    }
}

#[test]
fn what_does_not_parse_or_reaches_for_other_templates_is_refused() {
    for template in [
        "{{",
        "{{ data. }}",
        "{% for x in y %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% macro m() %}{% endmacro %}",
    ] {
        let refused = parse(ConnectionKind::Slack, template);
        assert!(matches!(refused, Err(TemplateError::Syntax(_))), "{template}: {refused:?}");
    }
    let deep = format!("{}{}", "{% if data %}".repeat(200), "{% endif %}".repeat(200));
    assert!(parse(ConnectionKind::Slack, &deep).is_err());
    let deep = format!("{{{{ {}data{} }}}}", "(".repeat(3000), ")".repeat(3000));
    assert!(parse(ConnectionKind::Slack, &deep).is_err());
    assert_eq!(
        parse(ConnectionKind::Slack, &"a".repeat(TEMPLATE_BYTES_MAX + 1)).unwrap_err(),
        TemplateError::TooLong
    );
}

#[test]
fn reading_much_again_and_again_ends() {
    let list = vec![""; 300_000];
    let data =
        serde_json::json!({ "l": [1, 2, 3, 4, 5, 6, 7, 8], "e": list, "t": "x".repeat(60_000) });
    let data = data.to_string();
    for work in [
        "{{ data.e|join('') }}",
        "{{ 'y' if data.e is containing('z') }}",
        "{{ 'y' if data.t is containing('z') }}",
        "{{ data.t|truncate(0) }}",
        "{{ data.t|upper|lower|trim|truncate(0) }}",
    ] {
        let work = work.repeat(3);
        let template = format!("{{% for x in data.l %}}{work}{{% endfor %}}");
        assert_eq!(
            render(ConnectionKind::Slack, &template, &data),
            Err(TemplateError::OutOfFuel),
            "{work}"
        );
        render(ConnectionKind::Slack, "{{ data.e|join('') }}", &data).unwrap();
    }
}

#[test]
fn what_goes_through_a_value_unpaid_is_refused() {
    for template in [
        "{{ 'y' if 'x' in data.list }}",
        "{{ 'y' if 'x' not in data.list }}",
        "{{ 'y' if data.x in 'text' }}",
        "{{ 'y' if 'a' < 'b' in data.list }}",
    ] {
        let refused = parse(ConnectionKind::Slack, template);
        assert!(
            matches!(refused, Err(TemplateError::NotAllowed { .. })),
            "{template}: {refused:?}"
        );
    }
    let data = r#"{"l":["a",1],"o":{"k":0},"t":"text"}"#;
    for (test, expected) in [
        ("data.l is containing('a')", "yes"),
        ("data.l is containing(1)", "yes"),
        ("data.l is not containing('b')", "yes"),
        ("data.o is containing('k')", "yes"),
        ("data.t is containing('ex')", "yes"),
        ("data.none is containing('a')", "no"),
    ] {
        let template = format!("{{{{ 'yes' if {test} else 'no' }}}}");
        assert_eq!(render(ConnectionKind::Slack, &template, data).unwrap(), expected, "{test}");
    }
}

#[test]
fn no_value_is_printed_where_a_chat_reads_mentions_and_links() {
    for template in [
        "<{{ data.url }}|open>",
        "<https://a.example/{{ data.id }}|open>",
        "<https://a.example/|{{ data.title }}>",
        "a > b <{{ data.url }}",
        "{% if data.a %}<{% endif %}{{ data.url }}|open>",
        "<{% if data.a %}>{% endif %}{{ data.url }}",
        "{% for x in data.l %}{{ x }}<{% endfor %}",
        "<{% for x in data.l %}{{ x }}{% endfor %}>",
        "<{% if data.a %}a{% else %}{{ data.b }}{% endif %}>",
        "{% raw %}<{% endraw %}{{ data.url }}>",
    ] {
        for kind in [ConnectionKind::Slack, ConnectionKind::Discord] {
            let refused = parse(kind, template);
            assert!(
                matches!(refused, Err(TemplateError::NotAllowed { .. })),
                "{template}: {refused:?}"
            );
        }
    }
    for template in [
        "<!here> {{ data.title }} <https://a.example/|fixed>",
        "{% if data.a %}<!here>{% endif %}{{ data.title }}",
        "{{ data.a }} > {{ data.b }}",
    ] {
        parse(ConnectionKind::Slack, template).unwrap();
    }
    parse(ConnectionKind::Webhook, r#"{"x": "<", "y": {{ data.y }}}"#).unwrap();
}

#[test]
fn a_link_keeps_its_url_and_its_label() {
    let link = |kind, url: &str, label: &str| {
        let data = serde_json::json!({ "url": url, "label": label }).to_string();
        render(kind, "{{ data.url|link(data.label) }}", &data).unwrap()
    };
    let (slack, discord) = (ConnectionKind::Slack, ConnectionKind::Discord);
    let url = "https://a.example/_next/~x?a=1&b=2";
    assert_eq!(
        link(slack, url, "to *it*>"),
        "<https://a.example/_next/~x?a=1&amp;b=2|to ∗it∗&gt;>"
    );
    assert_eq!(link(discord, url, "to [it]"), format!(r"[to \[it\]]({url})"));
    assert_eq!(link(slack, "https://a.example|Bank", "open"), "open", "no host holds a bar");
    assert_eq!(link(slack, "https://a.example/|Bank", "open"), "<https://a.example/%7CBank|open>");
    assert_eq!(link(discord, "https://a.example/)x", "y"), "[y](https://a.example/%29x)");
    for nowhere in ["!channel", "@U024BE7LH", "javascript:alert(1)", ""] {
        assert_eq!(link(slack, nowhere, "<!here>"), "&lt;!here&gt;", "{nowhere}");
    }
    assert_eq!(link(slack, "!channel", ""), "!channel");
    assert!(
        render(slack, "{{ data.url|link(data.url)|upper }}", r#"{"url":"https://a.example/"}"#)
            .unwrap()
            .starts_with("&lt;")
    );
}

#[test]
fn a_value_stays_text_inside_of_every_construct() {
    let hostile = "<!channel> *b* _i_ ~s~ `c` [x](https://e.example)\u{202e}\u{61c} | @everyone";
    let data = serde_json::json!({ "v": hostile }).to_string();
    for (template, expected) in [
        ("*{{ data.v }}*", "*"),
        ("_{{ data.v }}_", "_"),
        ("~{{ data.v }}~", "~"),
        ("> {{ data.v }}", "> "),
        ("`{{ data.v }}`", "`"),
        ("a{{ data.v }}b", "a"),
    ] {
        let text = render(ConnectionKind::Slack, template, &data).unwrap();
        let inner = text.strip_prefix(expected).unwrap();
        let inner = inner.strip_suffix(template.rsplit('}').next().unwrap()).unwrap();
        let marks = ['<', '>', '*', '~', '`', '\u{202e}', '\u{61c}'];
        assert!(!inner.contains(marks) && !inner.contains("_i"), "{text}");
    }
    let text = render(ConnectionKind::Discord, "**{{ data.v }}**", &data).unwrap();
    assert_eq!(
        text,
        r"**\<!channel\> \*b\* \_i\_ \~s\~ \`c\` \[x\]\(https\://e.example\) \| \@everyone**"
    );
}

#[test]
fn a_loop_over_much_runs_out_of_fuel() {
    // Constants alone: it is refused when saved.
    let digits = "['0','1','2','3','4','5','6','7','8','9']";
    let mut nested = String::from("x");
    for _ in 0..6 {
        nested = format!("{{% for a in {digits} %}}{nested}{{% endfor %}}");
    }
    assert_eq!(parse(ConnectionKind::Slack, &nested).unwrap_err(), TemplateError::OutOfFuel);

    let data = serde_json::json!({ "list": vec![1; 50_000] }).to_string();
    let template = "{% for x in data.list %}{{ x }}{% endfor %}";
    assert_eq!(render(ConnectionKind::Slack, template, &data), Err(TemplateError::OutOfFuel));
}

#[test]
fn what_prints_too_much_ends() {
    let data = serde_json::json!({ "text": "x".repeat(40_000), "list": [1, 2, 3] }).to_string();
    let template = "{% for x in data.list %}{{ data.text }}{% endfor %}";
    assert_eq!(render(ConnectionKind::Slack, template, &data), Err(TemplateError::TooMuchOutput));
    let huge = serde_json::json!({ "text": "x".repeat(900_000) }).to_string();
    assert!(render(ConnectionKind::Webhook, "{{ data }}", &huge).is_err());
    assert!(render(ConnectionKind::Slack, "{{ data.text|upper }}", &huge).is_err());
}

#[test]
fn misplaced_quotes_of_json_show_when_the_template_is_saved() {
    let refused =
        parse(ConnectionKind::Webhook, r#"{"text": "New: {{ data.title }}"}"#).unwrap_err();
    assert!(refused.to_string().contains("Values come with their quotes"), "{refused}");
    assert!(parse(ConnectionKind::Webhook, "plain text").is_err());
    parse(ConnectionKind::Webhook, r#"{"text": {{ data.title }}}"#).unwrap();
}

proptest! {
    #[test]
    fn no_value_leaves_its_place(text: String) {
        let data = serde_json::json!({ "text": text }).to_string();
        let slack = render(ConnectionKind::Slack, "{{ data.text }}", &data).unwrap();
        prop_assert!(!slack.contains(['<', '>', '`']));
        let json = render(ConnectionKind::Webhook, "[{{ data.text }}]", &data).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), vec![text]);
    }

    #[test]
    fn arbitrary_templates_are_parsed_or_refused(text in r"([ab]|\{\{|\}\}|\{%|%\}|for|if|in|endif|endfor|data|\.|\||'|\(|\)|\[|\]| ){0,40}") {
        for kind in ConnectionKind::ALL {
            if let Ok(template) = parse(*kind, &text) {
                drop(template.render(&sample("a.b", r#"{"a":[1,{"b":"x"}]}"#)));
            }
        }
    }
}

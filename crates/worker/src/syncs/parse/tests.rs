use std::fmt::Write as _;

use hookyard_domain::config_object::ObjectType;
use proptest::prelude::*;

use super::*;

fn read(path: &str, bytes: &[u8]) -> Result<Content, Bad> {
    let file = Wanted {
        path: path.to_owned(),
        sha: "s".repeat(40),
        object_type: ObjectType::Skill,
        object: None,
    };
    parse(&file, bytes)
}

fn reason(path: &str, bytes: &[u8]) -> FileReason {
    read(path, bytes).unwrap_err().reason
}

#[test]
fn frontmatter_names_and_describes_a_file() {
    let text =
        b"---\nname: Review\ndescription: \"Reads a diff\"\ntags:\n  - a\n---\n# Other heading\n";
    let content = read("skills/review/SKILL.md", text).unwrap();
    assert_eq!(content.title, "Review");
    assert_eq!(content.description.as_deref(), Some("Reads a diff"));
    assert_eq!(content.metadata.unwrap()["tags"][0], "a");
}

#[test]
fn without_frontmatter_the_first_line_is_the_title_and_then_the_name() {
    assert_eq!(read("commands/ship.md", b"\n\n## Ship it\ntext").unwrap().title, "Ship it");
    assert_eq!(read("skills/review/SKILL.md", b"").unwrap().title, "review");
    assert_eq!(read("commands/ship.md", b"").unwrap().title, "ship");
    assert_eq!(read(".mcp.json", b"{}").unwrap().title, ".mcp");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let content = read("a.md", b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nbody").unwrap();
    assert_eq!(content.title, "T");
}

#[test]
fn a_manifest_is_read_as_json() {
    let content = read(".mcp.json", br#"{"name":"servers","mcpServers":{}}"#).unwrap();
    assert_eq!((content.title.as_str(), content.metadata.is_some()), ("servers", true));
    assert_eq!(reason(".mcp.json", b"{\"a\":"), FileReason::Unparsable);
    assert_eq!(reason(".mcp.json", br#"{"a":"\u0000"}"#), FileReason::Unparsable);
}

#[test]
fn each_kind_of_bad_file_has_its_reason() {
    assert_eq!(reason("a.md", b"---\nname: [open\n---\n"), FileReason::Unparsable);
    assert_eq!(reason("a.md", b"---\nname: x\n"), FileReason::Unparsable);
    assert_eq!(reason("a.md", b"---\n- just\n- a list\n---\n"), FileReason::Unparsable);
    assert_eq!(reason("a.md", b"\xff\xfe"), FileReason::NotUtf8);
    assert_eq!(reason("a.bin", b"GIF\0"), FileReason::NotUtf8);
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n";
    assert_eq!(reason("a.md", pointer), FileReason::LfsPointer);
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut yaml = "---\na: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, of) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        let nine = vec![format!("*{of}"); 9].join(",");
        writeln!(yaml, "{name}: &{name} [{nine}]").unwrap();
    }
    yaml.push_str("---\n");
    assert_eq!(reason("a.md", yaml.as_bytes()), FileReason::Unparsable);
}

proptest! {
    #[test]
    fn no_file_makes_the_parser_panic(path in "[a-zA-Z./]{0,12}(md|json|txt)?", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&path, &bytes));
    }

    #[test]
    fn no_frontmatter_makes_the_parser_panic(yaml in "[\\PC\n]{0,200}") {
        drop(read("a.md", format!("---\n{yaml}\n---\n").as_bytes()));
    }
}

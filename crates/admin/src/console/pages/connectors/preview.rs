//! What a selector matches at the head of the branch, and what would be let go of.

use hookyard_store::mappings::Mapping;
use maud::{Markup, html};

use crate::console::components::facts;
use crate::console::components::message::note;
use crate::console::components::panel::{self, Column};
use crate::console::components::status::Tone;
use crate::console::components::text::{GITHUB_WEB, bytes, code, commit, counted, grouped};
use crate::operations::mappings::{LET_GO_MAX, LetGo, PREVIEWED_MAX, Preview, PreviewedFile};

const COLUMNS: [Column; 3] =
    [Column::text("What happens"), Column::text("Path"), Column::number("Size")];

/// A preview, as far as it was asked for.
#[derive(Debug, Default)]
pub(super) struct Previewed {
    pub(super) matched: Option<Preview>,
    pub(super) let_go: Option<LetGo>,
    /// The mappings of the target, to name who takes a file first.
    pub(super) mappings: Vec<Mapping>,
    /// Why GitHub could not be asked.
    pub(super) trouble: Option<String>,
}

/// The panels of a preview.
pub(super) fn view(previewed: &Previewed) -> Markup {
    html! {
        @if let Some(trouble) = &previewed.trouble {
            (note(Tone::Warn, &html! { b { "There is no preview. " } bdi { (trouble) } " Nothing was changed." }))
        }
        @if let Some(preview) = &previewed.matched { (matched(preview, &previewed.mappings)) }
        @if let Some(gone) = &previewed.let_go { (let_go(gone)) }
    }
}

fn count(number: usize) -> u64 {
    number as u64
}

fn matched(preview: &Preview, mappings: &[Mapping]) -> Markup {
    let mine = preview.matched - preview.taken;
    let facts = [
        (
            "Matched",
            html! { (grouped(count(preview.matched))) small { "of " (counted(count(preview.files), "file", "files")) } },
        ),
        ("New", html! { (grouped(count(preview.new))) small { "no config object yet" } }),
        ("There already", html! { (grouped(count(preview.matched - preview.new))) }),
        (
            "Taken by others",
            html! { (grouped(count(preview.taken))) small { "an older mapping goes first" } },
        ),
    ];
    html! {
        section #preview.panel aria-label="Preview" {
            header {
                h2 { "What " (code(&preview.selector)) " matches now" }
                p { "at " (commit(GITHUB_WEB, &preview.repository, &preview.head_sha)) ", nothing is saved" }
            }
            (facts::strip(&facts))
            @if preview.items.is_empty() {
                div.pad { p {
                    "No file. " code { "*" } " stays within a folder, " code { "**" } " crosses folders, and letters count as Git has them."
                } }
            } @else {
                (panel::table("as-cards files", None, &COLUMNS, &html! {
                    @for file in &preview.items { (row(file, mappings)) }
                }))
            }
            @if preview.matched > PREVIEWED_MAX {
                footer { span { "The first " (PREVIEWED_MAX) " of " (grouped(count(preview.matched))) " by path" } }
            }
            @else if mine < preview.matched {
                footer { span { "This mapping brings in " (counted(count(mine), "file", "files")) " of them" } }
            }
        }
    }
}

fn row(file: &PreviewedFile, mappings: &[Mapping]) -> Markup {
    let taker = file.taken_by.map(|id| mappings.iter().find(|it| it.id == id));
    html! {
        tr role="row" {
            td.o1 role="cell" {
                @if file.kind != "file" { "skipped: a " (file.kind) }
                @else if let Some(taker) = taker {
                    "taken by " @match taker { Some(it) => (code(&it.selector)), None => "an older mapping" }
                }
                @else if file.bound { "stays" }
                @else { b { "is created" } }
            }
            td.wide.o3 role="cell" { (code(&file.path)) }
            td.num.o2 role="cell" { (bytes(file.bytes)) }
        }
    }
}

/// The config objects that go.
pub(super) fn let_go(gone: &LetGo) -> Markup {
    html! {
        section.panel aria-label="Let go" {
            header { h2 { "What would be deleted" } p { "by the sync that follows" } }
            @if gone.count == 0 {
                div.pad { p { "Nothing: no config object there now is held by this mapping alone." } }
            } @else {
                div.pad.stack-s {
                    p { b { (counted(count(gone.count), "config object", "config objects")) } " that no selector of the target would match any more." }
                    ul.tall { @for path in &gone.paths { li { (code(path)) } } }
                }
                @if gone.count > LET_GO_MAX { footer { span { "The first " (LET_GO_MAX) " by path" } } }
            }
        }
    }
}

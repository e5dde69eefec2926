//! Where a template's own text stands between `<` and `>`.
//!
//! There a chat reads a mention or a link: `<{{ data.url }}|open>` would let an event name everybody (`!channel`), or
//! bring its own target and label. The filter `link` writes links whose URL and label were looked at.

use minijinja::machinery::Span;
use minijinja::machinery::ast::Stmt;

use super::subset::{Checked, refuse};

/// Refuses values that are printed between `<` and `>`.
pub(super) fn check(template: &Stmt<'_>) -> Checked {
    walk(std::slice::from_ref(template), false).map(drop)
}

/// Goes through statements, and answers whether a `<` is open behind them.
///
/// A block that is run once, often or never leaves it as it was: so one look at each is enough.
fn walk(all: &[Stmt<'_>], mut is_open: bool) -> Result<bool, super::TemplateError> {
    for stmt in all {
        match stmt {
            Stmt::EmitRaw(raw) => {
                is_open = raw
                    .raw
                    .rfind(['<', '>'])
                    .map_or(is_open, |last| raw.raw[last..].starts_with('<'));
            }
            Stmt::EmitExpr(emit) if is_open => {
                refuse("value between < and >; use the filter link", emit.span())?;
            }
            Stmt::Template(template) => is_open = walk(&template.children, is_open)?,
            Stmt::IfCond(cond) => {
                block(&cond.true_body, is_open, cond.span())?;
                block(&cond.false_body, is_open, cond.span())?;
            }
            Stmt::ForLoop(each) => {
                block(&each.body, is_open, each.span())?;
                block(&each.else_body, is_open, each.span())?;
            }
            // The others print nothing, or are refused before.
            Stmt::EmitExpr(_)
            | Stmt::WithBlock(_)
            | Stmt::Set(_)
            | Stmt::SetBlock(_)
            | Stmt::AutoEscape(_)
            | Stmt::FilterBlock(_)
            | Stmt::Do(_) => {}
        }
    }
    Ok(is_open)
}

fn block(body: &[Stmt<'_>], is_open: bool, span: Span) -> Checked {
    if walk(body, is_open)? == is_open {
        Ok(())
    } else {
        refuse("block that holds < without its >, or > without its <", span)
    }
}

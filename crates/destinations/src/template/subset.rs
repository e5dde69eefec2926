//! The part of MiniJinja that templates have.
//!
//! The fuel counts instructions, and one instruction may double a text: thirty of them fill a machine's memory. So
//! nothing is taken that binds or builds values (`set`, macros, arithmetic, lists and objects of values), nothing that
//! compares two values of unknown size, and no filter but those of `filters.rs`.
//!
//! What a chat understands between `<` and `>` is a mention or a link and takes no escaping: no value is printed there
//! (`brackets.rs`).

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt};
use minijinja::machinery::{Span, parse};
use minijinja::syntax::SyntaxConfig;

use super::filters::{FILTERS, TESTS};
use super::output::Markup;
use super::{TemplateError, brackets, explanation};

/// How deep statements and expressions may stand within each other.
const DEPTH_MAX: usize = 32;

pub(super) fn check(markup: Markup, source: &str) -> Result<(), TemplateError> {
    let template = parse(source, super::NAME, SyntaxConfig::default())
        .map_err(|error| TemplateError::Syntax(explanation(&error)))?;
    statement(&template, DEPTH_MAX)?;
    match markup {
        Markup::Slack | Markup::Discord => brackets::check(&template),
        Markup::Json => Ok(()),
    }
}

pub(super) type Checked = Result<(), TemplateError>;

pub(super) fn refuse(what: impl Into<String>, span: Span) -> Checked {
    Err(TemplateError::NotAllowed { what: what.into(), line: span.start_line.into() })
}

fn statements(all: &[Stmt<'_>], depth: usize) -> Checked {
    all.iter().try_for_each(|one| statement(one, depth))
}

fn statement(stmt: &Stmt<'_>, depth: usize) -> Checked {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(TemplateError::Syntax("it nests too deep".to_owned()));
    };
    match stmt {
        Stmt::EmitRaw(_) => Ok(()),
        Stmt::EmitExpr(emit) => expression(&emit.expr, depth),
        Stmt::Template(template) => statements(&template.children, depth),
        Stmt::IfCond(cond) => expression(&cond.expr, depth)
            .and_then(|()| statements(&cond.true_body, depth))
            .and_then(|()| statements(&cond.false_body, depth)),
        Stmt::ForLoop(each) if each.recursive => refuse("recursive loop", each.span()),
        Stmt::ForLoop(each) => expression(&each.iter, depth)
            .and_then(|()| each.filter_expr.iter().try_for_each(|expr| expression(expr, depth)))
            .and_then(|()| statements(&each.body, depth))
            .and_then(|()| statements(&each.else_body, depth)),
        Stmt::WithBlock(it) => refuse("with", it.span()),
        Stmt::Set(it) => refuse("set", it.span()),
        Stmt::SetBlock(it) => refuse("set", it.span()),
        Stmt::AutoEscape(it) => refuse("autoescape", it.span()),
        Stmt::FilterBlock(it) => refuse("filter block", it.span()),
        Stmt::Do(it) => refuse("do", it.span()),
    }
}

fn expression(expr: &Expr<'_>, depth: usize) -> Checked {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(TemplateError::Syntax("it nests too deep".to_owned()));
    };
    let check = |expr: &Expr<'_>| expression(expr, depth);
    match expr {
        Expr::Var(_) | Expr::Const(_) => Ok(()),
        Expr::UnaryOp(op) => check(&op.expr),
        Expr::GetAttr(get) => check(&get.expr),
        Expr::GetItem(get) => check(&get.expr).and_then(|()| check(&get.subscript_expr)),
        Expr::IfExpr(it) => check(&it.test_expr)
            .and_then(|()| check(&it.true_expr))
            .and_then(|()| it.false_expr.iter().try_for_each(check)),
        Expr::BinOp(op) => match op.op {
            BinOpKind::ScAnd | BinOpKind::ScOr => check(&op.left).and_then(|()| check(&op.right)),
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte => comparison(&[&op.left, &op.right], depth, op.span()),
            BinOpKind::In => membership(&op.right, op.span())
                .and_then(|()| comparison(&[&op.left, &op.right], depth, op.span())),
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow => refuse("arithmetic", op.span()),
            BinOpKind::Concat => refuse("~; use the filter concat", op.span()),
        },
        Expr::Compare(it) => {
            let sides: Vec<_> =
                std::iter::once(&it.expr).chain(it.ops.iter().map(|op| &op.expr)).collect();
            let is_in = |op: &CompareOpKind| matches!(op, CompareOpKind::In | CompareOpKind::NotIn);
            let mut lists = it.ops.iter().filter(|op| is_in(&op.op));
            lists.try_for_each(|op| membership(&op.expr, it.span()))?;
            comparison(&sides, depth, it.span())
        }
        Expr::Filter(it) if FILTERS.contains(&it.name) => {
            it.expr.iter().try_for_each(check).and_then(|()| arguments(&it.args, depth, it.span()))
        }
        Expr::Filter(it) => refuse(format!("filter {}", it.name), it.span()),
        Expr::Test(it) if TESTS.contains(&it.name) => {
            check(&it.expr).and_then(|()| arguments(&it.args, depth, it.span()))
        }
        Expr::Test(it) => refuse(format!("test {}", it.name), it.span()),
        Expr::List(it) if is_constant(expr) => it.items.iter().try_for_each(check),
        Expr::List(it) => refuse("list of values that are not constants", it.span()),
        Expr::Slice(it) => refuse("slice; use the filter truncate, first or last", it.span()),
        Expr::Call(it) => refuse("function", it.span()),
        Expr::Tuple(it) => refuse("tuple", it.span()),
        Expr::Map(it) => refuse("object", it.span()),
    }
}

/// At most one side may be of unknown size: then the comparison costs no more than the other sides are long.
fn comparison(sides: &[&Expr<'_>], depth: usize, span: Span) -> Checked {
    sides.iter().try_for_each(|side| expression(side, depth))?;
    if sides.iter().filter(|side| !is_constant(side)).count() > 1 {
        return refuse("comparison of two values; one must be a constant", span);
    }
    Ok(())
}

/// `in` goes through all of its right side without paying for it.
fn membership(all: &Expr<'_>, span: Span) -> Checked {
    if matches!(all, Expr::List(_)) && is_constant(all) {
        Ok(())
    } else {
        refuse("in over anything but a list of constants; use the test containing", span)
    }
}

fn is_constant(expr: &Expr<'_>) -> bool {
    if let Expr::List(list) = expr {
        return list.items.iter().all(|item| matches!(item, Expr::Const(_)));
    }
    matches!(expr, Expr::Const(_))
        || matches!(expr, Expr::UnaryOp(op) if matches!(op.expr, Expr::Const(_)))
}

fn arguments(args: &[CallArg<'_>], depth: usize, span: Span) -> Checked {
    args.iter().try_for_each(|arg| match arg {
        CallArg::Pos(expr) => expression(expr, depth),
        CallArg::Kwarg(..) | CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
            refuse("named or spread argument", span)
        }
    })
}

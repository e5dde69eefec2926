//! Which events of its types a subscription wants: a JMESPath expression over an event's data.
//!
//! JMESPath ends always, but not soon: an expression of a few hundred characters can build values that grow with each
//! step. Hookyard therefore takes those parts of it that only look at the data (docs/decisions/0015), and evaluates
//! them in time proportional to the data's size times the expression's length.

use jmespath::ast::Ast;
use jmespath::{Expression, Rcvar, Variable};

use crate::Event;

/// The longest filter, in bytes.
pub const FILTER_BYTES_MAX: usize = 1000;
/// How deep a filter's parts may stand within each other.
const DEPTH_MAX: usize = 64;
/// Signs that open something, and with it a recursion of the parser.
const OPENING_MAX: usize = 64;
/// The furthest index of an array.
const INDEX_MAX: u32 = 1_000_000;
/// What may be called. They return a plain value, or one that was there before.
const FUNCTIONS: [&str; 9] = [
    "contains",
    "ends_with",
    "keys",
    "length",
    "not_null",
    "starts_with",
    "to_number",
    "type",
    "values",
];

/// A filter that was parsed and found to be of the kind described above.
#[derive(Debug)]
pub struct Filter(Expression<'static>);

/// Why a filter is refused when it is saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than a filter may be.
    #[error("a filter is at most {FILTER_BYTES_MAX} bytes long")]
    TooLong,
    /// Nests deeper than a filter may.
    #[error("the filter nests too deep")]
    TooDeep,
    /// No JMESPath.
    #[error("the filter is no JMESPath expression: {0}")]
    Syntax(String),
    /// A part of JMESPath that filters do not have.
    #[error("a filter has no {0}")]
    NotAllowed(String),
}

/// What a filter says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    Yes,
    No,
    /// It cannot be evaluated on this event, which is no match: a function was given what it does not take.
    Error(String),
}

impl Filter {
    /// Reads a filter that is to be saved.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(FilterError::TooLong);
        }
        // Before the parser recurses into them. Those within a literal count as well, for simplicity.
        if text.bytes().filter(|byte| b"([{!*&".contains(byte)).count() > OPENING_MAX {
            return Err(FilterError::TooDeep);
        }
        let expression = jmespath::compile(text).map_err(|error| {
            // Its own words repeat the expression under several lines of markers.
            let (at, reason) = (error.offset, error.reason);
            FilterError::Syntax(format!("at character {at}: {reason}"))
        })?;
        check(expression.as_ast(), DEPTH_MAX, Place::Value)?;
        Ok(Self(expression))
    }

    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the event's data passes: everything but `false`, `null` and what is empty does.
    pub fn matches(&self, event: &Event) -> Match {
        let data = event.for_filters.get_or_init(|| {
            let data = Variable::from_serializable(event.data());
            // JSON has no value that this type lacks.
            Rcvar::new(data.unwrap_or(Variable::Null))
        });
        let mut context = jmespath::Context::new(self.0.as_str(), &jmespath::DEFAULT_RUNTIME);
        match jmespath::interpret(data, self.0.as_ast(), &mut context) {
            Ok(value) if value.is_truthy() => Match::Yes,
            Ok(_) => Match::No,
            Err(error) => Match::Error(error.reason.to_string()),
        }
    }
}

/// Where a part stands: a literal list may be compared with, but not be walked through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    Operand,
}

fn check(ast: &Ast, depth: usize, place: Place) -> Result<(), FilterError> {
    let depth = depth.checked_sub(1).ok_or(FilterError::TooDeep)?;
    let value = |ast: &Ast| check(ast, depth, Place::Value);
    let operand = |ast: &Ast| check(ast, depth, Place::Operand);
    let refuse = |what: &str| Err(FilterError::NotAllowed(what.to_owned()));
    match ast {
        Ast::Identity { .. } | Ast::Field { .. } => Ok(()),
        Ast::Literal { value, .. } => {
            let walkable = value.is_array() || value.is_object();
            if walkable && place == Place::Value {
                refuse("literal that is walked through")
            } else {
                Ok(())
            }
        }
        Ast::Index { idx, .. } => index(Some(*idx)),
        Ast::Slice { start, stop, step, .. } => {
            [*start, *stop, Some(*step)].into_iter().try_for_each(index)
        }
        Ast::Comparison { lhs, rhs, .. } => operand(lhs).and_then(|()| operand(rhs)),
        // What it answers cannot be walked through.
        Ast::Function { name, args, .. } if name == "contains" => args.iter().try_for_each(operand),
        Ast::Function { name, args, .. } if FUNCTIONS.contains(&name.as_str()) => {
            args.iter().try_for_each(value)
        }
        Ast::Function { name, .. } => refuse(&format!("function {name}")),
        Ast::Not { node, .. } | Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => {
            value(node)
        }
        Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. } => value(lhs).and_then(|()| value(rhs)),
        Ast::Condition { predicate, then, .. } => value(predicate).and_then(|()| value(then)),
        Ast::MultiList { .. } => refuse("list of expressions [a, b]"),
        Ast::MultiHash { .. } => refuse("object of expressions {a: b}"),
        Ast::Expref { .. } => refuse("reference to an expression (&)"),
    }
}

fn index(index: Option<i32>) -> Result<(), FilterError> {
    if index.is_some_and(|index| index.unsigned_abs() > INDEX_MAX) {
        return Err(FilterError::NotAllowed(format!("index beyond {INDEX_MAX}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

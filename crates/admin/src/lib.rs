//! What an operator can do to a Hookyard deployment, for every interface that lets one: typed in, typed out, each
//! change in one transaction with its line in the audit log.

pub mod console;
pub mod operations;

//! Which page of a list.

use std::fmt::Display;
use std::str::FromStr;

use clap::{ArgMatches, Args};
use hookyard_store::paging::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, PageRequest};

const WATCH: &str = "watch";

/// Whether a list is to be watched: asked of the whole command line, since each look parses it anew.
pub(crate) fn is_watched(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, inner)) => is_watched(inner),
        None => matches!(matches.try_get_one::<bool>(WATCH), Ok(Some(true))),
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PageArgs<I>
where
    I: FromStr + Clone + Send + Sync + 'static,
    I::Err: Display,
{
    /// Items of a page
    #[arg(
        long,
        value_name = "N",
        default_value_t = PAGE_ITEMS_DEFAULT,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(PAGE_ITEMS_MAX))
    )]
    limit: u16,

    /// The cursor that the page before ended with
    #[arg(long, value_parser = parse_cursor::<I>)]
    cursor: Option<I>,

    /// Look again every 2 seconds until Ctrl-C
    #[arg(long = WATCH)]
    watch: bool,
}

impl<I> PageArgs<I>
where
    I: FromStr + Clone + Send + Sync + 'static,
    I::Err: Display,
{
    pub(crate) fn request(self) -> anyhow::Result<PageRequest<I>> {
        Ok(PageRequest::new(self.limit, self.cursor)?)
    }
}

fn parse_cursor<I: FromStr>(text: &str) -> Result<I, String>
where
    I::Err: Display,
{
    text.parse().map_err(|error: I::Err| error.to_string())
}

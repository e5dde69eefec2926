//! What a target lets go of when a mapping of it is changed or removed. Asks nobody but the database.

use hookyard_domain::ids::MappingId;
use hookyard_domain::selector::Selector;
use hookyard_store::{Store, StoreError, bindings, mappings};

use crate::operations::{OperationError, targets};

/// The most paths that are named; more are counted.
pub const LET_GO_MAX: usize = 200;

/// The config objects that the sync after the change deletes, by their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetGo {
    pub count: usize,
    /// The first of them, by path.
    pub paths: Vec<String>,
}

/// What no selector holds any more if the mapping has the selector `to`; none: if it is removed.
pub async fn let_go(
    store: &Store,
    id: MappingId,
    to: Option<Selector>,
) -> Result<LetGo, OperationError> {
    let conn = store.conn().await?;
    let mapping = super::require(&conn, id).await?;
    targets::require(&conn, mapping.target_id).await?;
    let bound = bindings::of_target(&conn, mapping.target_id).await?;
    let all = mappings::in_order(&conn, mapping.target_id, mappings::MAPPINGS_MAX).await?;
    drop(conn);
    let parse = |text: &str| text.parse::<Selector>().map_err(StoreError::from);
    let own = parse(&mapping.selector)?;
    let others = all.iter().filter(|it| it.id != id).map(|it| parse(&it.selector));
    let mut keepers = others.collect::<Result<Vec<Selector>, _>>()?;
    keepers.extend(to);
    let paths = bound.into_iter().map(|it| it.path).collect();
    // A target may have very many paths, which would stall the other work of the thread.
    let found = tokio::task::spawn_blocking(move || without_keeper(paths, &own, &keepers)).await;
    found.map_err(|_| OperationError::conflict("the preview was cut off; try again".to_owned()))
}

fn without_keeper(bound: Vec<String>, own: &Selector, keepers: &[Selector]) -> LetGo {
    let kept = |path: &str| keepers.iter().any(|it| it.matches(path));
    let mut paths: Vec<String> =
        bound.into_iter().filter(|path| own.matches(path) && !kept(path)).collect();
    let count = paths.len();
    paths.sort_unstable();
    paths.truncate(LET_GO_MAX);
    LetGo { count, paths }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_other_selector_holds_is_let_go() {
        let selector = |text: &str| text.parse::<Selector>().unwrap();
        let bound: Vec<String> =
            ["skills/b.md", "skills/a.md", "agents/a.md"].map(str::to_owned).to_vec();
        let gone = without_keeper(bound.clone(), &selector("skills/**"), &[]);
        assert_eq!(gone.paths, ["skills/a.md", "skills/b.md"]);
        let gone = without_keeper(bound, &selector("skills/**"), &[selector("skills/a*")]);
        assert_eq!(gone, LetGo { count: 1, paths: vec!["skills/b.md".to_owned()] });
    }
}

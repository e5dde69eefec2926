//! Which crate may import which: three floors, and a crate imports only from floors below its own.

use crate::cargo::Package;

const PREFIX: &str = "hookyard-";

/// Every crate of the workspace and its floor.
const FLOORS: &[(&str, u8)] = &[
    ("hookyard-domain", 1),
    ("hookyard-vault", 1),
    ("hookyard-process", 1),
    ("hookyard-sources", 2),
    ("hookyard-store", 2),
    ("hookyard-queue", 2),
    ("hookyard-github", 2),
    ("hookyard-destinations", 2),
    ("hookyard-ingress", 3),
    ("hookyard-worker", 3),
    ("hookyard-admin", 3),
    (TESTKIT, 4),
    ("hookyard-xtask", 5),
];

/// Crates from this floor on are for development only.
const DEVELOPMENT: u8 = 4;
const TESTKIT: &str = "hookyard-testkit";

/// The one outside thing that each of these crates knows, and who may know it.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("tokio-postgres", &["hookyard-store"]),
    ("tokio-postgres-rustls", &["hookyard-store"]),
    ("deadpool-postgres", &["hookyard-store"]),
    ("refinery", &["hookyard-store"]),
    ("lapin", &["hookyard-queue"]),
    ("reqwest", &["hookyard-github", "hookyard-destinations"]),
    ("axum", &["hookyard-admin"]),
];

/// The rules that the workspace breaks, in words.
pub(super) fn check(packages: &[Package]) -> Vec<String> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<String> {
    let name = &package.name;
    let Some(floor) = floor_of(name) else {
        return vec![format!(
            "{name} has no floor: add it to the table in crates/xtask/src/lint/directions.rs"
        )];
    };
    let mut broken = Vec::new();
    for dependency in &package.dependencies {
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let other = &dependency.name;
        if other.starts_with(PREFIX) {
            let below = floor_of(other).is_some_and(|other_floor| other_floor < floor);
            let test_help = for_tests && other == TESTKIT && floor < DEVELOPMENT;
            if !below && !test_help {
                broken.push(format!("{name} imports {other}, which is not on a floor below it"));
            }
        } else if let Some((_, allowed)) = OUTSIDE.iter().find(|(outside, _)| outside == other)
            && !allowed.contains(&name.as_str())
            && !for_tests
            && floor < DEVELOPMENT
        {
            broken.push(format!(
                "{name} imports {other}, which only {} may know",
                allowed.join(" and ")
            ));
        }
    }
    broken
}

fn floor_of(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::cargo::{Dependency, Package};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind)| Dependency {
                name: (*name).to_owned(),
                kind: kind.map(str::to_owned),
            })
            .collect();
        Package { name: name.to_owned(), dependencies }
    }

    fn is_refused(name: &str, dependency: &str, kind: Option<&str>) -> bool {
        !check(&[package(name, &[(dependency, kind)])]).is_empty()
    }

    #[test]
    fn a_crate_imports_from_floors_below_it() {
        let good = [
            package("hookyard-store", &[("hookyard-domain", None), ("tokio-postgres", None)]),
            package(
                "hookyard-worker",
                &[("hookyard-store", None), ("hookyard-domain", None), ("serde", None)],
            ),
            package("hookyard-testkit", &[("reqwest", None), ("hookyard-sources", None)]),
        ];
        assert_eq!(check(&good), Vec::<String>::new());
    }

    #[test]
    fn crates_of_one_floor_do_not_import_each_other() {
        assert!(is_refused("hookyard-store", "hookyard-queue", None));
        assert!(is_refused("hookyard-admin", "hookyard-worker", None));
    }

    #[test]
    fn nothing_imports_from_above() {
        assert!(is_refused("hookyard-domain", "hookyard-store", None));
        assert!(is_refused("hookyard-queue", "hookyard-ingress", Some("build")));
    }

    #[test]
    fn the_testkit_helps_tests_and_nothing_else() {
        assert!(!is_refused("hookyard-store", "hookyard-testkit", Some("dev")));
        assert!(is_refused("hookyard-store", "hookyard-testkit", None));
        assert!(is_refused("hookyard-worker", "hookyard-xtask", Some("dev")));
    }

    #[test]
    fn each_outside_thing_is_known_to_its_own_crate_only() {
        assert!(is_refused("hookyard-worker", "tokio-postgres", None));
        assert!(is_refused("hookyard-ingress", "lapin", None));
        assert!(is_refused("hookyard-ingress", "reqwest", None));
        assert!(is_refused("hookyard-ingress", "axum", None));
        assert!(!is_refused("hookyard-admin", "axum", None));
        assert!(!is_refused("hookyard-queue", "lapin", None));
    }

    #[test]
    fn a_crate_without_a_floor_is_refused() {
        assert!(!check(&[package("hookyard-attic", &[])]).is_empty());
    }
}

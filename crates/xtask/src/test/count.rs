//! How many tests a runner says it ran.

/// The number in one line of output: nextest's `Summary [   1.2s] 12 tests run: 12 passed`, or libtest's
/// `test result: ok. 3 passed; 1 failed; ...`; 0 in any other line.
pub(super) fn in_line(line: &str) -> usize {
    if let Some((_, result)) = line.split_once("test result: ") {
        return number_before(result, " passed") + number_before(result, " failed");
    }
    if line.contains("Summary [") {
        // With a single test it says `1 test run`, and an interrupted run says `3/12 tests run`.
        let line = line.replace(" test run", " tests run");
        return number_before(&line, " tests run");
    }
    0
}

/// The number that ends where `word` begins.
fn number_before(text: &str, word: &str) -> usize {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let number = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    let number = number.split('/').next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::in_line;

    #[test]
    fn both_runners_are_understood() {
        assert_eq!(in_line("     Summary [  25.921s] 4 tests run: 4 passed, 0 skipped"), 4);
        assert_eq!(in_line("     Summary [   0.010s] 1 test run: 1 passed, 3 skipped"), 1);
        assert_eq!(
            in_line("     Summary [   0.010s] 3/12 tests run: 2 passed, 1 failed, 0 skipped"),
            3
        );
        let libtest =
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(in_line(libtest), 7);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(in_line("        PASS [   1.031s] (1/4) hookyard-testkit::servers a_test"), 0);
        assert_eq!(in_line(""), 0);
    }
}

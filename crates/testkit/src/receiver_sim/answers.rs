//! Which answer is whose turn.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

/// Paths with a programme of their own.
const PATHS_MAX: usize = 10_000;
/// Answers of one path.
const ANSWERS_MAX: usize = 1_000;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Status, headers and body.
    #[default]
    Answer,
    /// No answer for as long as the caller stays.
    Hang,
    /// The connection ends without an answer.
    Close,
    /// The same, by a TCP reset.
    Reset,
    /// The head announces twice the body; the connection ends after it.
    Half,
    /// The body is repeated for as long as the caller reads.
    Endless,
    /// The whole answer, a byte every `pause_ms`.
    Slow,
    /// Bytes that are no HTTP, then the end of the connection.
    Garbage,
}

/// One answer of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProgrammedAnswer {
    pub kind: AnswerKind,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// From the end of the request to the beginning of the answer, in milliseconds.
    pub delay_ms: u64,
    /// Between the bytes of a slow answer, in milliseconds.
    pub pause_ms: u64,
    /// How many requests get it before it is the next one's turn. The last answer of a programme stays.
    pub times: u32,
    /// Whether requests are kept. Those of benchmarks are only counted.
    pub record: bool,
}

impl Default for ProgrammedAnswer {
    /// What Slack calls success, and everybody else too.
    fn default() -> Self {
        Self {
            kind: AnswerKind::Answer,
            status: 200,
            headers: BTreeMap::new(),
            body: "ok".to_owned(),
            delay_ms: 0,
            pause_ms: 100,
            times: 1,
            record: true,
        }
    }
}

impl ProgrammedAnswer {
    /// This status without a body.
    pub fn status(status: u16) -> Self {
        Self { status, body: String::new(), ..Self::default() }
    }

    /// One of the ways not to answer properly.
    pub fn kind(kind: AnswerKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// The same, later.
    #[must_use]
    pub fn after_ms(self, delay_ms: u64) -> Self {
        Self { delay_ms, ..self }
    }

    /// The same, for the next so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    fn check(&self) -> Result<()> {
        StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| !status.is_informational())
            .with_context(|| format!("{} is no status of an answer", self.status))?;
        for (name, value) in &self.headers {
            HeaderName::try_from(name).with_context(|| format!("the header {name:?}"))?;
            HeaderValue::try_from(value).with_context(|| format!("the value of {name}"))?;
        }
        ensure!(self.times > 0, "an answer is given at least once");
        Ok(())
    }
}

/// The programmes of all paths.
#[derive(Debug, Default)]
pub(super) struct Programmes {
    exact: BTreeMap<String, Programme>,
    /// Of everything that begins so, the longest first.
    prefixes: Vec<(String, Programme)>,
}

#[derive(Debug)]
struct Programme {
    answers: Vec<ProgrammedAnswer>,
    next: usize,
    /// How often the next one was given.
    given: u32,
}

impl Programmes {
    /// Replaces the programme of a path, or of all paths that begin like one that ends in `*`.
    pub(super) fn set(&mut self, path: &str, answers: Vec<ProgrammedAnswer>) -> Result<()> {
        ensure!(path.starts_with('/'), "a path begins with /");
        ensure!(!answers.is_empty(), "a programme has at least one answer");
        ensure!(answers.len() <= ANSWERS_MAX, "a programme has at most {ANSWERS_MAX} answers");
        answers.iter().try_for_each(ProgrammedAnswer::check)?;
        self.forget(path);
        let paths = self.exact.len() + self.prefixes.len();
        ensure!(paths < PATHS_MAX, "at most {PATHS_MAX} paths have programmes");
        let programme = Programme { answers, next: 0, given: 0 };
        match path.strip_suffix('*') {
            Some(prefix) => {
                self.prefixes.push((prefix.to_owned(), programme));
                self.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
            }
            None => {
                self.exact.insert(path.to_owned(), programme);
            }
        }
        Ok(())
    }

    /// Ends the programme of a path.
    pub(super) fn forget(&mut self, path: &str) {
        match path.strip_suffix('*') {
            Some(prefix) => self.prefixes.retain(|(other, _)| other != prefix),
            None => {
                self.exact.remove(path);
            }
        }
    }

    /// The answer whose turn it is; without a programme the default one.
    pub(super) fn next(&mut self, path: &str) -> ProgrammedAnswer {
        let prefixes = &mut self.prefixes;
        let programme = self.exact.get_mut(path).or_else(|| {
            let of_path = |(prefix, _): &&mut (String, Programme)| path.starts_with(&**prefix);
            prefixes.iter_mut().find(of_path).map(|(_, programme)| programme)
        });
        programme.map(Programme::next).unwrap_or_default()
    }
}

impl Programme {
    fn next(&mut self) -> ProgrammedAnswer {
        let answer = self.answers[self.next].clone();
        self.given = self.given.saturating_add(1);
        if self.given >= answer.times && self.next + 1 < self.answers.len() {
            self.next += 1;
            self.given = 0;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{ProgrammedAnswer, Programmes};

    fn statuses(programmes: &mut Programmes, path: &str, count: usize) -> Vec<u16> {
        (0..count).map(|_| programmes.next(path).status).collect()
    }

    #[test]
    fn answers_take_turns_and_the_last_one_stays() {
        let mut programmes = Programmes::default();
        let answers = vec![ProgrammedAnswer::status(500).times(2), ProgrammedAnswer::status(204)];
        programmes.set("/hook", answers).unwrap();
        assert_eq!(statuses(&mut programmes, "/hook", 4), [500, 500, 204, 204]);
        assert_eq!(statuses(&mut programmes, "/other", 1), [200]);
    }

    #[test]
    fn the_exact_path_goes_before_the_longest_beginning() {
        let mut programmes = Programmes::default();
        for (path, status) in [("/a/*", 201), ("/a/b/*", 202), ("/a/b/c", 203)] {
            programmes.set(path, vec![ProgrammedAnswer::status(status)]).unwrap();
        }
        for (path, status) in [("/a/x", 201), ("/a/b/x", 202), ("/a/b/c", 203), ("/x", 200)] {
            assert_eq!(statuses(&mut programmes, path, 1), [status], "{path}");
        }
        programmes.forget("/a/b/*");
        assert_eq!(statuses(&mut programmes, "/a/b/x", 1), [201]);
    }

    #[test]
    fn a_programme_that_cannot_be_sent_is_refused() {
        let mut programmes = Programmes::default();
        let newline = ProgrammedAnswer::default().header("x-a", "b\nc");
        for answers in [vec![], vec![ProgrammedAnswer::status(99)], vec![newline]] {
            assert!(programmes.set("/hook", answers).is_err());
        }
        assert!(programmes.set("hook", vec![ProgrammedAnswer::default()]).is_err());
    }
}

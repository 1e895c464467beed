use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::{CONTRACT_VERSION, Case, CaseResult, Outcome, Suite};

/// The results of one or more suites, put together to be published.
///
/// Prints as Markdown, and serialises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of the contract.
    pub contract: String,
    /// One part a suite, by name.
    suites: Vec<Part>,
}

/// What one suite showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Part {
    suite: Suite,
    lines: Vec<Line>,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Line {
    case: &'static str,
    verdict: Verdict,
    seed: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Passed,
    Failed(String),
    LeftOut(String),
    NotRun,
}

/// Results that make no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file or the directory cannot be read.
    #[error("could not read {path}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is no result of a case.
    #[error("{path} is no result of a case")]
    Foreign {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A result is of another version of the contract.
    #[error("{path} is of contract {found}, this program knows {CONTRACT_VERSION}")]
    OtherContract {
        /// Which.
        path: PathBuf,
        /// The version it is of.
        found: String,
    },
}

impl Report {
    /// Puts together what the cases left in a directory.
    ///
    /// # Errors
    ///
    /// [`ReportError`] where something there cannot be read as a result of this contract.
    pub fn of_directory(dir: &Path) -> Result<Self, ReportError> {
        let unreadable = |path: &Path, source| ReportError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut results = Vec::new();
        for found in std::fs::read_dir(dir).map_err(|e| unreadable(dir, e))? {
            let path = found.map_err(|e| unreadable(dir, e))?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
                results.push(read(path, &text)?);
            }
        }
        Ok(Self::of(results))
    }

    /// Puts results together.
    #[must_use]
    pub fn of(results: Vec<CaseResult>) -> Self {
        let mut suites: BTreeMap<String, Vec<CaseResult>> = BTreeMap::new();
        for result in results {
            let of_suite = suites.entry(result.suite.name.clone()).or_default();
            of_suite.push(result);
        }
        Self {
            contract: CONTRACT_VERSION.to_owned(),
            suites: suites
                .values()
                .filter_map(|results| Part::of(results))
                .collect(),
        }
    }

    /// How many cases failed or have not been run, in all suites.
    #[must_use]
    pub fn missing(&self) -> usize {
        let lines = self.suites.iter().flat_map(|part| &part.lines);
        let missing = |line: &&Line| matches!(line.verdict, Verdict::Failed(_) | Verdict::NotRun);
        lines.filter(missing).count()
    }
}

fn read(path: PathBuf, text: &str) -> Result<CaseResult, ReportError> {
    let result: CaseResult = match serde_json::from_str(text) {
        Ok(result) => result,
        Err(source) => return Err(ReportError::Foreign { path, source }),
    };
    match result.contract == CONTRACT_VERSION {
        true => Ok(result),
        false => Err(ReportError::OtherContract {
            path,
            found: result.contract,
        }),
    }
}

impl Part {
    fn of(results: &[CaseResult]) -> Option<Self> {
        let suite = results.first()?.suite.clone();
        let line = |case: &Case| {
            let result = results.iter().find(|result| result.case == case.name);
            let verdict = match (result.map(|r| &r.outcome), suite.lacks(case.needs)) {
                (Some(Outcome::Passed), _) => Verdict::Passed,
                (Some(Outcome::Failed(words)), _) => Verdict::Failed(words.clone()),
                (None, Some(why)) => Verdict::LeftOut(why.to_owned()),
                (None, None) => Verdict::NotRun,
            };
            Line {
                case: case.name,
                verdict,
                seed: result.and_then(|result| result.seed.clone()),
            }
        };
        let lines = Case::all().iter().map(line).collect();
        Some(Self { suite, lines })
    }

    fn count(&self, fits: fn(&Verdict) -> bool) -> usize {
        self.lines.iter().filter(|line| fits(&line.verdict)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Storage conformance, contract {}", self.contract)?;
        self.suites.iter().try_for_each(|part| part.fmt(f))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## {}\n", self.suite.name)?;
        writeln!(
            f,
            "{} passed, {} failed, {} left out, {} not run.\n",
            self.count(|v| matches!(v, Verdict::Passed)),
            self.count(|v| matches!(v, Verdict::Failed(_))),
            self.count(|v| matches!(v, Verdict::LeftOut(_))),
            self.count(|v| matches!(v, Verdict::NotRun)),
        )?;
        writeln!(f, "| capability | |\n|---|---|")?;
        for offer in &self.suite.offers {
            let answer = offer
                .lacking
                .as_deref()
                .map_or("yes".into(), |why| format!("no: {why}"));
            writeln!(f, "| {} | {answer} |", offer.capability)?;
        }
        writeln!(f, "\n| case | result | seed |\n|---|---|---|")?;
        self.lines.iter().try_for_each(|line| line.fmt(f))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.case.replace("::", ": ").replace('_', " ");
        let seed = self.seed.as_deref().unwrap_or("");
        writeln!(f, "| {name} | {} | {seed} |", self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed(words) => {
                let first = words.lines().next().unwrap_or("");
                write!(f, "**failed**: {}", first.replace('|', "\\|"))
            }
            Self::LeftOut(why) => write!(f, "left out: {why}"),
            Self::NotRun => f.write_str("**not run**"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(case: &Case, outcome: Outcome) -> CaseResult {
        let suite = Suite::new("mine", None, Some("it forgets"), None, None);
        CaseResult::new(&suite, case.name, None, outcome)
    }

    #[test]
    fn a_case_that_left_nothing_is_not_run_unless_the_suite_lacks_what_it_needs() {
        let report = Report::of(vec![result(&Case::all()[0], Outcome::Passed)]);
        let able = |case: &&Case| {
            !case
                .needs
                .contains(&crate::conformance::Capability::Durable)
        };
        let expected = Case::all().iter().filter(able).count() - 1;
        assert_eq!(report.missing(), expected);
        assert!(report.to_string().contains("left out: it forgets"));
    }

    #[test]
    fn a_failed_case_says_its_last_words_and_is_missing() {
        let words = Outcome::Failed("left: 1 | right: 2".into());
        let all = Case::all().iter();
        let mut results: Vec<_> = all.map(|case| result(case, Outcome::Passed)).collect();
        results[0].outcome = words;
        let report = Report::of(results);
        assert_eq!(report.missing(), 1);
        assert!(
            report
                .to_string()
                .contains("**failed**: left: 1 \\| right: 2")
        );
    }
}

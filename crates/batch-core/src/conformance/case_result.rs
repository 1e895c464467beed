use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{CONTRACT_VERSION, Suite};

const VARIABLE: &str = "BATCHYARD_CONFORMANCE_RESULTS";

/// What a case left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseResult {
    /// The version of the contract it was shown for.
    pub contract: String,
    /// Whose suite it is part of, with what the store can do.
    pub suite: Suite,
    /// The case, such as `settle::a_token_is_spent_once`.
    pub case: String,
    /// What repeats its random choices; `None` where it makes none.
    pub seed: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The store kept the promise.
    Passed,
    /// It did not; these were the last words.
    Failed(String),
}

impl CaseResult {
    pub(super) fn new(suite: &Suite, case: &str, seed: Option<String>, outcome: Outcome) -> Self {
        Self {
            contract: CONTRACT_VERSION.to_owned(),
            suite: suite.clone(),
            case: case.to_owned(),
            seed,
            outcome,
        }
    }

    /// Writes the result where the environment says; does nothing where it does not.
    pub(super) fn leave(&self) {
        if let Some(dir) = std::env::var_os(VARIABLE) {
            let path = self.place_in(Path::new(&dir));
            let written = self.write_to(&path);
            written.unwrap_or_else(|e| panic!("{VARIABLE}: write {}: {e}", path.display()));
        }
    }

    fn place_in(&self, dir: &Path) -> PathBuf {
        let name = format!("{}::{}", self.suite.name, self.case);
        dir.join(format!("{}.json", name.replace("::", ".")))
    }

    fn write_to(&self, path: &Path) -> std::io::Result<()> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(path, serde_json::to_string_pretty(self)?)
    }
}

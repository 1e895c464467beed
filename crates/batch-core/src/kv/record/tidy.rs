use serde::{Deserialize, Serialize};

/// Why something of a batch must be deleted, in steps, after the commit that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) enum Tidy {
    /// Its inputs are being staged. Found at opening, they are orphans.
    #[serde(rename = "o")]
    Staged,
    /// It was pruned.
    #[serde(rename = "p")]
    Pruned,
    /// Runs with secrets or with recorded steps were swept: all that its runs had of either.
    #[serde(rename = "s")]
    Secrets,
}

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BatchId, InvalidId};

const PREFIX: &str = "submission_";

/// Identifies a submission: one batch, or the batches cut from one stream.
///
/// It is the id of the submission's first batch under another prefix, so a
/// batch submitted alone and its submission are found from one another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(BatchId);

impl SubmissionId {
    /// The submission that begins with this batch.
    #[must_use]
    pub const fn of_first_batch(batch: BatchId) -> Self {
        Self(batch)
    }

    /// The first batch of this submission.
    #[must_use]
    pub const fn first_batch(&self) -> BatchId {
        self.0
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.as_uuid().simple())
    }
}

impl fmt::Debug for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SubmissionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = |reason: String| InvalidId::new("submission id", text, reason);
        let digits = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| wrong("it does not begin with submission_".into()))?;
        let uuid = Uuid::try_parse(digits).map_err(|e| wrong(e.to_string()))?;
        Ok(Self(BatchId::from_uuid(uuid)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_submission_id_parses_back() {
        let id = SubmissionId::of_first_batch(BatchId::generate());
        assert_eq!(id.to_string().parse::<SubmissionId>(), Ok(id));
    }
}

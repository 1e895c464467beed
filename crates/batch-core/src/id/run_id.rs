use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BatchId, InvalidId};
use crate::ordinal::Ordinal;

const PREFIX: &str = "workflow_run_";

/// Identifies a run: its batch and its place in it.
///
/// Printed as `workflow_run_`, the batch's 32 hexadecimal digits, `_` and the
/// ordinal. Ids order by batch, then by ordinal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId {
    batch: BatchId,
    ordinal: Ordinal,
}

impl RunId {
    /// The run of this batch at this place.
    #[must_use]
    pub const fn new(batch: BatchId, ordinal: Ordinal) -> Self {
        Self { batch, ordinal }
    }

    /// The batch the run belongs to.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        self.batch
    }

    /// The place of the run's input in its batch, from 0.
    #[must_use]
    pub const fn ordinal(&self) -> Ordinal {
        self.ordinal
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.batch.as_uuid().simple();
        write!(f, "{PREFIX}{digits}_{}", self.ordinal)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RunId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = |reason: String| InvalidId::new("run id", text, reason);
        let rest = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| wrong("it does not begin with workflow_run_".into()))?;
        let (digits, ordinal) = rest
            .rsplit_once('_')
            .ok_or_else(|| wrong("it has no ordinal after the batch".into()))?;
        let uuid = Uuid::try_parse(digits).map_err(|e| wrong(e.to_string()))?;
        let ordinal = ordinal
            .parse()
            .map_err(|_| wrong(format!("{ordinal:?} is no ordinal")))?;
        Ok(Self::new(BatchId::from_uuid(uuid), Ordinal::new(ordinal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_run_id_parses_back() {
        let id = RunId::new(BatchId::generate(), Ordinal::new(999));
        assert_eq!(id.to_string().parse::<RunId>(), Ok(id));
    }

    #[test]
    fn a_run_id_without_an_ordinal_is_refused() {
        let text = format!("workflow_run_{}", BatchId::generate().as_uuid().simple());
        assert!(text.parse::<RunId>().is_err());
    }
}

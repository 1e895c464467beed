use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::InvalidId;

const PREFIX: &str = "batch_";

/// Identifies a batch. A UUIDv7, printed as `batch_` and 32 hexadecimal digits.
///
/// Ids order by the time of their making, to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(Uuid);

impl BatchId {
    /// Wraps a UUID that was made elsewhere.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// A new id for this moment.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The UUID inside.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.simple())
    }
}

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BatchId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| InvalidId::new("batch id", text, "it does not begin with batch_"))?;
        let uuid =
            Uuid::try_parse(digits).map_err(|e| InvalidId::new("batch id", text, e.to_string()))?;
        Ok(Self(uuid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_batch_id_parses_back() {
        let id = BatchId::generate();
        assert_eq!(id.to_string().parse::<BatchId>(), Ok(id));
    }

    #[test]
    fn a_text_without_the_prefix_is_refused_by_name() {
        let error = "workflow_run_1".parse::<BatchId>().unwrap_err();
        assert!(error.to_string().contains("no batch id"), "{error}");
    }
}

use serde::{Deserialize, Serialize};

/// Whether runs that wait may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Flow {
    /// They may, in their turn.
    #[default]
    #[serde(rename = "g")]
    Going,
    /// Somebody paused them: they wait until they are resumed, cancelled or expire.
    #[serde(rename = "p")]
    Paused,
}

impl Flow {
    /// Whether it is as it was made, so that records can leave it out.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    pub(crate) fn is_going(&self) -> bool {
        *self == Self::Going
    }
}

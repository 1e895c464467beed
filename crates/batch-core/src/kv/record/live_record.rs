use serde::{Deserialize, Serialize, Serializer};

use crate::batch::{Counts, Flow, Swept};
use crate::journal::Sequence;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Failure, RunState};

/// Where the runs of a batch stand, as sets. Present only while the batch lives.
///
/// A run is in at most one of `fresh`, `ready`, `suspect`, `delayed`, `review`
/// and `held`; one that is in none has ended. Sets without members are not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct LiveRecord {
    /// Never claimed. Such a run has no record of its own.
    #[serde(rename = "f", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub fresh: OrdinalSet,
    /// May be claimed again.
    #[serde(rename = "r", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub ready: OrdinalSet,
    /// May be claimed again, but in quarantine.
    #[serde(rename = "u", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub suspect: OrdinalSet,
    /// Wait for their time; their records say until when.
    #[serde(rename = "d", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub delayed: OrdinalSet,
    /// Wait for a person.
    #[serde(rename = "v", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub review: OrdinalSet,
    /// Claimed.
    #[serde(rename = "h", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub held: OrdinalSet,
    /// Claimed, and asked to stop.
    #[serde(rename = "k", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub cancelling: OrdinalSet,
    /// The marks that ended all runs waiting at their time.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<Sweep>,
    /// How many runs ended in which way.
    #[serde(rename = "e", default, serialize_with = "only_some")]
    pub ended: Counts,
    /// When the first of the delayed runs is due.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
    /// Whether what waits may be claimed.
    #[serde(rename = "z", default, skip_serializing_if = "Flow::is_going")]
    pub flow: Flow,
    /// Ended, and deleted.
    #[serde(rename = "x", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub deleted: OrdinalSet,
    /// Runs with recorded steps that are still there. Those of a swept run go with its batch.
    #[serde(rename = "y", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub stepped: OrdinalSet,
    /// The pages of run records that exist: a missing one is damage.
    #[serde(rename = "p", default, skip_serializing_if = "OrdinalSet::is_empty")]
    pub pages: OrdinalSet,
}

impl LiveRecord {
    /// A batch nobody has touched.
    pub(in crate::kv) fn untouched(total: u32) -> Self {
        Self {
            fresh: OrdinalSet::up_to(total),
            ..Self::default()
        }
    }
}

/// Leaves out what there is none of: a batch that goes on has one kind of ends or two.
fn only_some<S: Serializer>(ended: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    let kinds = [
        ("processed", ended.processed),
        ("failed", ended.failed),
        ("cancelled", ended.cancelled),
        ("rejected", ended.rejected),
    ];
    serializer.collect_map(kinds.iter().copied().filter(|(_, runs)| *runs > 0))
}

/// One mark in a batch that ended all its waiting runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct Sweep {
    #[serde(rename = "a")]
    pub at: i64,
    #[serde(rename = "s")]
    pub sequence: Sequence,
    /// What they ended by.
    #[serde(rename = "k", default, skip_serializing_if = "SweepKind::is_cancelled")]
    pub kind: SweepKind,
    #[serde(rename = "o")]
    pub ordinals: OrdinalSet,
}

/// Why a sweep was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::kv) enum SweepKind {
    /// Somebody cancelled the batch.
    #[default]
    #[serde(rename = "c")]
    Cancelled,
    /// The batch expired.
    #[serde(rename = "x")]
    Expired,
}

impl SweepKind {
    /// How the runs of such a sweep ended.
    pub(in crate::kv) const fn state(self) -> RunState {
        match self {
            Self::Cancelled => RunState::Cancelled,
            Self::Expired => RunState::Failed,
        }
    }

    /// Why they failed, where they did.
    pub(in crate::kv) fn failure(self) -> Option<Failure> {
        match self {
            Self::Cancelled => None,
            Self::Expired => Some(Failure::expired()),
        }
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    fn is_cancelled(&self) -> bool {
        *self == Self::Cancelled
    }
}

/// The sweep that ended a run, if one did.
pub(in crate::kv) fn sweep_of(sweeps: &[Sweep], ordinal: Ordinal) -> Option<&Sweep> {
    sweeps.iter().find(|sweep| sweep.ordinals.contains(ordinal))
}

/// Whether a batch with these sweeps was cancelled as a whole.
pub(in crate::kv) fn swept(sweeps: &[Sweep]) -> Swept {
    match sweeps.iter().any(|s| s.kind == SweepKind::Cancelled) {
        true => Swept::Cancelled,
        false => Swept::No,
    }
}

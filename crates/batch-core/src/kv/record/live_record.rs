use serde::{Deserialize, Serialize, Serializer};

use super::input_writer::MAP;
use super::plain_writer::{write_millis, write_name, write_number, write_set, write_word};
use super::write_plain;
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
    /// Writes it as serde does, without a call for each field: it is in most commits.
    pub(in crate::kv) fn write(&self, bytes: &mut Vec<u8>) {
        if !self.sweeps.is_empty() || !self.flow.is_going() {
            return write_plain(bytes, self);
        }
        let sets = [
            (b'f', &self.fresh),
            (b'r', &self.ready),
            (b'u', &self.suspect),
            (b'd', &self.delayed),
            (b'v', &self.review),
            (b'h', &self.held),
            (b'k', &self.cancelling),
        ];
        let later = [
            (b'x', &self.deleted),
            (b'y', &self.stepped),
            (b'p', &self.pages),
        ];
        let fields = bytes.len();
        bytes.push(MAP | 1);
        write_sets(bytes, fields, &sets);
        write_name(bytes, b'e');
        self.write_ended(bytes);
        if let Some(due_at) = self.due_at {
            bytes[fields] += 1;
            write_name(bytes, b't');
            write_millis(bytes, due_at);
        }
        write_sets(bytes, fields, &later);
    }

    fn write_ended(&self, bytes: &mut Vec<u8>) {
        let kinds = bytes.len();
        bytes.push(MAP);
        for (name, runs) in some_of(&self.ended) {
            bytes[kinds] += 1;
            write_word(bytes, name);
            write_number(bytes, runs);
        }
    }

    /// A batch nobody has touched.
    pub(in crate::kv) fn untouched(total: u32) -> Self {
        Self {
            fresh: OrdinalSet::up_to(total),
            ..Self::default()
        }
    }
}

/// Writes the sets that have members, and counts their fields in the byte at `fields`.
fn write_sets(bytes: &mut Vec<u8>, fields: usize, sets: &[(u8, &OrdinalSet)]) {
    for (name, set) in sets.iter().filter(|(_, set)| !set.is_empty()) {
        // A map of fewer than 16 fields: there are 14.
        bytes[fields] += 1;
        write_name(bytes, *name);
        write_set(bytes, set);
    }
}

fn only_some<S: Serializer>(ended: &Counts, serializer: S) -> Result<S::Ok, S::Error> {
    let kinds: Vec<_> = some_of(ended).collect();
    serializer.collect_map(kinds)
}

/// The kinds of ends that there are: a batch that goes on has one or two.
fn some_of(ended: &Counts) -> impl Iterator<Item = (&'static str, u64)> {
    let kinds = [
        ("processed", ended.processed),
        ("failed", ended.failed),
        ("cancelled", ended.cancelled),
        ("rejected", ended.rejected),
    ];
    kinds.into_iter().filter(|(_, runs)| *runs > 0)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kv::record::{decode, encode};

    fn set() -> impl Strategy<Value = OrdinalSet> {
        let runs = prop_oneof![
            2 => prop::collection::vec(0u32..400, 0..1),
            1 => prop::collection::vec(0u32..70_000, 0..40),
        ];
        runs.prop_map(|runs| runs.into_iter().map(Ordinal::new).collect())
    }

    fn sets() -> impl Strategy<Value = LiveRecord> {
        prop::collection::vec(set(), 10).prop_map(|sets| {
            let mut sets = sets.into_iter();
            let mut next = || sets.next().unwrap_or_default();
            LiveRecord {
                fresh: next(),
                ready: next(),
                suspect: next(),
                delayed: next(),
                review: next(),
                held: next(),
                cancelling: next(),
                deleted: next(),
                stepped: next(),
                pages: next(),
                ..LiveRecord::default()
            }
        })
    }

    proptest! {
        #[test]
        fn it_is_written_as_serde_writes_it_and_comes_back(
            sets in sets(),
            ended in prop::array::uniform4(prop_oneof![Just(0u64), 0..100_000u64]),
            due_at in proptest::option::of(any::<i64>()),
            paused in any::<bool>(),
            swept in any::<bool>(),
        ) {
            let mut record = LiveRecord { due_at, ..sets };
            [record.ended.processed, record.ended.failed] = [ended[0], ended[1]];
            [record.ended.cancelled, record.ended.rejected] = [ended[2], ended[3]];
            if paused {
                record.flow = Flow::Paused;
            }
            if swept {
                record.sweeps.push(Sweep {
                    at: 1,
                    sequence: Sequence::new(2),
                    kind: SweepKind::Expired,
                    ordinals: OrdinalSet::up_to(3),
                });
            }
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            prop_assert_eq!(&bytes, &encode(&record));
            prop_assert_eq!(decode::<LiveRecord>(&bytes, String::new).unwrap(), record);
        }
    }

    #[test]
    fn a_record_of_the_first_format_has_all_sets_and_counts_and_reads_the_same() {
        #[derive(Serialize)]
        struct First {
            f: OrdinalSet,
            r: OrdinalSet,
            u: OrdinalSet,
            d: OrdinalSet,
            v: OrdinalSet,
            h: OrdinalSet,
            k: OrdinalSet,
            w: Vec<Sweep>,
            e: Counts,
            p: OrdinalSet,
        }
        let none = OrdinalSet::new;
        let first = First {
            f: OrdinalSet::up_to(9),
            r: none(),
            u: none(),
            d: none(),
            v: none(),
            h: none(),
            k: none(),
            w: Vec::new(),
            e: Counts::default(),
            p: none(),
        };
        let read = decode::<LiveRecord>(&encode(&first), String::new).unwrap();
        assert_eq!(read, LiveRecord::untouched(9));
    }
}

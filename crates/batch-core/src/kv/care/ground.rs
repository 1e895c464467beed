use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, Records, VALUES_A_SCAN};
use super::{About, FindingKind};
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::kv::counted::counted;
use crate::kv::key::Place;
use crate::kv::record::Head;
use crate::kv::{KeyRange, OrderedKv, key};
use crate::storage::StorageError;

/// What stands by itself: the head, how many batches live, the sinks. One step.
#[derive(Debug)]
pub(super) struct Ground;

impl Ground {
    pub(super) fn step<K: OrderedKv>(
        &self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        if !records.bytes(&key::unfinished())?.is_absent() {
            let text = "it is the beginning of a copy that was cut short";
            notes.find(About::Store, FindingKind::CopyUnfinished, text);
        }
        match records.get::<Head>(&key::head())? {
            Found::Whole(head) => {
                notes.begun_at = head.sequence;
                check_head(records, notes, &head)?;
                check_sinks(records, notes, &head)?;
            }
            Found::Absent => {
                let all = KeyRange::prefix(b"");
                if !records.keys(&all, VALUES_A_SCAN)?.keys.is_empty() {
                    let text = "it has records and no head";
                    notes.find(About::Store, FindingKind::HeadMissing, text);
                }
            }
            // Found by the walk over all values.
            Found::Unreadable => {}
        }
        Ok(Progress::Done)
    }
}

fn check_head<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    head: &Head,
) -> Result<(), StorageError> {
    let live = records.all_keys(key::lives())?.len() as u64;
    if live != head.live {
        let expected = counted(head.live, "batch", "batches");
        let text = format!("{expected} should have waiting runs, {live} are there");
        notes.find(About::Store, FindingKind::HeadWrong, text);
    }
    if head.trimmed > head.sequence {
        let (trimmed, last) = (head.trimmed, head.sequence);
        let text = format!("its journal was trimmed up to {trimmed} and ends at {last}");
        notes.find(About::Store, FindingKind::HeadWrong, text);
    }
    Ok(())
}

fn check_sinks<K: OrderedKv>(
    records: &Records<'_, K>,
    notes: &mut Notes,
    head: &Head,
) -> Result<(), StorageError> {
    for key in records.all_keys(key::sinks())? {
        let Found::Whole((name, position)) = records.get::<(SinkName, Sequence)>(&key)? else {
            continue;
        };
        let about = About::Sink(name.clone());
        if Place::of(&key) != Some(Place::Sink(name)) {
            let text = "its position stands under the name of another";
            notes.find(about, FindingKind::SinkWrong, text);
        } else if position > head.sequence || position < head.trimmed {
            let text = format!(
                "it is at {position}, and the journal has {} to {}",
                head.trimmed.next(),
                head.sequence
            );
            notes.find(about, FindingKind::SinkWrong, text);
        }
    }
    Ok(())
}

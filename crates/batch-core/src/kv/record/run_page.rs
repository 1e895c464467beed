use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::RunRecord;
use super::plain_writer::{write_list_of, write_set};
use crate::ordinal::{Ordinal, OrdinalSet};

/// How many neighbouring runs share a page.
///
/// A page of failures with messages has about 3 KB, which fits the 4 KiB that sled takes; one of
/// runs that ended alike has less than 100 bytes.
const RUNS_PER_PAGE: u32 = 16;

/// The records of neighbouring runs that differ from a fresh one.
///
/// Runs with equal records share one. Pages of the first format are maps of a record for each run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(in crate::kv) struct RunPage {
    /// By the first run of each; no run stands in two.
    groups: Vec<(OrdinalSet, RunRecord)>,
}

impl RunPage {
    /// The page that a run's record stands on.
    pub(in crate::kv) const fn of(ordinal: Ordinal) -> u32 {
        ordinal.get() / RUNS_PER_PAGE
    }

    /// The runs whose records stand on a page.
    pub(in crate::kv) const fn ordinals(page: u32) -> std::ops::Range<u32> {
        let first = page.saturating_mul(RUNS_PER_PAGE);
        first..first.saturating_add(RUNS_PER_PAGE)
    }

    /// Whether all runs that stand on it have ended.
    pub(in crate::kv) fn is_complete(&self) -> bool {
        let ended = self
            .groups
            .iter()
            .filter(|(_, record)| record.end.is_some());
        ended.map(|(runs, _)| runs.len()).sum::<u32>() == RUNS_PER_PAGE
    }

    /// How many bytes it takes in memory, texts left out.
    pub(in crate::kv) const fn bytes(&self) -> usize {
        self.groups.len() * size_of::<(OrdinalSet, RunRecord)>()
    }

    /// The record of a run; that of a fresh one where there is none.
    pub(in crate::kv) fn record(&self, ordinal: Ordinal) -> Option<&RunRecord> {
        let group = self.groups.iter().find(|(runs, _)| runs.contains(ordinal));
        group.map(|(_, record)| record)
    }

    /// The records, those of each group together.
    pub(in crate::kv) fn records(&self) -> impl Iterator<Item = (Ordinal, &RunRecord)> {
        let groups = self.groups.iter();
        groups.flat_map(|(runs, record)| runs.iter().map(move |ordinal| (ordinal, record)))
    }

    /// The record of a run, to be changed.
    pub(in crate::kv) fn record_mut(&mut self, ordinal: Ordinal) -> &mut RunRecord {
        let record = self.take(ordinal).unwrap_or_default();
        self.groups
            .push((std::iter::once(ordinal).collect(), record));
        let last = self.groups.last_mut().expect("it was pushed just now");
        &mut last.1
    }

    /// Writes the record of a run that has none.
    pub(in crate::kv) fn put(&mut self, ordinal: Ordinal, record: RunRecord) {
        match self.groups.last_mut().filter(|(_, last)| *last == record) {
            Some((runs, _)) => {
                runs.insert(ordinal);
            }
            None => self
                .groups
                .push((std::iter::once(ordinal).collect(), record)),
        }
    }

    /// Takes a run's record out.
    fn take(&mut self, ordinal: Ordinal) -> Option<RunRecord> {
        let mut groups = self.groups.iter();
        let at = groups.position(|(runs, _)| runs.contains(ordinal))?;
        let (runs, record) = &mut self.groups[at];
        if runs.len() == 1 {
            return Some(self.groups.swap_remove(at).1);
        }
        runs.remove(ordinal);
        Some(record.clone())
    }

    /// Writes it as serde does, without a call for each field. To be gathered before.
    pub(in crate::kv) fn write(&self, bytes: &mut Vec<u8>) {
        write_list_of(bytes, self.groups.len());
        for (runs, record) in &self.groups {
            write_list_of(bytes, 2);
            write_set(bytes, runs);
            record.write(bytes);
        }
    }

    /// Brings it into the form in which it is stored: one group for all records that are equal.
    pub(in crate::kv) fn gather(&mut self) {
        let mut gathered: Vec<(OrdinalSet, RunRecord)> = Vec::with_capacity(self.groups.len());
        for (runs, record) in self.groups.drain(..) {
            match gathered.iter_mut().find(|(_, other)| *other == record) {
                Some((of_group, _)) => of_group.union_with(&runs),
                None => gathered.push((runs, record)),
            }
        }
        gathered.sort_by_key(|(runs, _)| runs.first());
        self.groups = gathered;
    }
}

impl<'de> Deserialize<'de> for RunPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let groups = deserializer.deserialize_any(GroupsVisitor)?;
        Ok(Self { groups })
    }
}

struct GroupsVisitor;

impl<'de> Visitor<'de> for GroupsVisitor {
    type Value = Vec<(OrdinalSet, RunRecord)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("groups of runs with their records, or a map of a record for each run")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, groups: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(groups))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut groups = Vec::new();
        while let Some((ordinal, record)) = map.next_entry()? {
            groups.push((std::iter::once(Ordinal::new(ordinal)).collect(), record));
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::kv::record::{OutputPlace, decode, encode};
    use crate::run::{Failure, RunState};

    fn ended(state: RunState, at: i64) -> RunRecord {
        RunRecord {
            end: Some(state),
            attempts: 1,
            started_at: Some(at),
            ended_at: Some(at),
            ..RunRecord::default()
        }
    }

    fn read(bytes: &[u8]) -> RunPage {
        decode(bytes, || "a page".into()).unwrap()
    }

    #[test]
    fn runs_that_ended_alike_share_a_record() {
        let page = |runs| {
            let mut page = RunPage::default();
            for n in 0..runs {
                page.put(Ordinal::new(n), ended(RunState::Processed, 7));
            }
            page
        };
        let (one, all) = (encode(&page(1)), encode(&page(16)));
        assert_eq!(one.len(), all.len());
        assert_eq!(read(&all), page(16));
    }

    #[test]
    fn a_record_that_is_changed_leaves_its_group_and_no_other_changes() {
        let mut page = RunPage::default();
        for n in 0..4 {
            page.put(Ordinal::new(n), ended(RunState::Processed, 7));
        }
        page.record_mut(Ordinal::new(2)).attempts = 5;
        page.gather();
        let page = read(&encode(&page));
        let attempts = |n| page.record(Ordinal::new(n)).map(|record| record.attempts);
        assert_eq!(
            [0, 1, 2, 3, 4].map(attempts),
            [Some(1), Some(1), Some(5), Some(1), None]
        );
    }

    #[test]
    fn equal_pages_are_stored_alike_however_they_came_about() {
        let (early, late) = (ended(RunState::Processed, 1), ended(RunState::Failed, 2));
        let mut forward = RunPage::default();
        forward.put(Ordinal::new(0), early.clone());
        forward.put(Ordinal::new(1), late.clone());
        forward.put(Ordinal::new(2), early.clone());
        let mut backward = RunPage::default();
        for (n, record) in [(2, &early), (1, &late), (0, &early)] {
            *backward.record_mut(Ordinal::new(n)) = record.clone();
        }
        forward.gather();
        backward.gather();
        assert_eq!(encode(&forward), encode(&backward));
    }

    proptest! {
        #[test]
        fn it_is_written_as_serde_writes_it(
            runs in prop::collection::vec((0u32..16, 0u8..7, 0u32..300, -1i64..3), 0..20),
        ) {
            let mut page = RunPage::default();
            for (run, kind, number, at) in runs {
                let record = page.record_mut(Ordinal::new(run));
                record.attempts = number;
                match kind {
                    0 => record.interruptions = number,
                    1 => *record = ended(RunState::Cancelled, at),
                    4 => {
                        *record = ended(RunState::Processed, at);
                        record.output = Some(OutputPlace::Inline("x".repeat(number as usize)));
                    }
                    5 => record.output = Some(OutputPlace::Apart),
                    2 => record.failure = Some(Failure::new("WHY", "so")),
                    3 => record.snoozes = 1,
                    _ => record.end = Some(RunState::Failed),
                }
            }
            page.gather();
            let mut bytes = Vec::new();
            page.write(&mut bytes);
            prop_assert_eq!(&bytes, &encode(&page));
            prop_assert_eq!(read(&bytes), page);
        }
    }

    #[test]
    fn a_page_of_the_first_format_reads_the_same() {
        let runs: BTreeMap<u32, RunRecord> = [
            (3, ended(RunState::Processed, 1)),
            (5, ended(RunState::Failed, 2)),
        ]
        .into();
        let page = read(&encode(&runs));
        let found: BTreeMap<u32, RunRecord> = page
            .records()
            .map(|(ordinal, record)| (ordinal.get(), record.clone()))
            .collect();
        assert_eq!(found, runs);
    }
}

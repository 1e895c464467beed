use std::collections::BTreeMap;

use super::FindingKind;
use super::notes::Notes;
use super::records::{Found, Records};
use super::runs_check::RunsCheck;
use crate::kv::OrderedKv;
use crate::kv::key::{self, Place};
use crate::kv::record::Tidy;
use crate::ordinal::OrdinalSet;
use crate::run::RunState;
use crate::storage::StorageError;

impl RunsCheck<'_> {
    /// Steps are there for as long as their run has not ended, or, where it was swept, until
    /// soon after the end of its batch.
    pub(super) fn check_steps<K: OrderedKv>(
        &self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        tidy: &Found<Tidy>,
        ended: &BTreeMap<RunState, OrdinalSet>,
    ) -> Result<(), StorageError> {
        let cleared = !matches!(tidy, Found::Absent);
        let mut missing = self.recorded();
        let is_swept = |ordinal| self.sweeps().iter().any(|s| s.ordinals.contains(ordinal));
        for key in records.all_keys(key::all_steps(self.id))? {
            let Some(Place::Steps(_, ordinal)) = Place::of(&key) else {
                continue;
            };
            let told = missing.remove(ordinal);
            let has_ended = ended.values().any(|runs| runs.contains(ordinal));
            let text = match (has_ended, told) {
                (_, true) => continue,
                (true, false) if cleared => continue,
                (true, false) => "it has ended, and what it recorded of its steps is still there",
                (false, false) => "it has recorded steps that its batch knows nothing of",
            };
            notes.find_run(self.id, ordinal, FindingKind::StepsAstray, text);
        }
        for ordinal in missing.iter().filter(|ordinal| !is_swept(*ordinal)) {
            let text = "what it has recorded of its steps is missing";
            notes.find_run(self.id, ordinal, FindingKind::StepsMissing, text);
        }
        Ok(())
    }

    /// The runs that a live batch says have recorded steps.
    fn recorded(&self) -> OrdinalSet {
        match (&self.header.end, &self.live) {
            (None, Some(live)) => live.stepped.clone(),
            _ => OrdinalSet::new(),
        }
    }
}

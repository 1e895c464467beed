use std::collections::BTreeSet;

use super::notes::Notes;
use super::progress::Progress;
use super::records::{Found, Records, VALUES_A_SCAN};
use super::{About, FindingKind};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Key, Place};
use crate::kv::record::{BatchHeader, IdempotencyRecord};
use crate::storage::StorageError;

/// The idempotency keys, then the index of those that are to be forgotten, a page a step.
#[derive(Debug)]
pub(super) struct Idempotency {
    part: Part,
    /// Keys whose batch is gone: they must be in the index.
    without_batch: BTreeSet<Key>,
}

#[derive(Debug)]
enum Part {
    Keys {
        from: Option<Key>,
    },
    /// A key that stays longer moves on in this index, never back: a walk forward meets it.
    Expiring {
        from: Option<Key>,
    },
}

impl Default for Idempotency {
    fn default() -> Self {
        Self {
            part: Part::Keys { from: None },
            without_batch: BTreeSet::new(),
        }
    }
}

impl Idempotency {
    pub(super) fn step<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<Progress, StorageError> {
        match &self.part {
            Part::Keys { from } => {
                let range = key::idempotencies().resumed(from.as_ref());
                let page = records.keys(&range, VALUES_A_SCAN)?;
                for key in &page.keys {
                    self.check_key(records, notes, key)?;
                }
                self.part = match page.next {
                    Some(next) => Part::Keys { from: Some(next) },
                    None => Part::Expiring { from: None },
                };
                Ok(Progress::More)
            }
            Part::Expiring { from } => {
                let range = key::expiring_keys().resumed(from.as_ref());
                let page = records.keys(&range, VALUES_A_SCAN)?;
                for key in &page.keys {
                    self.check_expiring(records, notes, key)?;
                }
                let Some(next) = page.next else {
                    self.check_rest(records, notes)?;
                    return Ok(Progress::Done);
                };
                self.part = Part::Expiring { from: Some(next) };
                Ok(Progress::More)
            }
        }
    }

    fn check_key<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        key: &Key,
    ) -> Result<(), StorageError> {
        let Some(Place::Idempotency(name, part)) = Place::of(key) else {
            return Ok(());
        };
        let Some(record) = records.get::<IdempotencyRecord>(key)?.whole() else {
            return Ok(());
        };
        match records.get::<BatchHeader>(&key::header(record.batch))? {
            Found::Absent => {
                self.without_batch.insert(key.clone());
            }
            Found::Unreadable => {}
            Found::Whole(header) => {
                let has_it = header.idempotency_key.as_ref() == Some(&name);
                if !has_it || header.part != part || header.submission != record.submission {
                    let text = format!("it leads to {}, which has another", record.batch);
                    notes.find(About::Key(name), FindingKind::KeyAstray, text);
                }
            }
        }
        Ok(())
    }

    fn check_expiring<K: OrderedKv>(
        &mut self,
        records: &Records<'_, K>,
        notes: &mut Notes,
        key: &[u8],
    ) -> Result<(), StorageError> {
        let Some(Place::ExpiringKey(key)) = Place::of(key) else {
            return Ok(());
        };
        self.without_batch.remove(&key);
        if let (true, Some(Place::Idempotency(name, _))) =
            (records.bytes(&key)?.is_absent(), Place::of(&key))
        {
            let text = "it is to be forgotten, and has no record";
            notes.find(About::Key(name), FindingKind::KeyAstray, text);
        }
        Ok(())
    }

    /// Keys that nothing will ever forget, unless they were forgotten meanwhile.
    fn check_rest<K: OrderedKv>(
        &self,
        records: &Records<'_, K>,
        notes: &mut Notes,
    ) -> Result<(), StorageError> {
        for key in &self.without_batch {
            let record = records.get::<IdempotencyRecord>(key)?.whole();
            if let (Some(record), Some(Place::Idempotency(name, _))) = (record, Place::of(key)) {
                let text = format!(
                    "it leads to {}, which is not there, and is not to be forgotten",
                    record.batch
                );
                notes.find(About::Key(name), FindingKind::KeyAstray, text);
            }
        }
        Ok(())
    }
}

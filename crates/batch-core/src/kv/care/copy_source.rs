use super::Walk;
use super::copy_target::CopiedRecord;
use super::deleting::is_being_deleted;
use super::place_words::{about, words};
use super::records::{Found, Records, VALUES_A_SCAN};
use crate::kv::OrderedKv;
use crate::kv::followers::Follower;
use crate::kv::key::{self, Key, Place};
use crate::kv::stage::Stage;
use crate::storage::{ErrorKind, StorageError};

/// How many records that have changed one step reads again, and the last step at most by choice.
pub(super) const RECORDS_A_STEP: usize = 512;

/// The last piece of a copy, and the head as of the same commit.
#[derive(Debug)]
pub(super) struct LastPiece {
    pub records: Vec<CopiedRecord>,
    pub head: Vec<u8>,
}

/// Tells a copier from here on what changes, and notes what there is to read.
pub(super) fn follow<K: OrderedKv>(
    stage: &mut Stage<K>,
    follower: &Follower,
) -> Result<(), StorageError> {
    follower.set_walk(Walk::begin(&Records::new(stage.map()))?);
    stage.followers().add(follower);
    Ok(())
}

/// Reads the next records that a copier has not read yet; `None` when it has read all.
///
/// They are as the last commit left them. What later commits change of them is told to the
/// follower.
pub(super) fn next_records<K: OrderedKv>(
    stage: &Stage<K>,
    follower: &Follower,
) -> Result<Option<Vec<CopiedRecord>>, StorageError> {
    let records = Records::new(stage.map());
    let mut walk = follower.walk();
    let Some(range) = walk.range() else {
        return Ok(None);
    };
    let page = records.keys(&range, VALUES_A_SCAN)?;
    walk.go_on(page.next);
    follower.set_walk(walk);
    read_all(&records, page.keys).map(Some)
}

/// Reads records again that have changed since they were read.
pub(super) fn changed_records<K: OrderedKv>(
    stage: &Stage<K>,
    follower: &Follower,
) -> Result<Vec<CopiedRecord>, StorageError> {
    read_all(&Records::new(stage.map()), follower.take(RECORDS_A_STEP))
}

/// Reads all that has changed, and the head: together with what was read before, the store as
/// of one commit.
pub(super) fn last_piece<K: OrderedKv>(
    stage: &Stage<K>,
    follower: &Follower,
) -> Result<LastPiece, StorageError> {
    let records = Records::new(stage.map());
    let head = match records.bytes(&key::head())? {
        Found::Whole(head) => head,
        Found::Absent | Found::Unreadable => return Err(unreadable(&key::head())),
    };
    let records = read_all(&records, follower.take(usize::MAX))?;
    Ok(LastPiece { records, head })
}

fn read_all<K: OrderedKv>(
    records: &Records<'_, K>,
    keys: Vec<Key>,
) -> Result<Vec<CopiedRecord>, StorageError> {
    let head = key::head();
    let others = keys.into_iter().filter(|key| *key != head);
    others.map(|key| read(records, key)).collect()
}

fn read<K: OrderedKv>(records: &Records<'_, K>, key: Key) -> Result<CopiedRecord, StorageError> {
    let payload = match records.bytes(&key)? {
        Found::Whole(payload) => Some(payload),
        Found::Absent => None,
        Found::Unreadable => match Place::of(&key) {
            Some(place) if is_being_deleted(records, &place)? => None,
            _ => return Err(unreadable(&key)),
        },
    };
    Ok(CopiedRecord { key, payload })
}

/// A copy says that it is a store: damage is not copied.
fn unreadable(key: &[u8]) -> StorageError {
    let which = match Place::of(key) {
        Some(place) => format!("{}: {}", about(&place), words(&place)),
        None => format!("the key \"{}\"", key.escape_ascii()),
    };
    let text = format!("{which} cannot be read; verify the store, and salvage it");
    StorageError::new(ErrorKind::Damaged, text)
}

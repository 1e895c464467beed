//! Holding what sled has against what it has acknowledged.

use std::fs::File;
use std::thread;

use super::ballast::Ballast;
use super::content_sum::ContentSum;
use super::guarded_db::{GuardedDb, collect_garbage};
use super::key_space::{BYTES, FIRST_OF_USERS, LAST};
use super::last_commit::{LastCommit, decode_bytes};
use super::room::open_in_room;
use super::{OpenCheck, SledOptions};
use crate::embedded::{ContentBytes, Mark, StoreDir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// In rows: what the collection of garbage is pushed by after a check, many times over.
const GARBAGE_OF_A_CHECK: usize = 1 << 16;

/// A commit all of whose rows were there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked {
    last: LastCommit,
    bytes: ContentBytes,
}

impl Checked {
    /// The bytes of all rows, if the last commit is still the one that was checked.
    pub(super) fn bytes_at(
        self,
        last: LastCommit,
        dir: &StoreDir,
    ) -> Result<ContentBytes, KvError> {
        if last == self.last {
            return Ok(self.bytes);
        }
        Err(damaged(format!(
            "{} held commit {} when it was checked and commit {} when it was opened again",
            dir.path().display(),
            self.last.number,
            last.number
        )))
    }
}

/// Checks all rows in a sled that is closed again, on a thread that ends.
///
/// Reading everything leaves more pages in sled's cache than it is set to, and the cache never
/// shrinks. They go with the sled that read them; and what a thread that has ended had
/// allocated goes back to the system, for the allocator gives each thread a region of its own.
pub(super) fn check_apart(
    dir: &StoreDir,
    options: &SledOptions,
    mark: &Mark,
    ballast: &mut Ballast,
    log: File,
) -> Result<Checked, KvError> {
    let options = SledOptions {
        cache_bytes: 0,
        ..options.clone()
    };
    let check = || {
        let db = open_in_room(dir, &options, ballast, log)?;
        let last = check_last(&db, mark, dir, options.check)?;
        let bytes = check_content(&db, last, dir)?;
        drop(db);
        collect_garbage(GARBAGE_OF_A_CHECK);
        reach(Failpoint::SledChecked);
        Ok(Checked { last, bytes })
    };
    thread::scope(|scope| {
        let checking = thread::Builder::new()
            .name("batchyard-check".to_owned())
            .spawn_scoped(scope, check)
            .map_err(|e| KvError::io(format!("check {}", dir.path().display()), e))?;
        match checking.join() {
            Ok(checked) => checked,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The last commit that sled has, which must not be before the mark.
pub(super) fn check_last(
    db: &GuardedDb,
    mark: &Mark,
    dir: &StoreDir,
    check: OpenCheck,
) -> Result<LastCommit, KvError> {
    let path = dir.path().display();
    let value = db
        .call(|tree| tree.get(LAST))
        .map_err(|fault| fault.into_error(&format!("read the last commit of {path}")))?;
    let last = value.as_deref().and_then(LastCommit::decode);
    if check != OpenCheck::Nothing {
        mark.check(last.map(|last| last.number), dir)?;
    }
    Ok(last.unwrap_or_default())
}

/// The bytes of all rows, if the last commit has noted them.
pub(super) fn known_bytes(
    db: &GuardedDb,
    last: LastCommit,
    dir: &StoreDir,
) -> Result<Option<ContentBytes>, KvError> {
    let path = dir.path().display();
    let value = db
        .call(|tree| tree.get(BYTES))
        .map_err(|fault| fault.into_error(&format!("read the last commit of {path}")))?;
    Ok(value.and_then(|value| decode_bytes(&value, last.number)))
}

/// sled skips what it cannot read, and then shows older rows or none. Gives the bytes of all.
pub(super) fn check_content(
    db: &GuardedDb,
    last: LastCommit,
    dir: &StoreDir,
) -> Result<ContentBytes, KvError> {
    let path = dir.path().display();
    let (found, bytes) = db
        .call(sum_of_users)
        .map_err(|fault| fault.into_error(&format!("check {path}")))?;
    if found == last.content {
        return Ok(bytes);
    }
    Err(damaged(format!(
        "{path} holds {} rows that are not the {} rows that commit {} left",
        found.pairs(),
        last.content.pairs(),
        last.number
    )))
}

/// sled looks at the size of its cache only once a page was used dozens of times: reading
/// each row again by its key makes it do so before all of the store is in memory.
fn sum_of_users(tree: &::sled::Tree) -> ::sled::Result<(ContentSum, ContentBytes)> {
    let mut sum = ContentSum::default();
    let mut bytes = ContentBytes::default();
    for (read, pair) in tree.range(FIRST_OF_USERS..).enumerate() {
        let (key, value) = pair?;
        sum.add(&key, &value);
        bytes.add(&key, &value);
        tree.get(&key)?;
        if read % 64 == 0 {
            collect_garbage(0);
        }
    }
    Ok((sum, bytes))
}

fn damaged(what: String) -> KvError {
    KvError::new(ErrorKind::Damaged, what)
}

use std::cell::OnceCell;
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use ::redb::backends::FileBackend;
use ::redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition,
};

use super::fault::Fault;
use super::{RedbCheck, RedbOptions, RedbRepair};
use crate::embedded::{ContentBytes, StoreDir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::{KvError, WriteBatch};
use crate::storage::ErrorKind;

/// What users put.
const MAP: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("map");
/// Holds the number of the last commit, in a table of its own to leave users all keys.
const COMMITS: TableDefinition<'_, &str, u64> = TableDefinition::new("commits");
const LAST: &str = "last";
/// Stand beside it: the bytes of all that is stored, and the commit of which they are.
const BYTES: &str = "bytes";
const BYTES_AT: &str = "bytes at";

/// How long a process that was killed may hold redb's lock after ours.
const CLOSING: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(1);

/// A state of the map that stays as it is.
pub(super) type View = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// redb with a handle of our own on its file, whose panics end here.
#[derive(Debug)]
pub(super) struct GuardedDb {
    /// The last commit, opened by the first read after it. Gone while a commit is made, so
    /// that the commit can use the pages again that the one before it freed.
    view: OnceCell<View>,
    /// `None` only while it is dropped.
    db: Option<Database>,
    file: File,
    dir: StoreDir,
    repair: RedbRepair,
}

impl GuardedDb {
    /// Opens redb on a file, which becomes a database if it is empty. Needs the store's lock.
    pub(super) fn open(dir: &StoreDir, options: &RedbOptions, file: File) -> Result<Self, Fault> {
        let db = open_when_free(&file, options)?;
        Ok(Self {
            view: OnceCell::new(),
            db: Some(db),
            file,
            dir: dir.clone(),
            repair: options.repair,
        })
    }

    /// Reads from the last commit.
    pub(super) fn read<T>(
        &self,
        call: impl FnOnce(&View) -> Result<T, ::redb::StorageError>,
    ) -> Result<T, Fault> {
        Fault::catch(|| {
            let view = match self.view.get() {
                Some(view) => view,
                None => {
                    let view = self.db().begin_read()?.open_table(MAP)?;
                    self.view.get_or_init(|| view)
                }
            };
            Ok(call(view)?)
        })
    }

    /// The number of the last commit.
    pub(super) fn number(&self) -> Result<Option<u64>, Fault> {
        Fault::catch(|| {
            let commits = self.db().begin_read()?.open_table(COMMITS)?;
            Ok(commits.get(LAST)?.map(|number| number.value()))
        })
    }

    /// The bytes of all that is stored: noted by the last commit, or else counted.
    ///
    /// A program that does not know the note leaves it behind the last commit.
    pub(super) fn bytes(&self, last: u64) -> Result<ContentBytes, Fault> {
        let noted = Fault::catch(|| {
            let commits = self.db().begin_read()?.open_table(COMMITS)?;
            let of = |name| Ok::<_, ::redb::Error>(commits.get(name)?.map(|found| found.value()));
            Ok(of(BYTES_AT)?.zip(of(BYTES)?))
        })?;
        match noted {
            Some((at, bytes)) if at == last => Ok(ContentBytes::new(bytes)),
            _ => self.read(|view| {
                let mut bytes = ContentBytes::default();
                for pair in view.iter()? {
                    let (key, value) = pair?;
                    bytes.add(key.value(), value.value());
                }
                Ok(bytes)
            }),
        }
    }

    /// Applies writes, numbered, and makes them durable; gives the bytes of all that is then
    /// stored. Never to be tried again once it failed.
    pub(super) fn commit(
        &mut self,
        writes: WriteBatch,
        number: u64,
        mut bytes: ContentBytes,
    ) -> Result<ContentBytes, Fault> {
        self.view.take();
        Fault::catch(|| {
            let mut transaction = self.db().begin_write()?;
            reach(Failpoint::RedbBegun);
            transaction.set_durability(Durability::Immediate)?;
            transaction.set_quick_repair(self.repair == RedbRepair::Record);
            let mut map = transaction.open_table(MAP)?;
            for (key, value) in writes {
                let old = match &value {
                    Some(value) => map.insert(&*key, &**value)?,
                    None => map.remove(&*key)?,
                };
                if let Some(old) = old {
                    bytes.remove(&key, old.value());
                }
                if let Some(value) = value {
                    bytes.add(&key, &value);
                }
            }
            drop(map);
            let mut commits = transaction.open_table(COMMITS)?;
            commits.insert(LAST, number)?;
            commits.insert(BYTES, bytes.get())?;
            commits.insert(BYTES_AT, number)?;
            drop(commits);
            reach(Failpoint::RedbStaged);
            transaction.commit()?;
            Ok(bytes)
        })
    }

    /// Makes all that is in the file durable, whoever wrote it.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// The file that everything is in.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Finds out whether the file is still where it is looked for.
    pub(super) fn check_place(&self) -> io::Result<()> {
        self.dir.check_place(&self.file)
    }

    fn db(&self) -> &Database {
        self.db
            .as_ref()
            .expect("the database is there until it is dropped")
    }
}

impl Drop for GuardedDb {
    fn drop(&mut self) {
        self.view.take();
        let Some(db) = self.db.take() else { return };
        if let Err(fault) = Fault::catch(|| Ok(db.close()?)) {
            tracing::warn!(
                path = %self.dir.path().display(), ?fault,
                "redb could not close its file: the next opening checks it"
            );
        }
    }
}

fn open_when_free(file: &File, options: &RedbOptions) -> Result<Database, Fault> {
    let mut builder = Database::builder();
    builder
        .set_cache_size(options.cache_bytes)
        .set_check_integrity_on_open(options.check == RedbCheck::Everything);
    let deadline = Instant::now() + CLOSING;
    loop {
        let opened = Fault::catch(|| {
            let backend = FileBackend::new(file.try_clone()?)?;
            Ok(builder.create_with_backend(backend)?)
        });
        match opened {
            Err(fault) if fault.is_held() && Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// The error for a fault while a store is opened.
pub(super) fn unopened(dir: &StoreDir, fault: Fault) -> KvError {
    if fault.is_held() {
        let doing = format!(
            "{} is held by a program that uses redb itself",
            dir.data().display()
        );
        return KvError::new(ErrorKind::Locked, doing);
    }
    fault.into_error(&format!("open {}", dir.path().display()))
}

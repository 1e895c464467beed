//! How a store is made and how it is opened again.

use std::io::{self, Seek, SeekFrom, Write};

use super::LogOptions;
use super::index::Index;
use super::log_reader::{LogReader, OnDamage};
use super::open_log::OpenLog;
use super::read_at::read_exact_at;
use super::segment::Segment;
use super::segment_head::SegmentHead;
use super::segment_number::SegmentNumber;
use super::segments::Segments;
use crate::embedded::{Mark, StoreDir};
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// A store that is open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) log: OpenLog,
    pub(super) mark: Mark,
    /// The first damage that was passed over.
    pub(super) passed_over: Option<KvError>,
}

/// Makes a store in a directory that has none. Needs the lock.
///
/// The mark gets its name last: a creation that is cut short, by a kill or by
/// the power, is begun anew, and a store with a mark is whole on the disk.
pub(super) fn create(dir: &StoreDir, options: &LogOptions) -> Result<Opened, KvError> {
    let doing = format!("create a store in {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mark = Mark::create(dir)?;
    reach(Failpoint::NewMarkMade);
    dir.sync().map_err(failed)?;
    dir.clear_unfinished().map_err(failed)?;
    reach(Failpoint::LeftoversCleared);
    let first = SegmentHead::of_new_log().and_then(|head| Segment::create(dir, head));
    let first = first.map_err(failed)?;
    reach(Failpoint::DataSynced);
    dir.finish_creation().map_err(failed)?;
    let segments = Segments::new(first);
    Ok(Opened {
        log: OpenLog::new(
            dir.clone(),
            Index::default(),
            segments,
            options.compaction(),
        ),
        mark,
        passed_over: None,
    })
}

/// Opens a store again and holds it against its mark. Needs the lock.
pub(super) fn reopen(
    dir: &StoreDir,
    options: &LogOptions,
    on_damage: OnDamage,
) -> Result<Opened, KvError> {
    let doing = format!("open {}", dir.path().display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    let mut mark = Mark::open(dir)?;
    reach(Failpoint::MarkRead);
    let mut found = LogReader::read(dir, on_damage)?;
    reach(Failpoint::DatabaseOpened);
    check(&found, &mark, dir)?;
    let mut segments = found.segments.take().ok_or_else(|| empty(dir))?;
    if on_damage == OnDamage::Refuse {
        check_oldest(&segments, found.oldest)?;
    }
    reach(Failpoint::DatabaseChecked);
    if let Some(stub) = &found.stub {
        std::fs::remove_file(stub).map_err(failed)?;
        dir.sync().map_err(failed)?;
    }
    mend(segments.newest_mut(), found.last_at).map_err(failed)?;
    let mut log = OpenLog::new(dir.clone(), found.index, segments, options.compaction());
    log.drop_before(found.oldest).map_err(failed)?;
    dir.sync().map_err(failed)?;
    reach(Failpoint::ReopeningSynced);
    mark.record(found.last).map_err(failed)?;
    reach(Failpoint::MarkRecorded);
    mark.sync().map_err(failed)?;
    Ok(Opened {
        log,
        mark,
        passed_over: found.passed_over,
    })
}

/// All that the mark says was acknowledged must be there.
fn check(found: &LogReader, mark: &Mark, dir: &StoreDir) -> Result<(), KvError> {
    let checked = mark.check(Some(found.last), dir);
    match (checked, &found.tail) {
        (Err(error), Some(tail)) => {
            Err(KvError::new(ErrorKind::Damaged, format!("{tail}; {error}")))
        }
        (checked, _) => checked.map(drop),
    }
}

fn check_oldest(segments: &Segments, oldest: SegmentNumber) -> Result<(), KvError> {
    let first = segments.oldest();
    if first.number() > oldest {
        let missing = first.path.with_file_name(oldest.file_name());
        let doing = format!("{} is missing", missing.display());
        return Err(KvError::new(ErrorKind::Damaged, doing));
    }
    Ok(())
}

fn empty(dir: &StoreDir) -> KvError {
    let doing = format!("{} is missing", dir.data().display());
    KvError::new(ErrorKind::Damaged, doing)
}

/// Cuts off what stands behind the last whole commit, and makes all that is left durable.
///
/// The last commit is written over with its own bytes first. A process that was killed, or
/// whose sync failed, may have left it in memory only, and after a failed sync the system
/// need not write pages that nobody has written since.
fn mend(newest: &mut Segment, last_at: u64) -> io::Result<()> {
    newest.file.set_len(newest.end)?;
    // The head of a segment is as new as its first commit.
    let from = if last_at <= SegmentHead::BYTES as u64 {
        0
    } else {
        last_at
    };
    let mut piece = vec![0; (newest.end - from).min(1 << 20) as usize];
    let mut at = from;
    newest.file.seek(SeekFrom::Start(at))?;
    while at < newest.end {
        let bytes = (newest.end - at).min(piece.len() as u64) as usize;
        read_exact_at(&newest.file, &mut piece[..bytes], at)?;
        newest.file.write_all(&piece[..bytes])?;
        at += bytes as u64;
    }
    newest.file.sync_all()
}

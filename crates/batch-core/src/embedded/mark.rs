use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{Backend, Layout, StoreDir};
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// The smallest piece that a disk writes whole.
const SECTOR: usize = 512;
/// Magic, format, number, checksum. The same in every format to come.
const RECORD: usize = 24;

/// The number of the last acknowledged commit, outside the database's files.
///
/// It is written after a commit is durable, so it never runs ahead of what is
/// durable; it may lag. Numbers go to two sectors in turn, so that a torn write
/// leaves the number before.
#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
    layout: &'static Layout,
    number: u64,
}

impl Mark {
    /// Its name in the directory of a store.
    pub(super) const FILE: &str = "batchyard.mark";
    /// What it is called until the store is whole.
    pub(super) const NEW_FILE: &str = "batchyard.mark.new";

    /// It is synced once in so many commits.
    const SYNC: u64 = 1_024;

    /// The mark of a store that is being made: at zero, synced, without its last name.
    pub(crate) fn create(dir: &StoreDir) -> Result<Self, KvError> {
        Self::create_at(&dir.new_mark(), dir.layout())
    }

    fn create_at(path: &Path, layout: &'static Layout) -> Result<Self, KvError> {
        let mut bytes = vec![0; 2 * SECTOR];
        for slot in [0, SECTOR] {
            bytes[slot..slot + RECORD].copy_from_slice(&encode(layout, 0));
        }
        let written = File::create(path).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()?;
            Ok(file)
        });
        match written {
            Ok(file) => Ok(Self {
                file,
                layout,
                number: 0,
            }),
            Err(e) => Err(KvError::io(format!("create {}", path.display()), e)),
        }
    }

    /// The mark of a store.
    pub(crate) fn open(dir: &StoreDir) -> Result<Self, KvError> {
        Self::open_at(&dir.mark(), dir.layout())
    }

    fn open_at(path: &Path, layout: &'static Layout) -> Result<Self, KvError> {
        let (file, bytes) = read(path, OpenOptions::new().read(true).write(true))?;
        let number = decode(&bytes, layout, path)?;
        Ok(Self {
            file,
            layout,
            number,
        })
    }

    /// Whose mark a file is, whatever its format. Needs no lock.
    pub(super) fn backend(path: &Path) -> Result<Backend, KvError> {
        let (_, bytes) = read(path, OpenOptions::new().read(true))?;
        Ok(last(&bytes, path)?.backend)
    }

    /// The last number.
    #[cfg(any(test, feature = "log", feature = "redb"))]
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The number of the last commit that the database has, which must not be below the mark.
    pub(crate) fn check(&self, found: Option<u64>, dir: &StoreDir) -> Result<u64, KvError> {
        let path = dir.path().display();
        let marked = self.number;
        let found = match found {
            Some(number) if number >= marked => return Ok(number),
            Some(number) => format!("ends at commit {number}"),
            None => "holds no number of a commit".to_owned(),
        };
        let doing = format!("{path} acknowledged commit {marked} and {found}");
        Err(KvError::new(ErrorKind::Damaged, doing))
    }

    /// Moves on to a commit that is durable, and now and then makes that durable too.
    pub(crate) fn advance(&mut self, number: u64) -> std::io::Result<()> {
        self.record(number)?;
        if number.is_multiple_of(Self::SYNC) {
            self.sync()?;
        }
        Ok(())
    }

    /// Writes the number of a commit that is durable. Not synced.
    pub(crate) fn record(&mut self, number: u64) -> std::io::Result<()> {
        let slot = (number % 2) * SECTOR as u64;
        self.file.seek(SeekFrom::Start(slot))?;
        self.file.write_all(&encode(self.layout, number))?;
        self.number = number;
        Ok(())
    }

    /// Makes the last number durable.
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}

fn encode(layout: &Layout, number: u64) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&layout.backend.magic());
    record[8..12].copy_from_slice(&layout.format.to_le_bytes());
    record[12..20].copy_from_slice(&number.to_le_bytes());
    let sum = crc32fast::hash(&record[..20]);
    record[20..].copy_from_slice(&sum.to_le_bytes());
    record
}

fn read(path: &Path, how: &OpenOptions) -> Result<(File, Vec<u8>), KvError> {
    let mut bytes = Vec::with_capacity(2 * SECTOR);
    let read = how.open(path).and_then(|mut file| {
        Read::take(&mut file, 2 * SECTOR as u64).read_to_end(&mut bytes)?;
        Ok(file)
    });
    let file = read.map_err(|e| KvError::io(format!("open {}", path.display()), e))?;
    Ok((file, bytes))
}

/// The whole record with the highest number.
fn last(bytes: &[u8], path: &Path) -> Result<Slot, KvError> {
    let slots = [bytes, bytes.get(SECTOR..).unwrap_or_default()];
    let whole = slots.into_iter().filter_map(Slot::decode);
    whole.max_by_key(|slot| slot.number).ok_or_else(|| {
        let doing = format!("{} does not hold a mark", path.display());
        KvError::new(ErrorKind::Damaged, doing)
    })
}

fn decode(bytes: &[u8], layout: &Layout, path: &Path) -> Result<u64, KvError> {
    let last = last(bytes, path)?;
    if last.backend != layout.backend {
        let doing = format!(
            "open a store on {} as one on {}: {}",
            last.backend,
            layout.backend,
            path.display()
        );
        return Err(KvError::new(ErrorKind::Unavailable, doing));
    }
    if last.format > layout.format {
        let doing = format!(
            "{} is of format {}, and this program reads up to {}",
            path.display(),
            last.format,
            layout.format
        );
        return Err(KvError::new(ErrorKind::NewerFormat, doing));
    }
    Ok(last.number)
}

/// A whole record of a mark.
#[derive(Debug, Clone, Copy)]
struct Slot {
    backend: Backend,
    format: u32,
    number: u64,
}

impl Slot {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, rest) = bytes.split_first_chunk::<20>()?;
        let sum = u32::from_le_bytes(*rest.first_chunk()?);
        if sum != crc32fast::hash(content) {
            return None;
        }
        let mut backends = Backend::ALL.into_iter();
        Some(Self {
            backend: backends.find(|backend| content[..8] == backend.magic())?,
            format: u32::from_le_bytes(*content[8..].first_chunk()?),
            number: u64::from_le_bytes(*content[12..].first_chunk()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout {
        backend: Backend::Redb,
        format: 1,
        data_file: "data",
        is_part: |name| name == "data",
    };

    fn mark_at(path: &Path, number: u64) {
        let mut mark = Mark::create_at(path, &LAYOUT).unwrap();
        for n in 1..=number {
            mark.record(n).unwrap();
        }
    }

    #[test]
    fn the_last_number_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(Mark::FILE);
        mark_at(&path, 7);
        assert_eq!(Mark::open_at(&path, &LAYOUT).unwrap().number(), 7);
    }

    #[test]
    fn a_torn_write_of_the_mark_leaves_the_number_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(Mark::FILE);
        mark_at(&path, 7);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SECTOR + 13] ^= 1;
        std::fs::write(&path, bytes).unwrap();

        assert_eq!(Mark::open_at(&path, &LAYOUT).unwrap().number(), 6);
    }

    #[test]
    fn a_mark_with_no_whole_record_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(Mark::FILE);
        std::fs::write(&path, b"no mark").unwrap();
        let error = Mark::open_at(&path, &LAYOUT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }

    #[test]
    fn a_mark_of_a_newer_program_is_refused_with_both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(Mark::FILE);
        let mut record = encode(&LAYOUT, 3);
        record[8..12].copy_from_slice(&9_u32.to_le_bytes());
        let sum = crc32fast::hash(&record[..20]);
        record[20..].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(&path, record).unwrap();

        let error = Mark::open_at(&path, &LAYOUT).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::NewerFormat);
        assert!(error.to_string().contains("format 9"), "{error}");
    }

    #[test]
    fn a_mark_of_another_backend_is_refused_and_both_are_named() {
        static SLED: Layout = Layout {
            backend: Backend::Sled,
            ..LAYOUT
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(Mark::FILE);
        mark_at(&path, 3);

        let error = Mark::open_at(&path, &SLED).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains("a store on redb as one on sled"), "{text}");
    }
}

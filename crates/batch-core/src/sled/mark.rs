use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::kv::KvError;
use crate::storage::ErrorKind;

/// The name of the mark in the directory of a store.
pub(super) const MARK_FILE: &str = "batchyard.mark";
/// What the mark is called until the store is whole.
pub(super) const NEW_MARK_FILE: &str = "batchyard.mark.new";

/// The format of the directory that this program writes.
const FORMAT: u32 = 1;
const MAGIC: [u8; 8] = *b"BATCHYRD";
/// The smallest piece that a disk writes whole.
const SECTOR: usize = 512;
/// Magic, format, number, checksum. The same in every format to come.
const RECORD: usize = 24;

/// The number of the last acknowledged commit, outside sled's files.
///
/// It is written after a commit is durable, so it never runs ahead of what is
/// durable; it may lag. Numbers go to two sectors in turn, so that a torn write
/// leaves the number before.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
    number: u64,
}

impl Mark {
    /// A new mark at zero, synced. The directory is not.
    pub(super) fn create(path: &Path) -> Result<Self, KvError> {
        let mut bytes = vec![0; 2 * SECTOR];
        for slot in [0, SECTOR] {
            bytes[slot..slot + RECORD].copy_from_slice(&encode(0));
        }
        let written = File::create(path).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()?;
            Ok(file)
        });
        match written {
            Ok(file) => Ok(Self { file, number: 0 }),
            Err(e) => Err(KvError::io(format!("create {}", path.display()), e)),
        }
    }

    /// The mark of a store.
    pub(super) fn open(path: &Path) -> Result<Self, KvError> {
        let mut bytes = Vec::with_capacity(2 * SECTOR);
        let read = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .and_then(|mut file| {
                Read::take(&mut file, 2 * SECTOR as u64).read_to_end(&mut bytes)?;
                Ok(file)
            });
        let file = read.map_err(|e| KvError::io(format!("open {}", path.display()), e))?;
        let number = decode(&bytes, path)?;
        Ok(Self { file, number })
    }

    /// The last number.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Writes the number of a commit that is durable. Not synced.
    pub(super) fn record(&mut self, number: u64) -> std::io::Result<()> {
        let slot = (number % 2) * SECTOR as u64;
        self.file.seek(SeekFrom::Start(slot))?;
        self.file.write_all(&encode(number))?;
        self.number = number;
        Ok(())
    }

    /// Makes the last number durable.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}

fn encode(number: u64) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&MAGIC);
    record[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    record[12..20].copy_from_slice(&number.to_le_bytes());
    let sum = crc32fast::hash(&record[..20]);
    record[20..].copy_from_slice(&sum.to_le_bytes());
    record
}

fn decode(bytes: &[u8], path: &Path) -> Result<u64, KvError> {
    let slots = [bytes, bytes.get(SECTOR..).unwrap_or_default()];
    let Some((number, format)) = slots.into_iter().filter_map(decode_slot).max() else {
        let doing = format!("{} does not hold a mark", path.display());
        return Err(KvError::new(ErrorKind::Damaged, doing));
    };
    if format > FORMAT {
        let doing = format!(
            "{} is of format {format}, and this program reads up to {FORMAT}",
            path.display()
        );
        return Err(KvError::new(ErrorKind::NewerFormat, doing));
    }
    Ok(number)
}

fn decode_slot(bytes: &[u8]) -> Option<(u64, u32)> {
    let (content, rest) = bytes.split_first_chunk::<20>()?;
    let sum = u32::from_le_bytes(*rest.first_chunk()?);
    if content[..8] != MAGIC || sum != crc32fast::hash(content) {
        return None;
    }
    let format = u32::from_le_bytes(*content[8..].first_chunk()?);
    let number = u64::from_le_bytes(*content[12..].first_chunk()?);
    Some((number, format))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark_at(path: &Path, number: u64) {
        let mut mark = Mark::create(path).unwrap();
        for n in 1..=number {
            mark.record(n).unwrap();
        }
    }

    #[test]
    fn the_last_number_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MARK_FILE);
        mark_at(&path, 7);
        assert_eq!(Mark::open(&path).unwrap().number(), 7);
    }

    #[test]
    fn a_torn_write_of_the_mark_leaves_the_number_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MARK_FILE);
        mark_at(&path, 7);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SECTOR + 13] ^= 1;
        std::fs::write(&path, bytes).unwrap();

        assert_eq!(Mark::open(&path).unwrap().number(), 6);
    }

    #[test]
    fn a_mark_with_no_whole_record_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MARK_FILE);
        std::fs::write(&path, b"no mark").unwrap();
        let error = Mark::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }

    #[test]
    fn a_mark_of_a_newer_program_is_refused_with_both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MARK_FILE);
        let mut record = encode(3);
        record[8..12].copy_from_slice(&9_u32.to_le_bytes());
        let sum = crc32fast::hash(&record[..20]);
        record[20..].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(&path, record).unwrap();

        let error = Mark::open(&path).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::NewerFormat);
        assert!(error.to_string().contains("format 9"), "{error}");
    }
}

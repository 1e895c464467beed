use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{DeliveryLog, DeliveryLogError, LogRecord, LogSync};

/// Keeps the deliveries of one endpoint in a file: a line each record, with a checksum.
///
/// A second process, or a second endpoint, that opens the same file is refused. Bodies are
/// in it as they are sent, metadata included: keep it where you keep the store.
#[derive(Debug, Clone)]
pub struct FileDeliveryLog {
    path: Arc<Path>,
    /// `None` after a write has failed.
    file: Arc<Mutex<Option<File>>>,
}

impl FileDeliveryLog {
    /// Opens the file, or makes it. Blocks for a moment.
    ///
    /// # Errors
    ///
    /// Where it cannot be opened, or is open elsewhere.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DeliveryLogError> {
        let path: Arc<Path> = path.into().into();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let file = options
            .open(&path)
            .map_err(|error| io_error(&path, error))?;
        lock(&file, &path)?;
        Ok(Self {
            path,
            file: Arc::new(Mutex::new(Some(file))),
        })
    }

    /// Does something with the file on a thread that may block. After an error it is not used again:
    /// what it holds is known only once it has been read again.
    async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut File, &Path) -> Result<T, DeliveryLogError> + Send + 'static,
    ) -> Result<T, DeliveryLogError> {
        let (path, file) = (Arc::clone(&self.path), Arc::clone(&self.file));
        let acting = tokio::task::spawn_blocking(move || {
            let mut slot = file.lock();
            let path_buf = || path.to_path_buf();
            let mut file = slot
                .take()
                .ok_or_else(|| DeliveryLogError::Broken { path: path_buf() })?;
            let done = act(&mut file, &path)?;
            *slot = Some(file);
            Ok(done)
        });
        match acting.await {
            Ok(done) => done,
            Err(error) => Err(DeliveryLogError::Other(error.to_string())),
        }
    }
}

#[async_trait]
impl DeliveryLog for FileDeliveryLog {
    async fn load(&self) -> Result<Vec<LogRecord>, DeliveryLogError> {
        self.blocking(read).await
    }

    async fn append(&self, records: &[LogRecord], sync: LogSync) -> Result<(), DeliveryLogError> {
        let lines = encode(records)?;
        self.blocking(move |file, path| {
            let written = file.write_all(&lines).and_then(|()| match sync {
                LogSync::Now => file.sync_data(),
                LogSync::Later => Ok(()),
            });
            written.map_err(|error| io_error(path, error))
        })
        .await
    }

    async fn replace(&self, records: &[LogRecord]) -> Result<(), DeliveryLogError> {
        let lines = encode(records)?;
        self.blocking(move |file, path| {
            *file = rewritten(path, &lines)?;
            Ok(())
        })
        .await
    }
}

/// Puts a new file in the place of the old one, in one step.
fn rewritten(path: &Path, lines: &[u8]) -> Result<File, DeliveryLogError> {
    let new = path.with_added_extension("new");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)?;
        file.write_all(lines)?;
        file.sync_all()?;
        Ok(file)
    };
    let file = write().map_err(|error| io_error(&new, error))?;
    // Locked before anybody can find it under the name.
    lock(&file, &new)?;
    let rename = || {
        std::fs::rename(&new, path)?;
        sync_folder(path)
    };
    rename().map_err(|error| io_error(path, error))?;
    Ok(file)
}

/// Makes a rename durable, where the system needs telling.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) && folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Reads all records; cuts off a last line that was not written to its end.
fn read(file: &mut File, path: &Path) -> Result<Vec<LogRecord>, DeliveryLogError> {
    let mut bytes = Vec::new();
    let mut read = || {
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)
    };
    read().map_err(|error| io_error(path, error))?;
    let (mut records, mut whole) = (Vec::new(), 0);
    for (n, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match line.strip_suffix(b"\n").and_then(decode) {
            Some(record) => records.push(record),
            None if whole + line.len() == bytes.len() && is_torn(line) => break,
            None => {
                let (path, line) = (path.to_path_buf(), n + 1);
                return Err(DeliveryLogError::Damaged { path, line });
            }
        }
        whole += line.len();
    }
    if whole < bytes.len() {
        tracing::warn!(path = %path.display(), bytes = bytes.len() - whole, "the last record of the delivery log was not written to its end");
        let cut = || {
            file.set_len(whole as u64)?;
            file.sync_all()
        };
        cut().map_err(|error| io_error(path, error))?;
    }
    Ok(records)
}

/// Whether a line at the end looks as a write leaves it that a crash or a power cut
/// broke off: without its end, or with a hole.
fn is_torn(line: &[u8]) -> bool {
    line.last() != Some(&b'\n') || line.contains(&0)
}

/// A line each: a checksum in eight digits, a space, JSON.
fn encode(records: &[LogRecord]) -> Result<Vec<u8>, DeliveryLogError> {
    let mut lines = Vec::new();
    for record in records {
        let json = serde_json::to_string(record)
            .map_err(|error| DeliveryLogError::Other(error.to_string()))?;
        let checksum = crc32fast::hash(json.as_bytes());
        lines.extend_from_slice(format!("{checksum:08x} {json}\n").as_bytes());
    }
    Ok(lines)
}

fn decode(line: &[u8]) -> Option<LogRecord> {
    let (checksum, json) = line.split_at_checked(8)?;
    let json = json.strip_prefix(b" ")?;
    let checksum = u32::from_str_radix(std::str::from_utf8(checksum).ok()?, 16).ok()?;
    if checksum != crc32fast::hash(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn lock(file: &File, path: &Path) -> Result<(), DeliveryLogError> {
    let in_use = || DeliveryLogError::InUse {
        path: path.to_path_buf(),
    };
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => in_use(),
        TryLockError::Error(error) => io_error(path, error),
    })
}

fn io_error(path: &Path, source: io::Error) -> DeliveryLogError {
    let path = path.to_path_buf();
    DeliveryLogError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use batch_core::time::Timestamp;

    use super::super::log_record::Change;
    use super::*;

    fn records(seconds: std::ops::Range<i64>) -> Vec<LogRecord> {
        let record = |second| {
            LogRecord(Change::Disabled {
                at: Timestamp::from_second(second).unwrap(),
            })
        };
        seconds.map(record).collect()
    }

    async fn filled(path: &Path) {
        let log = FileDeliveryLog::open(path).unwrap();
        assert_eq!(log.load().await.unwrap(), []);
        log.append(&records(0..2), LogSync::Later).await.unwrap();
        log.append(&records(2..3), LogSync::Now).await.unwrap();
    }

    async fn loaded(path: &Path) -> Result<Vec<LogRecord>, DeliveryLogError> {
        FileDeliveryLog::open(path).unwrap().load().await
    }

    #[tokio::test]
    async fn what_was_appended_or_replaced_is_read_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        filled(&path).await;
        let log = FileDeliveryLog::open(&path).unwrap();
        assert_eq!(log.load().await.unwrap(), records(0..3));
        log.replace(&records(7..9)).await.unwrap();
        log.append(&records(9..10), LogSync::Now).await.unwrap();
        drop(log);
        assert_eq!(loaded(&path).await.unwrap(), records(7..10));
    }

    #[tokio::test]
    async fn wherever_the_last_record_was_cut_off_the_others_are_there_and_it_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        filled(&path).await;
        let whole = std::fs::read(&path).unwrap();
        let last = whole.iter().rposition(|byte| *byte == b' ').unwrap() - 8;
        for length in last..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let log = FileDeliveryLog::open(&path).unwrap();
            assert_eq!(log.load().await.unwrap(), records(0..2), "{length}");
            log.append(&records(5..6), LogSync::Now).await.unwrap();
            drop(log);
            let expected = [records(0..2), records(5..6)].concat();
            assert_eq!(loaded(&path).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_flipped_bit_is_damage_and_never_another_record() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        filled(&path).await;
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() - 1 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let error = loaded(&path).await.unwrap_err();
            assert!(
                matches!(error, DeliveryLogError::Damaged { .. }),
                "{at}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn a_second_one_that_opens_the_file_is_refused_also_after_it_was_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = FileDeliveryLog::open(&path).unwrap();
        let refused = || {
            matches!(
                FileDeliveryLog::open(&path),
                Err(DeliveryLogError::InUse { .. })
            )
        };
        assert!(refused());
        log.replace(&records(0..1)).await.unwrap();
        assert!(refused());
        drop(log);
        assert!(FileDeliveryLog::open(&path).is_ok());
    }
}

use std::fs::File;
use std::io;

use super::{ContentBytes, StoreDir};
use crate::kv::{ByteSize, KvError, Space};

/// How much of its file a database takes for what it holds, at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// So many bytes of file for each byte of key and value, once it has been in use for long.
    pub(crate) overhead: u64,
}

impl Footprint {
    /// The space of a store whose data is in this file.
    ///
    /// A database does not give all that was deleted back to the disk: what its file has above
    /// what its content can need is counted as left.
    pub(crate) fn space(
        self,
        data: &File,
        dir: &StoreDir,
        content: ContentBytes,
    ) -> Result<Space, KvError> {
        let measured = taken(data).and_then(|taken| Ok((taken, dir.free_bytes()?)));
        let failed = |e| KvError::io(format!("measure {}", dir.path().display()), e);
        let (taken, free) = measured.map_err(failed)?;
        Ok(self.split(taken, free, content))
    }

    fn split(self, taken: u64, free: Option<u64>, content: ContentBytes) -> Space {
        let used = taken.min(content.get().saturating_mul(self.overhead));
        Space {
            used: ByteSize::new(used),
            left: free.map(|free| ByteSize::new(free.saturating_add(taken - used))),
        }
    }
}

/// The bytes that a file takes on its disk: it may have holes.
#[cfg(unix)]
fn taken(file: &File) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.blocks().saturating_mul(512))
}

#[cfg(not(unix))]
fn taken(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(taken: u64, content: u64) -> (u64, u64) {
        let footprint = Footprint { overhead: 3 };
        let space = footprint.split(taken, Some(1_000), ContentBytes::new(content));
        (space.used.get(), space.left.unwrap().get())
    }

    #[test]
    fn a_file_that_has_grown_with_its_content_is_all_in_use() {
        assert_eq!(split(250, 100), (250, 1_000));
    }

    #[test]
    fn what_a_file_has_above_its_contents_need_will_be_used_again() {
        assert_eq!(split(900, 100), (300, 1_600));
        assert_eq!(split(900, 0), (0, 1_900));
    }

    #[test]
    fn a_disk_that_nobody_asks_leaves_no_bound() {
        let space = Footprint { overhead: 1 }.split(5, None, ContentBytes::new(3));
        assert_eq!(space.left, None);
    }
}

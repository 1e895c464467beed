use std::io;

use crate::embedded::catch_panic;
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// Why sled did not do what it was asked to.
#[derive(Debug)]
pub(super) enum Fault {
    /// It panicked, as it does on damaged files. What it has in memory is not to be trusted.
    Panic(String),
    Sled(::sled::Error),
}

impl Fault {
    /// Calls sled so that its panics end here.
    pub(super) fn catch<T>(call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, Self> {
        match catch_panic(call) {
            Ok(done) => done.map_err(Self::Sled),
            Err(text) => Err(Self::Panic(text)),
        }
    }

    pub(super) const fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }

    /// Whether the disk or the quota is full.
    pub(super) fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Sled(::sled::Error::Io(e)) if matches!(e.kind(), StorageFull | QuotaExceeded))
    }

    /// Whether sled found its own lock taken. It has no error of its own for that.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Sled(::sled::Error::Io(e)) if e.to_string().contains("could not acquire lock"))
    }

    /// The error of our API, and what was being done.
    pub(super) fn into_error(self, doing: &str) -> KvError {
        match self {
            Self::Panic(text) => damaged(format!("{doing}: sled panicked: {text}")),
            Self::Sled(error) if is_damage(&error) => damaged(doing).caused_by(error),
            Self::Sled(::sled::Error::Io(e)) => KvError::io(doing, e),
            Self::Sled(error) => KvError::io(doing, error),
        }
    }
}

fn damaged(what: impl Into<String>) -> KvError {
    KvError::new(ErrorKind::Damaged, what)
}

/// `Unsupported` is damage because every store has the same settings: sled says
/// so only where its settings file holds others.
fn is_damage(error: &::sled::Error) -> bool {
    use ::sled::Error::{CollectionNotFound, Corruption, Io, Unsupported};
    match error {
        Corruption { .. } | Unsupported(_) | CollectionNotFound(_) => true,
        Io(e) => matches!(
            e.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_sled_becomes_damage_with_its_message() {
        let fault = Fault::catch::<()>(|| panic!("page {} is gone", 7)).unwrap_err();
        let error = fault.into_error("read");
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().contains("page 7 is gone"), "{error}");
    }

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(Fault::Sled(::sled::Error::Io(full)).is_full());
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(!Fault::Sled(::sled::Error::Io(other)).is_full());
    }
}

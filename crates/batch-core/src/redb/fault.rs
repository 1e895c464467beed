use std::io;

use crate::embedded::catch_panic;
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// Why redb did not do what it was asked to.
#[derive(Debug)]
pub(super) enum Fault {
    /// It panicked, as it may on damaged files. What it has in memory is not to be trusted.
    Panic(String),
    Redb(::redb::Error),
}

impl Fault {
    /// Calls redb so that its panics end here.
    pub(super) fn catch<T>(call: impl FnOnce() -> Result<T, ::redb::Error>) -> Result<T, Self> {
        match catch_panic(call) {
            Ok(done) => done.map_err(Self::Redb),
            Err(text) => Err(Self::Panic(text)),
        }
    }

    pub(super) const fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }

    /// Whether redb found its own lock taken.
    pub(super) const fn is_held(&self) -> bool {
        use ::redb::Error::{DatabaseAlreadyOpen, LockProtocolMismatch};
        matches!(self, Self::Redb(DatabaseAlreadyOpen | LockProtocolMismatch))
    }

    /// The error of our API, and what was being done.
    pub(super) fn into_error(self, doing: &str) -> KvError {
        match self {
            Self::Panic(text) => KvError::new(
                ErrorKind::Damaged,
                format!("{doing}: redb panicked: {text}"),
            ),
            Self::Redb(::redb::Error::Io(e)) if !is_damage_of_file(&e) => KvError::io(doing, e),
            Self::Redb(error) => KvError::new(kind(&error), doing).caused_by(error),
        }
    }
}

/// Errors about tables are damage because every store has the same tables.
fn kind(error: &::redb::Error) -> ErrorKind {
    use ::redb::Error as E;
    match error {
        E::Corrupted(_)
        | E::Io(_)
        | E::UpgradeRequired(_)
        | E::RepairAborted
        | E::TableTypeMismatch { .. }
        | E::TableIsMultimap(_)
        | E::TableIsNotMultimap(_)
        | E::TypeDefinitionChanged { .. }
        | E::TableDoesNotExist(_) => ErrorKind::Damaged,
        E::PreviousIo | E::TransactionPoisoned | E::LockPoisoned(_) => ErrorKind::Refusing,
        _ => ErrorKind::Unavailable,
    }
}

/// redb reports a file that is none of its own, or too short, in these words.
fn is_damage_of_file(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_redb_becomes_damage_with_its_message() {
        let fault = Fault::catch::<()>(|| panic!("page {} is gone", 7)).unwrap_err();
        let error = fault.into_error("read");
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().contains("page 7 is gone"), "{error}");
    }

    #[test]
    fn a_file_that_is_too_short_is_damage_and_one_that_cannot_be_read_is_not() {
        let of = |kind: io::ErrorKind| {
            Fault::Redb(::redb::Error::Io(kind.into()))
                .into_error("open")
                .kind()
        };
        assert_eq!(of(io::ErrorKind::UnexpectedEof), ErrorKind::Damaged);
        assert_eq!(of(io::ErrorKind::StorageFull), ErrorKind::Unavailable);
    }
}

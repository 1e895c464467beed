use std::fmt;

use batch_core::storage::ErrorKind;

use super::{StorageCall, StorageMethod};

/// How a call of a [`FaultyStorage`](super::FaultyStorage) fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not done, and fails with an error of this kind.
    Fails(ErrorKind),
    /// It is not done, and the caller is told that it is in doubt. The store then refuses
    /// writes until [`reopened`](super::FaultyStorage::reopened).
    InDoubtNotDone,
    /// It is done, and the caller is told that it is in doubt. The store then refuses
    /// writes until [`reopened`](super::FaultyStorage::reopened).
    InDoubtDone,
}

/// Which call a fault strikes. It strikes once.
pub struct When(Which);

enum Which {
    Number(u64),
    Matching(Box<dyn FnMut(&StorageCall) -> bool + Send>),
}

impl When {
    /// The call with this number, from 1, of all calls since the store was made.
    #[must_use]
    pub const fn call(number: u64) -> Self {
        Self(Which::Number(number))
    }

    /// The next call of a method.
    #[must_use]
    pub fn next(method: StorageMethod) -> Self {
        Self::matching(move |call| call.method == method)
    }

    /// The first call for which this says so; it is asked about each in turn.
    #[must_use]
    pub fn matching(which: impl FnMut(&StorageCall) -> bool + Send + 'static) -> Self {
        Self(Which::Matching(Box::new(which)))
    }

    pub(super) fn strikes(&mut self, call: &StorageCall) -> bool {
        match &mut self.0 {
            Which::Number(number) => call.number == *number,
            Which::Matching(which) => which(call),
        }
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Which::Number(number) => write!(f, "When::call({number})"),
            Which::Matching(_) => f.write_str("When::matching(..)"),
        }
    }
}

use std::sync::OnceLock;

use crate::kv::KvError;
use crate::storage::ErrorKind;

/// Whether writes are refused since one failed, and why.
#[derive(Debug, Default)]
pub(crate) struct FailStop {
    /// Set once, by the first failure.
    why: OnceLock<String>,
}

impl FailStop {
    /// Refuses all writes from now on.
    pub(crate) fn fail(&self, why: impl Into<String>) {
        let _ = self.why.set(why.into());
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.why.get().is_some()
    }

    /// Lets a write pass if none has failed.
    pub(crate) fn check(&self, doing: impl FnOnce() -> String) -> Result<(), KvError> {
        match self.why.get() {
            None => Ok(()),
            Some(why) => Err(KvError::new(ErrorKind::Refusing, doing()).caused_by(why.clone())),
        }
    }
}

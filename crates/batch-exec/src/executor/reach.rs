use std::fmt;
use std::sync::{Arc, Weak};

use batch_core::storage::Storage;

use super::Board;

/// What the attempts of a dispatcher reach of it: one for all of them.
pub(crate) struct Reach {
    /// Where steps are recorded.
    pub(crate) storage: Arc<dyn Storage>,
    /// Where attempts report; it has those that wait to begin, which have this.
    pub(crate) board: Weak<dyn Board>,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reach")
    }
}

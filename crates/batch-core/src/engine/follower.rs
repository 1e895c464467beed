use super::Engine;
use crate::journal::Sequence;
use crate::storage::StorageError;

/// Follows the journal so that no change between two readings of a state is missed.
///
/// The rule: take a position from [`Follower::moved`], read the state, then say
/// [`Follower::passed`]. A change after the position wakes the next wait, even
/// where the reading has already seen it. A caller that is dropped in between
/// has not passed the position and gets it again.
#[derive(Debug)]
pub(super) struct Follower {
    engine: Engine,
    passed: Option<Sequence>,
}

impl Follower {
    pub(super) const fn new(engine: Engine) -> Self {
        Self {
            engine,
            passed: None,
        }
    }

    /// A position before which nothing is left unread: at once at first, later when the
    /// journal has grown past the position that was passed.
    pub(super) async fn moved(&self) -> Result<Sequence, StorageError> {
        match self.passed {
            None => Ok(Sequence::START),
            Some(position) => self.engine.storage().wait(position).await,
        }
    }

    /// The state was read after this position.
    pub(super) fn passed(&mut self, position: Sequence) {
        self.passed = Some(position);
    }
}

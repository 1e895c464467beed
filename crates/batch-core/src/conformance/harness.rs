use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;

use super::block_on::block_on;
use crate::storage::{Storage, StorageError};
use crate::time::ManualClock;

/// How the suite gets at a backend: one place for one store, and what can be done to it.
///
/// A new harness is made for each case, and for each random day of the model.
#[async_trait]
pub trait Harness: Debug + Send + Sync {
    /// Opens the store at this harness's place: an empty one at the first call.
    ///
    /// Later calls come after a crash: the storage was dropped without ceremony, and what a
    /// durable store acknowledged is there again. Only a suite with `durable: yes` calls twice.
    ///
    /// # Errors
    ///
    /// What the backend says where its store cannot be opened.
    ///
    /// # Cancel safety
    ///
    /// Never dropped midway by the suite.
    async fn open(&self) -> Result<Box<dyn Storage>, StorageError>;

    /// The clock that the store reads, across all openings. Moved only with `time: yes`.
    fn clock(&self) -> &ManualClock;

    /// Makes commits fail from now on; `None` heals the store's ground for the next opening.
    ///
    /// Called only with `faults: yes`.
    fn plan_fault(&self, fault: Option<Fault>) {
        panic!("this harness plans no faults, so {fault:?} cannot be had: say `faults: no(..)`");
    }

    /// Looks at what a story has left in the store's place, once its storage was dropped.
    ///
    /// For a check that only the backend can make, such as
    /// [`verify_map`](crate::kv::verify_map) on an ordered map; it panics where something is
    /// wrong. By default nothing is looked at.
    async fn look_over(&self) {}

    /// How long the store keeps an idempotency key after the end of its batch.
    fn key_retention(&self) -> Duration {
        Duration::from_secs(24 * 60 * 60)
    }

    /// How many random days the model lives by default; fewer for a store that is slow to make.
    fn random_days(&self) -> u32 {
        32
    }

    /// Runs a future of the suite to its end. Several threads may call it at once.
    ///
    /// A backend that needs a runtime hands the future to one with several threads.
    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        block_on(future);
    }
}

/// What happens at a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// So many commits succeed; from then on each is an error, and nothing is written.
    Lose {
        /// How many still succeed.
        after: u64,
    },
    /// So many commits succeed; the next is written whole and is an error all the same, and
    /// from then on each is an error and nothing is written.
    Keep {
        /// How many still succeed.
        after: u64,
    },
}

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::fault::Fault;

/// A key of ours whose value means nothing.
const NOBODY: [u8; 3] = [0, 0, u8::MAX];

/// How long a flush may take before it is woken, and then how often.
const PATIENCE: Duration = Duration::from_secs(1);

/// Wakes a flush that sled forgot.
///
/// When the disk fails the first write of a batch after its last one succeeded,
/// sled notes the error and does not wake the thread that waits in `flush`,
/// which then waits for ever. Any other write wakes it, for it finds the error first.
#[derive(Debug)]
pub(super) struct Nudger {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    closed: Condvar,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    Flushing(Instant),
    Closed,
}

impl Nudger {
    pub(super) fn watch(tree: ::sled::Tree) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Idle),
            closed: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("batchyard-nudge".to_owned())
            .spawn(move || watched.watch(&tree))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Does a flush, which is woken when it takes long.
    pub(super) fn during<T>(&self, flush: impl FnOnce() -> T) -> T {
        *self.shared.state.lock() = State::Flushing(Instant::now());
        let done = flush();
        *self.shared.state.lock() = State::Idle;
        done
    }
}

impl Drop for Nudger {
    /// Returns when the thread has let go of the tree.
    fn drop(&mut self) {
        *self.shared.state.lock() = State::Closed;
        self.shared.closed.notify_all();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread that wakes slow flushes panicked");
        }
    }
}

impl Shared {
    fn watch(&self, tree: &::sled::Tree) {
        let mut nudges: u64 = 0;
        let mut state = self.state.lock();
        loop {
            match *state {
                State::Closed => return,
                State::Flushing(since) if since.elapsed() >= PATIENCE => {
                    drop(state);
                    nudges += 1;
                    nudge(tree, nudges);
                    state = self.state.lock();
                }
                State::Flushing(_) | State::Idle => {}
            }
            if !matches!(*state, State::Closed) {
                self.closed.wait_for(&mut state, PATIENCE);
            }
        }
    }
}

/// On a disk that is only slow this writes a few bytes. Each time others, for sled
/// does not write what is there already.
fn nudge(tree: &::sled::Tree, nudges: u64) {
    let value = nudges.to_be_bytes();
    if let Err(fault) = Fault::catch(|| tree.insert(NOBODY, &value)) {
        tracing::warn!(?fault, "woke a flush that had failed");
    }
}

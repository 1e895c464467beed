use std::collections::VecDeque;
use std::sync::Arc;

use shuttle::sync::Condvar;

use super::flaw::Flaw;
use super::mutex::Mutex;

/// A channel without a bound, as `crossbeam_channel` has it.
pub(super) fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    let state = State {
        queue: VecDeque::new(),
        senders: 1,
        receives: true,
    };
    let channel = Arc::new(Channel {
        state: Mutex::new(state),
        moved: Condvar::new(),
    });
    let receiver = Receiver(Arc::clone(&channel));
    (Sender(channel), receiver)
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum TryRecvError {
    Empty,
    Disconnected,
}

/// The other side is gone; what was sent comes back.
#[derive(Debug)]
pub(super) struct Disconnected<T>(pub(super) Option<T>);

struct Channel<T> {
    state: Mutex<State<T>>,
    moved: Condvar,
}

struct State<T> {
    queue: VecDeque<T>,
    senders: usize,
    receives: bool,
}

pub(super) struct Sender<T>(Arc<Channel<T>>);

impl<T> Sender<T> {
    pub(super) fn send(&self, message: T) -> Result<(), Disconnected<T>> {
        let mut state = self.0.state.lock();
        if !state.receives {
            return Err(Disconnected(Some(message)));
        }
        state.queue.push_back(message);
        drop(state);
        self.0.moved.notify_one();
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.state.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // A test that fails takes everything down: no steps any more.
        if std::thread::panicking() {
            return;
        }
        let mut state = self.0.state.lock();
        state.senders -= 1;
        let mut lost = VecDeque::new();
        if state.senders == 0 && Flaw::LosesWhatIsQueued.is_here() {
            lost = std::mem::take(&mut state.queue);
        }
        drop(state);
        drop(lost);
        self.0.moved.notify_one();
    }
}

pub(super) struct Receiver<T>(Arc<Channel<T>>);

impl<T> Receiver<T> {
    pub(super) fn recv(&self) -> Result<T, Disconnected<T>> {
        let mut state = self.0.state.lock();
        loop {
            if let Some(message) = state.queue.pop_front() {
                return Ok(message);
            }
            if state.senders == 0 {
                return Err(Disconnected(None));
            }
            state = self.0.moved.wait(state).unwrap();
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.0.state.lock();
        match state.queue.pop_front() {
            Some(message) => Ok(message),
            None if state.senders == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut state = self.0.state.lock();
        state.receives = false;
        let mut queued = VecDeque::new();
        if !Flaw::KeepsWhatIsQueued.is_here() {
            queued = std::mem::take(&mut state.queue);
        }
        // Not under the lock: what is dropped may hold senders of this channel.
        drop(state);
        drop(queued);
    }
}

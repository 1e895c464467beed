//! The face of `kv/threads.rs` on shuttle.

pub(super) use shuttle::thread::{Builder, JoinHandle, current};

pub(super) use super::channel::{Receiver, Sender, TryRecvError, unbounded};
pub(super) use super::mutex::Mutex;

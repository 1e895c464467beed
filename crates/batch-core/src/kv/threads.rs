//! What the owner is built of: a thread, a channel and a lock.
//!
//! `shuttled/threads.rs` has the same face on shuttle, which tries in which orders threads may go.

pub(super) use std::thread::{Builder, JoinHandle, current};

pub(super) use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
pub(super) use parking_lot::Mutex;

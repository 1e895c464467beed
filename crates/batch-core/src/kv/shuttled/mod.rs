//! The owner and the storage on it once more, word for word, on the threads of shuttle.
//!
//! Shuttle runs threads as coroutines, one step at a time, and chooses at each lock, at each
//! message and at each wait who goes next. So a test sees thousands of orders that a machine
//! shows once in a year, and a failure prints the schedule that repeats it. The files are those
//! of production, compiled a second time with [`threads`] in place of `kv/threads.rs`.
//!
//! What it does not see: orders inside the steps of tokio's `oneshot` and `watch`, which are
//! atomic here, and what a weak memory model allows.
//!
//! `BATCHYARD_SCHEDULES` says how many schedules each scheduler tries, `SHUTTLE_RANDOM_SEED`
//! with which seed it begins.
#![allow(
    clippy::duplicate_mod,
    dead_code,
    unreachable_pub,
    reason = "the same files on purpose, and not all of each is used here"
)]

#[path = "../kv_storage.rs"]
mod kv_storage;
#[path = "../owner.rs"]
mod owner;
#[path = "../patient_claim.rs"]
mod patient_claim;
#[path = "../storage_for_kv.rs"]
mod storage_for_kv;
#[path = "../yard.rs"]
mod yard;

mod caught;
mod channel;
mod closing;
mod committing;
mod flaw;
mod ground;
mod mutex;
mod schedules;
mod threads;
mod waiting;
mod watched_kv;
mod working;

use kv_storage::KvStorage;

use super::{KvOptions, KvTraits, OrderedKv, belongings, machine, parcel, prepare, settle_slices};

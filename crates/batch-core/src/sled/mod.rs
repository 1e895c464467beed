//! An ordered map on sled 0.34, made to keep what it acknowledged.
//!
//! sled is small and pure Rust, and it is quick. By itself it also loses, hides
//! or locks away what it was given. [`SledKv`] stands between:
//!
//! | What sled 0.34.7 does | What is done about it here |
//! |---|---|
//! | `flush` writes the pages of a range and syncs neither the size of the file nor the disk's cache | each commit ends in one `fdatasync` on a handle of our own, opened before sled's |
//! | a database that was just made is not whole on the disk | it is made under a temporary mark, synced with all directories above it, and named last; a creation that was cut short is begun anew |
//! | killed while it recovers, it leaves `snap.*.generating` and does not open again | such files are removed under our lock |
//! | pages above 128 KiB go to files that it never syncs | no value above [`SledKv::VALUE_LIMIT`], no pair above [`SledKv::PAIR_LIMIT`] |
//! | without its periodic flush it collects no segment | the flush cannot be turned off |
//! | batches of many keys, and long scans, starve its garbage collection | the collection is pushed after each batch |
//! | it skips log records that it cannot read, and rows are gone or fall back to older values | the number of the last commit and a sum over all rows are in each batch, the number also in a file of our own; both are checked at open |
//! | its cache counts in units of its own, and what one check of all rows brings in stays | the check has a sled of its own, which is closed before the store is opened |
//! | it does not open where its snapshot is damaged, or points past the end of the log | to salvage what there is, the log is read without ([`SledKv::rescue`]); a store that is opened stays shut |
//! | it panics on damaged files | panics end here, as `Damaged` |
//! | a write that fails after the last one of its batch succeeded leaves `flush` waiting for ever | a thread wakes flushes that take longer than a second |
//! | it cannot open on a full disk, because it writes in order to open | a ballast file is given up when there is no room, and taken again later |
//! | it keeps its lock for a moment after it was dropped | dropping waits for that |
//! | its lock does not say who has it | our own lock file holds the pid |
//!
//! # What it promises
//!
//! When a commit returns, it and all before it outlive the process and a power
//! cut, if the disk keeps what it said it synced. A commit is there whole or
//! not at all. After a failed write or sync every commit is refused until the
//! store is opened again, and no sync is tried twice; reads go on as long as
//! sled answers. Damage is a typed error: at open by default, because
//! everything is read then, or with [`OpenCheck::LastCommit`] whenever sled or
//! a checksum above finds it.
//!
//! The mark, `batchyard.mark`, is written *after* a commit is durable, so that
//! it never asks for more than was acknowledged or kept. It is itself synced at
//! open, at close and once in 1,024 commits: after a power cut it may lag by so
//! many, and the end of the log may then be cut off by other damage without
//! being missed.
//!
//! # What it does not promise
//!
//! - Repair. A damaged store stays shut: restore a snapshot, or see what
//!   [`salvage`](crate::kv::salvage) saves of it ([`SledKv::rescue`] opens a copy of its files).
//! - Opening leaves a damaged log changed, as sled clears what it takes for a torn tail.
//! - File systems without `flock`, such as some network mounts: two processes may then both open.
//! - A panic in one of sled's own threads stops sled in the whole process, other stores included.
//!
//! # Where it lives
//!
//! Beside sled's `db`, `conf`, `blobs` (which stays empty) and `snap.*`:
//! `batchyard.lock`, `batchyard.mark`, `batchyard.ballast`. A directory that
//! holds something else, and a sled database that this module did not make, are
//! refused and left alone: without a mark nothing could tell whether they are whole.
//!
//! # Figures
//!
//! From a virtual machine with two cores and other work on them, ext4, 0.1 ms for an
//! `fdatasync`; `examples/sled_churn.rs` prints your own.
//!
//! | | |
//! |---|---|
//! | power cuts simulated from a trace of the system calls | 2,268: no acknowledged commit lost, every store opened |
//! | the same without our `fdatasync` | 95 of 179 lost commits or did not open |
//! | bits flipped, in the log of a killed and of a reopened store | 1,300 trials: 838 harmless, 462 found out, none silent, no panic, no hang |
//! | the same without the sum over the rows | 1,200 trials: 115 silent |
//! | log cut short | 600 trials: 569 found out, 31 harmless (what was cut held nothing) |
//! | batches of 84 × 3,600 bytes in, the oldest out, 20 kept | 480 commits/s, 14 MB resident, 21 MB on disk, level |
//! | 3,000 × 300 bytes, a key each, 3 kept, 150 commits | 47 MB resident, 18 MB on disk, level |
//! | the same without a push to the garbage collection and without the reads for the sum | 1,769 MB and 416 MB, growing |
//! | commits of one row of 100 bytes | about 3,000 a second |
//! | opening a million queued runs of 200 bytes, 347 MiB, all rows checked | 0.14 s, 17 MiB resident, 7 MiB more than with a thousand |
//! | the same checked in the sled that is then used | 0.22 s, 61 MiB resident |
//!
//! # Advisories
//!
//! sled brings `fxhash` and `instant`, both marked as unmaintained
//! (RUSTSEC-2025-0057, RUSTSEC-2024-0384). Neither has a known fault, and sled
//! 0.34 will not replace them. `crossbeam-epoch` must be 0.9.20 or newer and is
//! asked for as such. Another store is one implementation of
//! [`OrderedKv`](crate::kv::OrderedKv) away.

mod ballast;
mod checking;
mod content_sum;
mod fault;
mod guarded_db;
mod key_space;
mod last_commit;
mod layout;
mod nudger;
mod opening;
mod recovery;
mod room;
mod sled_copy;
mod sled_kv;
mod sled_options;
mod sled_storage;

pub(crate) use layout::LAYOUT;
pub use sled_kv::SledKv;
pub use sled_options::{OpenCheck, SledOptions};
pub use sled_storage::SledStorage;

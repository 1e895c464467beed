//! An ordered map on an append-only log of our own.
//!
//! A store is a directory with the segments of its log, a lock and a mark in it. A commit is one
//! record that is appended to the newest segment, in one write and one sync; the mark tells the
//! number of the last one, so that a log that has fewer is found out. Where the value of each key
//! is stands in memory, and is found out by reading the whole log when it is opened.
//!
//! When more than half of the log is dead, each commit carries what is live in the oldest segment
//! on to the newest, a bounded amount, and a segment of which nothing is needed is deleted. After
//! a failed commit the store takes no more of them until it is opened again, and may still be
//! read.
//!
//! ```no_run
//! # use batch_core::engine::Engine;
//! use batch_core::log::LogStorage;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(LogStorage::open("jobs")?).await?;
//! # Ok(())
//! # }
//! ```

mod carrier;
mod commit_head;
mod compaction;
mod damage;
mod encoded_commit;
mod entry;
mod index;
mod layout;
mod log_copy;
mod log_kv;
mod log_options;
mod log_reader;
mod log_storage;
mod next_head;
mod open_log;
mod opening;
mod place;
mod read_at;
mod scanner;
mod segment;
mod segment_head;
mod segment_number;
mod segments;
mod table;

pub(crate) use layout::LAYOUT;
pub use log_kv::LogKv;
pub use log_options::LogOptions;
pub use log_storage::LogStorage;

//! The engine and its dispatcher for hosts without an async runtime.
//!
//! [`BlockingEngine`] owns a small runtime on a thread of its own. Every call
//! blocks the calling thread until it has its answer; executors are plain
//! closures, each on a thread of a pool.
//!
//! ```
//! use batch_core::{memory::MemoryStorage, request::Input};
//! use batch_exec::Outcome;
//! use batch_exec::blocking::BlockingEngine;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = BlockingEngine::open(MemoryStorage::new())?;
//! let dispatcher = engine
//!     .dispatcher()
//!     .workflow("count-words", |run| Ok(Outcome::done(run.text()?.split_whitespace().count())))
//!     .start()?;
//! let batch = engine.submit("count-words", [Input::text("one two")])?.wait()?;
//! assert_eq!(batch.counts.processed, 1);
//! dispatcher.shutdown()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Inside a runtime
//!
//! All of this works in async code too and never panics there. It blocks the
//! thread, though, and with it whatever else that thread would do.
//!
//! # What has no blocking form
//!
//! [`BlockingEngine::block_on`] waits for any future of the async API:
//! `engine.block_on(engine.engine().submit_all(request, inputs))`.

mod blocking_batch;
mod blocking_dispatcher;
mod blocking_dispatcher_builder;
mod blocking_engine;
mod blocking_fn;
mod blocking_runs;
mod blocking_step;
mod open_error;
mod runtime_thread;
mod wake_up;

pub use blocking_batch::BlockingBatch;
pub use blocking_dispatcher::BlockingDispatcher;
pub use blocking_dispatcher_builder::BlockingDispatcherBuilder;
pub use blocking_engine::BlockingEngine;
pub use blocking_fn::{BlockingFn, blocking_fn};
pub use blocking_runs::BlockingRuns;
pub use blocking_step::step;
pub use open_error::OpenError;

//! Executes the runs of Batchyard batches.
//!
//! A [`Dispatcher`] claims runs from the engine's storage, hands them to the
//! host's code, and records how they ended. The host's code is an
//! [`Executor`], most simply a closure.
//!
//! ```
//! use batch_core::{engine::Engine, memory::MemoryStorage, request::Input};
//! use batch_exec::{Dispatcher, Outcome, RunContext};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(MemoryStorage::new()).await?;
//! let dispatcher = Dispatcher::builder(&engine)
//!     .workflow("count-words", |run: RunContext| async move {
//!         Ok(Outcome::done(run.text()?.split_whitespace().count()))
//!     })
//!     .start()
//!     .await?;
//! let invoices = (1..=100).map(|n| Input::text(format!("invoice {n}")));
//! let batch = engine.submit("count-words", invoices).await?.wait().await?;
//! assert_eq!(batch.counts.processed, 100);
//! println!("{batch}"); // 100 processed, 0 failed in 12 ms
//! dispatcher.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How an attempt ends
//!
//! | the executor … | is recorded as |
//! |---|---|
//! | returns [`Outcome::done`] | processed, with its output |
//! | returns [`Outcome::fail`] | failed, whatever the retry policy says |
//! | returns [`Outcome::retry`] or an error | failed attempt: another one, or failed, as the [`RetryPolicy`] says |
//! | returns [`Outcome::needs_review`] | in review, with its output so far: a person approves or rejects it |
//! | returns [`Outcome::snooze`] | put back until later, no attempt counted; a final failure past a bound |
//! | panics | failed attempt, `PANICKED`, with the message |
//! | takes longer than `run_timeout` | told to stop, a grace later dropped: failed attempt, `TIMED_OUT` |
//! | is told to stop by a cancel | cancelled, whatever it returns |
//! | is told to stop by a shutdown | processed if it still gets done, else given back and nothing counted |
//! | loses its process | interrupted: it runs again, and no attempt is counted |
//!
//! So every run ends exactly once, and is executed at least once: an effect of
//! an executor can repeat. [`RunContext::idempotency_key`] is the same each time, and what
//! [`RunContext::step`] has recorded is not done again.
//!
//! # Events
//!
//! [`DispatcherBuilder::sink`](dispatcher::DispatcherBuilder::sink) adds an
//! [`EventSink`], most simply a closure `|event: &Event|`, and a [`SinkStart`];
//! [`sink_with`](dispatcher::DispatcherBuilder::sink_with) one that wants some events only.
//! Every transition reaches it after the commit it reports, in order, at least
//! once, from a durable cursor on.
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`dispatcher`] | claims, executes, records: begin here |
//! | [`executor`] | what the host implements to perform runs |
//! | [`retry`] | whether there is another attempt, and when |
//! | [`retention`] | how long finished batches are kept, and who deletes them |
//! | [`sink`] | what the host implements to receive events |
//! | `testing` | for the tests of a host: everything inline, no task (feature `testing`) |
//! | [`blocking`] | all of it for hosts without an async runtime |
//! | `command` | an executor that runs a command once per file (feature `command`, Unix) |
//! | `webhook` | a sink that sends events to a url, signed (feature `webhook`) |
//! | `fetch` | fetches a run's file by url (feature `fetch`) |
//! | `http` | an executor that posts runs to a service (feature `http-executor`) |
//! | `metrics` | counts and times for the facade of that name (feature `metrics`) |
//! | `outbound` | a client for urls that others have chosen (feature `outbound`) |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod blocking;
#[cfg(all(feature = "command", unix))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "command", unix))))]
pub mod command;
pub mod dispatcher;
mod error_chain;
pub mod executor;
#[cfg(feature = "fetch")]
#[cfg_attr(docsrs, doc(cfg(feature = "fetch")))]
pub mod fetch;
mod guard;
#[cfg(feature = "http-executor")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-executor")))]
pub mod http;
mod meter;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub mod metrics;
#[cfg(feature = "outbound")]
#[cfg_attr(docsrs, doc(cfg(feature = "outbound")))]
pub mod outbound;
pub mod retention;
pub mod retry;
pub mod sink;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
#[cfg(feature = "webhook")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhook")))]
pub mod webhook;

/// For implementing [`Executor`] and [`EventSink`], whose methods are async.
pub use async_trait::async_trait;
/// Where a new sink begins.
pub use batch_core::storage::SinkStart;
pub use dispatcher::Dispatcher;
pub use executor::{Executor, ExecutorError, Outcome, RunContext};
pub use retention::{Pruner, Retention};
pub use retry::RetryPolicy;
pub use sink::EventSink;

/// The program of the page on webhooks.
#[cfg(all(doctest, feature = "webhook"))]
#[doc = include_str!("../../../docs/webhooks.md")]
struct Webhooks;

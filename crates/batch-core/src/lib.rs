//! Batches of workflow runs on storage of your choice.
//!
//! Hand the [`Engine`](engine::Engine) up to 1,000 inputs at once, and every one
//! of them becomes one run of a workflow, executed to a recorded end, with
//! nothing lost on the way. There is no server: the engine lives in your
//! process, on a storage that you choose.
//!
//! This crate takes batches in, keeps them, and says how they stand. What executes the runs is
//! the dispatcher of the crate `batch-exec`.
//!
//! # A batch, submitted and read
//!
//! ```
//! use batch_core::engine::{Engine, RunFilter};
//! use batch_core::id::WorkflowId;
//! use batch_core::memory::MemoryStorage;
//! use batch_core::request::Input;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(MemoryStorage::new()).await?;
//! engine.ensure_deployed(WorkflowId::new("count-words")?).await?;
//!
//! let invoices = (1..=3).map(|n| Input::text(format!("invoice {n}")));
//! let batch = engine.submit("count-words", invoices).await?;
//!
//! let now = batch.get().await?;
//! assert_eq!(now.to_string(), "0 of 3 ended: 0 processed, 0 failed, 3 pending");
//!
//! let mut runs = batch.runs(RunFilter::default());
//! while let Some(run) = runs.next().await? {
//!     println!("{} {}", run.id, run.state); // workflow_run_0199…_0 PENDING
//! }
//! # Ok(())
//! # }
//! ```
//!
//! With a dispatcher at work, `batch.wait().await?` gives the batch when all of its runs have
//! ended, and printing it says `3 processed, 0 failed in 12 ms`.
//!
//! # Options, and doing it once
//!
//! A batch is checked whole: every problem of every input is reported at once,
//! before anything is written. With an idempotency key a submit can be repeated
//! without making a second batch.
//!
//! ```
//! # use batch_core::engine::{Engine, Replay};
//! # use batch_core::id::WorkflowId;
//! # use batch_core::memory::MemoryStorage;
//! # use batch_core::request::{BatchRequest, Input};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let engine = Engine::open(MemoryStorage::new()).await?;
//! # engine.ensure_deployed(WorkflowId::new("count-words")?).await?;
//! let request = BatchRequest::new("count-words")
//!     .priority(10)
//!     .idempotency_key("2026-11-23")
//!     .input(Input::file_url("https://example.com/7.pdf").with_metadata_json(r#"{"invoice": 7}"#));
//!
//! let batch = engine.submit_batch(request.clone()).await?;
//! let again = engine.submit_batch(request).await?;
//! assert_eq!(again.id(), batch.id());
//! assert_eq!(again.replayed(), Replay::Replayed);
//!
//! let refused = engine.submit("count-words", [Input::default(), Input::file_id("")]).await;
//! let refused = refused.unwrap_err().to_string();
//! assert_eq!(refused.lines().next(), Some("the batch is refused: 2 problems"));
//! assert!(refused.contains("\ninput 1 at /file/id: "));
//! # Ok(())
//! # }
//! ```
//!
//! # More than one batch holds
//!
//! A *submission* takes any number of inputs, from an iterator or a stream, and
//! cuts them into batches. It is waited for, counted and cancelled as one, and
//! continued under its key when its process was killed midway.
//!
//! ```
//! # use batch_core::engine::{Engine, SubmissionRequest};
//! # use batch_core::id::WorkflowId;
//! # use batch_core::memory::MemoryStorage;
//! # use batch_core::request::Input;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let engine = Engine::open(MemoryStorage::new()).await?;
//! # engine.ensure_deployed(WorkflowId::new("count-words")?).await?;
//! let request = SubmissionRequest::new("count-words").idempotency_key("archive");
//! let inputs = (0..2_500).map(|n| Input::file_id(format!("/archive/{n}.pdf")));
//! let submission = engine.submit_all(request, inputs).await?;
//!
//! let progress = submission.progress().await?;
//! assert_eq!((progress.batches, progress.inputs), (3, 2_500));
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`engine`] | submit, read, wait, control, answer reviews: begin here |
//! | [`request`], [`valid`] | what a caller says, and what it is once it has been checked |
//! | [`batch`], [`run`], [`catalogue`], [`id`], [`ordinal`] | what is read back |
//! | [`journal`] | what happened, in order, for whoever delivers events |
//! | [`storage`] | the seam behind which all of this is kept |
//! | [`memory`], `sled`, `redb`, `log` | storage that ends with the process, and storage that outlives it |
//! | `embedded` | which of these made the store in a directory |
//! | `failpoint` | places at which a test ends the process (a feature, never for use) |
//! | `conformance` | the suite that shows whether a storage keeps the contract (a feature) |
//! | [`kv`] | a storage from any ordered map of bytes |
//! | [`time`] | time as a value that is passed in |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod batch;
pub mod catalogue;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(any(feature = "log", feature = "redb", feature = "sled"))]
pub mod embedded;
pub mod engine;
#[cfg(feature = "failpoints")]
pub mod failpoint;
#[cfg(not(feature = "failpoints"))]
mod failpoint;
pub mod id;
pub mod journal;
pub mod kv;
#[cfg(feature = "log")]
pub mod log;
pub mod memory;
pub mod ordinal;
#[cfg(feature = "redb")]
pub mod redb;
pub mod request;
pub mod run;
#[cfg(feature = "sled")]
pub mod sled;
pub mod storage;
pub mod time;
pub mod valid;

//! For the tests of a host: an engine that works only when it is told to.
//!
//! A [`TestEngine`] keeps everything in memory, has a clock that stands still, ids that are
//! the same each time, and no task: [`step`](TestEngine::step) claims one run, executes it,
//! records its end and tells the sinks, all before it returns. So a test needs no waiting,
//! no polling and no luck.
//!
//! ```
//! use batch_core::request::Input;
//! use batch_core::run::RunState;
//! use batch_exec::testing::{RecordingSink, Script, ScriptedExecutor, TestEngine};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mails = ScriptedExecutor::new(Script::FailTimes(1)).on(2, Script::Panic("no paper".into()));
//! let heard = RecordingSink::new();
//! let test = TestEngine::builder()
//!     .workflow("send-mail", mails.clone())
//!     .sink("audit", heard.clone())
//!     .open()
//!     .await?;
//!
//! let batch = test.engine().submit("send-mail", (0..3).map(|n| Input::text(format!("{n}")))).await?;
//! test.drain().await?; // every first attempt; what failed waits for its time
//! test.check(batch.id()).await.unfinished().in_state(RunState::Pending, 3);
//! test.drain_all().await?; // lets the clock run to each due time
//!
//! test.check(batch.id()).await.finished().processed(2).failed_with(2, "PANICKED").attempts(2, 3);
//! assert_eq!(heard.names().last(), Some(&"batch.finished"));
//! # Ok(())
//! # }
//! ```
//!
//! | part | what |
//! |---|---|
//! | [`TestEngine`] | the engine, its clock, and its work by hand |
//! | [`ScriptedExecutor`] | an executor that does as it is told, and remembers its calls |
//! | [`RecordingSink`] | a sink that keeps what it receives, and fails when told to |
//! | [`BatchCheck`] | assertions on a batch that say in words what there is instead |
//! | [`FaultyStorage`] | a store whose calls fail, or stay in doubt, where a test wants it |
//!
//! Time of the engine is the [`ManualClock`](batch_core::time::ManualClock) of the test. The
//! time limit of an attempt, and what an executor itself sleeps, are tokio's time: pause
//! it with `#[tokio::test(start_paused = true)]`.

mod batch_check;
mod counted_ids;
mod fault;
mod faulty_storage;
mod recording_sink;
mod script;
mod scripted_executor;
mod step;
mod storage_call;
mod test_engine;
mod test_engine_builder;

pub use batch_check::BatchCheck;
pub use fault::{Fault, When};
pub use faulty_storage::FaultyStorage;
pub use recording_sink::RecordingSink;
pub use script::Script;
pub use scripted_executor::{ScriptedCall, ScriptedExecutor};
pub use step::{Drained, Step};
pub use storage_call::{StorageCall, StorageMethod};
pub use test_engine::TestEngine;
pub use test_engine_builder::TestEngineBuilder;

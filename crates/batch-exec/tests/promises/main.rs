//! What the crate promises, shown on a store in memory.
#![allow(
    clippy::unwrap_used,
    reason = "clippy takes helpers of integration tests for no tests"
)]

mod blocking;
mod cancelling;
#[cfg(all(feature = "command", unix))]
mod commands;
mod deleting;
mod execution;
mod failing_store;
mod fairness;
mod fetching;
mod flaky_storage;
mod http_executor;
mod meter_recorder;
mod metering;
mod observing;
mod pausing;

mod progress_events;
mod reporting;
mod retention;
mod retries;
mod review;
mod services;
mod shutdown;
mod sink_status;
mod sinks;
mod snoozing;
mod stepping;
mod timeouts;
mod waiting;
mod webhook_receiver;
mod webhook_torture;
mod webhook_wire;
mod webhooks;
mod wire_server;
mod yard;

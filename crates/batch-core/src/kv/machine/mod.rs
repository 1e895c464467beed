//! The heart of [`KvStorage`](super::KvStorage): a synchronous state machine without threads.
//!
//! Operations are methods of [`Machine`]; each stages its writes and answers. What
//! is staged becomes durable, all together, when the shell around the machine
//! commits the group; only then may the answers be given out.

mod apply;
mod browse;
mod bucket;
mod cancel;
mod catalogue;
mod claim;
mod claims;
mod delete;
mod expire;
mod flow;
mod gate;
mod give_back;
mod group;
mod insert;
mod interrupt;
mod journal;
mod leases;
mod list_batches;
mod list_runs;
mod live_batch;
mod machine_state;
#[cfg(test)]
pub(super) mod model_check;
mod open;
mod pages;
mod prune;
mod read_ahead;
mod read_inputs;
mod release;
mod review;
mod rewrite_input;
mod room;
mod schedule;
mod settle;
mod settle_ends;
mod sinks;
mod snooze;
mod steps;
mod tenant;
mod tidy;
mod update;
mod view_run;

pub(super) use insert::{PreparedBatch, Staged};
pub(super) use machine_state::Machine;

//! Every order of events, on the very machine that stores run.
//!
//! [`stateright`] drives a [`Machine`](super::Machine) over a map in memory through all
//! that can happen within [`Bounds`](bounds::Bounds): clients that submit again, workers
//! that are late, deaths at any commit, cancels, a sink. A witness keeps what should be
//! true, as plainly as can be, and each state is held against it. `docs/model-checking.md`
//! tells what is modelled; its figures and traces are made here.

mod bounds;
mod day;
mod day_model;
mod explore;
mod fault;
mod fingerprint;
mod journal_witness;
mod model_kv;
mod perform;
mod promise;
mod report;
mod sight;
mod step;
mod survey;
mod tests;
mod witness;

pub(in crate::kv) use model_kv::{Fate, ModelKv};

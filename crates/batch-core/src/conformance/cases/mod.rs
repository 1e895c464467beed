//! The cases, a file a verb. Each quotes the sentence of the contract that it shows.

pub(super) mod cancel;
pub(super) mod catalogue;
pub(super) mod claim;
pub(super) mod close;
pub(super) mod fairness;
pub(super) mod faults;
pub(super) mod flow;
pub(super) mod insert;
pub(super) mod interruption;
pub(super) mod journal;
pub(super) mod limits;
pub(super) mod model;
pub(super) mod pages;
pub(super) mod prune;
pub(super) mod queue;
pub(super) mod race;
pub(super) mod renew;
pub(super) mod reopen;
pub(super) mod review;
pub(super) mod secrets;
pub(super) mod settle;
pub(super) mod sinks;
pub(super) mod submission;
pub(super) mod timing;
pub(super) mod wait;

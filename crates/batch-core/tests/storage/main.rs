//! What `KvStorage` does with the map below it: how much it writes, what it leaves behind, what it
//! notices. What every storage promises is shown by the conformance suite.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod cancel;
mod claim;
mod delete;
#[path = "../conformance/faulty_kv.rs"]
mod faulty_kv;
mod full;
mod gated_kv;
mod golden;
mod group;
mod insert;
mod journal;
mod pages;
mod prune;
mod reopen;
mod secrets;
mod steps;
mod yard;

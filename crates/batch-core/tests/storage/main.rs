//! What every storage promises, told by verb, on a map that is opened again at will.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod cancel;
mod claim;
mod faults;
mod faulty_kv;
mod insert;
mod journal;
mod model;
mod pages;
mod prune;
mod reopen;
mod secrets;
mod settle;
mod yard;

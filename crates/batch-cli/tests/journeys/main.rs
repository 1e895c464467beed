//! The program as its users have it: started, killed, started again.
#![expect(clippy::unwrap_used, reason = "a journey that cannot go on has failed")]

mod care;
mod full;
mod look;
mod name;
mod prune;
mod refuse;
mod resume;
mod retry;
mod run;
mod signal;
mod store;
mod yard;

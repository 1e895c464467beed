//! Random days of work against a model that is obviously right.

mod afterwards;
mod expected;
mod gate;
mod journal_check;
mod known;
mod known_steps;
mod recording;
mod search;
mod step;

pub(super) use search::{Days, search};

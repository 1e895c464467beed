//! Metadata: the caller's JSON object.
//!
//! `serde_json` keeps the last of two equal keys, turns integers beyond 64 bits into floats,
//! prints numbers with other digits than they were given with and descends by recursion. So the
//! structure of the text is walked here, with a stack on the heap, and `serde_json` is asked about
//! scalars alone. A test holds the two against each other.

mod check_metadata;
mod dismantle;
mod number;
mod quote;
mod scanner;
mod scratch;
#[cfg(test)]
mod tests;
mod value_writer;
mod walk;

use scanner::{Scanner, Syntax, Text};
use scratch::{Frame, Kind, Span};
use value_writer::ValueWriter;
use walk::Walk;

pub(super) use check_metadata::check_metadata;
pub(super) use dismantle::dismantle;
pub(super) use scratch::Scratch;

//! The rules of validation. All pure: a request and limits in, a batch or problems out.

mod batch;
mod fairness;
mod finding;
mod input_check;
#[cfg(test)]
mod journey;
mod metadata;
mod name;
mod pointer;
mod problems;
#[cfg(test)]
mod refusal;
mod secrets;
mod source;
mod timing;
mod url;
mod validate;
mod validate_update;

use finding::Finding;
use input_check::{InputCheck, passed};
use pointer::Pointer;
use problems::Problems;

pub use validate::validate;
pub use validate_update::validate_update;

//! Where the crate counts and measures; without the feature `metrics` nothing is done.

mod metric;
mod record;

pub(crate) use metric::Metric;
pub(crate) use record::{count, observe, set};

/// Whether anything is done.
pub(crate) const MEASURES: bool = cfg!(feature = "metrics");

/// The name of a label and its value; one without a value is left out.
pub(crate) type Label<'a> = (&'static str, Option<&'a str>);

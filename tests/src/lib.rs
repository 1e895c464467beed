//! What the journeys across crates share.
#![allow(clippy::unwrap_used)]

pub mod crash;
mod recount;

pub use recount::{all_runs, recount, whole_journal};

/// The README's program, compiled and run as a test of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The programs of the page on testing.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct Testing;

/// The programs of the tutorial. Its fragments are in `tests/book/tutorial.rs`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/tutorial.md")]
struct Tutorial;

/// The programs of the page on scheduling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/scheduling.md")]
struct Scheduling;

/// The programs of the page on human review.
#[cfg(doctest)]
#[doc = include_str!("../../docs/review.md")]
struct Review;

/// The programs of the page on steps.
#[cfg(doctest)]
#[doc = include_str!("../../docs/steps.md")]
struct Steps;

/// The programs of the page on control.
#[cfg(doctest)]
#[doc = include_str!("../../docs/control.md")]
struct Control;

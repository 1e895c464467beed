//! The ordered, durable log of what happened, and the events that readers make of it.

mod alike;
mod entry;
mod event;
mod event_id;
mod event_info;
mod expand;
mod facet;
mod fact;
mod fact_names;
mod fact_weight;
mod sequence;

pub use entry::Entry;
pub use event::{Event, EventKind, RunEvent};
pub use event_id::EventId;
pub use event_info::EventInfo;
pub use expand::{Subject, expand};
pub use facet::Facet;
pub use fact::{Fact, RunEnd, RunInReview, RunRetry, RunReviewed, RunSnooze, RunStart};
pub use sequence::Sequence;

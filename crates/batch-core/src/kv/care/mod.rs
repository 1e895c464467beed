//! Care of a store: a check of all of it, a copy of it while it works, and what can be saved of
//! a damaged one.

mod about;
mod audit;
mod batch_check;
mod batches;
mod body_walk;
mod copy_report;
mod copy_source;
mod copy_target;
mod copy_thread;
mod deleting;
mod finding;
mod finding_kind;
mod frames;
mod ground;
mod idempotency;
mod index;
mod journal_walk;
mod notes;
mod place_words;
mod progress;
mod records;
mod rescued;
mod run_records;
mod runs_check;
mod salvage;
mod salvage_deleted;
mod salvage_journal;
mod salvage_keys;
mod salvage_report;
mod saved_batch;
mod snapshot;
mod steps_check;
mod submissions;
mod tally;
#[cfg(test)]
mod tests;
mod verify;
mod verify_report;
mod walk;

pub use about::About;
pub use copy_report::{Copied, CopyReport};
pub use finding::Finding;
pub use finding_kind::FindingKind;
pub use rescued::Rescued;
pub use salvage::salvage;
pub use salvage_report::{Loss, SalvageReport, Salvaged};
pub use verify::verify_map;
pub use verify_report::{LookedAt, Soundness, VerifyReport};
pub(super) use walk::Walk;

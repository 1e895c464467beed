//! What a caller says, before anything is checked.

mod batch_request;
mod fairness;
mod input;
mod limits;
mod priority;
mod raw_metadata;
mod run_update;
mod secrets;
mod timing;
mod version_selector;

pub use batch_request::BatchRequest;
pub use fairness::Fairness;
pub use input::Input;
pub use limits::Limits;
pub use priority::{InvalidPriority, Priority};
pub use raw_metadata::RawMetadata;
pub use run_update::{NameUpdate, RunUpdate};
pub use secrets::Secrets;
pub use timing::Timing;
pub use version_selector::VersionSelector;

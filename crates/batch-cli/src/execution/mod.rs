//! Running a command on the files of a submission, and telling what came of it.

mod earlier_results;
mod error_groups;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its one main type"
)]
mod execution;
mod interrupts;
mod meter;
mod report;
mod results_file;
mod session;
mod summary;

pub(crate) use execution::{Execution, Stopped};
pub(crate) use interrupts::{Interrupts, Signal};
pub(crate) use report::report;
pub(crate) use results_file::ResultsFile;
pub(crate) use session::Session;

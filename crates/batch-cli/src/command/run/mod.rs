//! `batchyard run`.

mod file_list;
mod file_problems;
mod intake;
mod list_file;
#[expect(
    clippy::module_inception,
    reason = "the file is named after its command"
)]
mod run;
mod submission_name;
mod submit;
mod submitted;

pub(crate) use file_problems::FileProblems;
pub(crate) use run::run;
pub(crate) use submission_name::SubmissionName;

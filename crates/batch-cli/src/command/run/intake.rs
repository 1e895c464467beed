use anyhow::{Error, Result};
use batch_core::engine::{Engine, Interrupted, SubmissionHandle};

use super::SubmissionName;
use super::file_list::FileList;
use super::submit::submit;
use super::submitted::Submitted;
use crate::command::work::interrupted;
use crate::ending::Ending;
use crate::execution::{Execution, Interrupts, Session, Stopped};
use crate::output::counted;

/// Gets files into a store, also into one that has no room for all of them at once.
///
/// Runs that wait keep room for their ends. So where the store is full, those that it has
/// taken are worked off, and what they leave is filled again.
#[derive(Debug)]
pub(super) struct Intake<'a> {
    pub(super) engine: &'a Engine,
    pub(super) name: &'a SubmissionName,
    pub(super) files: &'a FileList,
    pub(super) execution: &'a Execution,
    /// What to do after an end before the end, as half a sentence.
    pub(super) go_on: &'a str,
}

/// What came of an intake.
#[derive(Debug)]
pub(super) enum Taken {
    /// Every file is stored, and this much was worked off meanwhile.
    Whole(SubmissionHandle, Session),
    /// The program is to end.
    Ended(Ending),
}

impl Intake<'_> {
    /// Stores every file.
    ///
    /// # Errors
    ///
    /// What keeps files from being stored; for want of room only when nothing that is stored
    /// is left to be worked off.
    pub(super) async fn perform(&self, interrupts: &mut Interrupts) -> Result<Taken> {
        let (mut session, mut stored) = (Session::default(), 0);
        loop {
            let submitting = submit(self.engine, self.name, self.files);
            let part = match interrupts.unless(submitting).await {
                Ok(submitted) => match submitted? {
                    Submitted::Whole(submission) => return Ok(Taken::Whole(submission, session)),
                    Submitted::Part(part) => part,
                },
                Err(signal) => return Ok(Taken::Ended(interrupted(signal, self.go_on))),
            };
            if part.inputs <= stored {
                return Err(self.no_room(*part).await?);
            }
            stored = part.inputs;
            match self.work_off(&part, interrupts).await? {
                Stopped::Finished(worked) => session = session.and(worked),
                Stopped::Interrupted(signal) => {
                    let progress = part.submission.progress().await?;
                    let more = format!("{progress}; {}", self.go_on);
                    return Ok(Taken::Ended(interrupted(signal, &more)));
                }
            }
        }
    }

    async fn work_off(&self, part: &Interrupted, interrupts: &mut Interrupts) -> Result<Stopped> {
        let (stored, all) = (part.inputs, counted(self.files.len() as u64, "file"));
        eprintln!("batchyard: the store has room for {stored} of {all}: running these first");
        let workflow = self.name.workflow();
        self.execution
            .perform(self.engine, workflow, &part.submission, interrupts)
            .await
    }

    async fn no_room(&self, part: Interrupted) -> Result<Error> {
        let (stored, all, go_on) = (
            part.inputs,
            counted(self.files.len() as u64, "file"),
            self.go_on,
        );
        let progress = part.submission.progress().await?;
        let said = format!(
            "the store has no room for more than {stored} of {all} ({progress}); \
             free space, and {go_on}"
        );
        Ok(Error::new(part.cause).context(said))
    }
}

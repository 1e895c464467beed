use super::result_position::Place;
use super::results_by_completion::ResultsByCompletion;
use super::results_by_input::ResultsByInput;
use super::{Engine, ResultPosition, ResultsError};
use crate::id::SubmissionId;
use crate::run::Run;

/// Gives each run of a submission once it has ended, with its output, to the last.
///
/// It waits for runs that have not ended, and for inputs that are still being submitted. It
/// reads by pages: what it holds in memory does not grow with the submission, but for 20 bytes
/// a batch in the order of completion. Runs that were deleted or pruned are passed over.
///
/// ```no_run
/// # async fn f(submission: batch_core::engine::SubmissionHandle) -> Result<(), Box<dyn std::error::Error>> {
/// use batch_core::engine::ResultOrder;
///
/// let mut results = submission.results(ResultOrder::Completion);
/// while let Some(run) = results.next().await? {
///     println!("{}: {}", run.id, run.state);
///     let resume_here = results.position().to_string();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Results(Reader);

#[derive(Debug)]
enum Reader {
    Input(ResultsByInput),
    Completion(ResultsByCompletion),
}

impl Results {
    pub(super) fn from(engine: Engine, id: SubmissionId, position: ResultPosition) -> Self {
        Self(match position.0 {
            Place::Input { part, ordinal } => {
                Reader::Input(ResultsByInput::new(engine, id, part, ordinal))
            }
            Place::Completion {
                passed,
                of_next,
                given,
            } => Reader::Completion(ResultsByCompletion::new(engine, id, passed, of_next, given)),
        })
    }

    /// The next run that has ended; `None` once every run of the submission was given.
    ///
    /// A submission whose submit was interrupted stays open until it is submitted again with
    /// its key, and so long this waits after the last of its runs.
    ///
    /// # Errors
    ///
    /// [`ResultsError::SubmissionNotFound`] where there is no such submission;
    /// [`ResultsError::Trimmed`], in the order of completion, after the last run where the
    /// journal was pruned past the ends of others; [`ResultsError::Storage`] where the storage
    /// cannot read, and the next call tries again.
    ///
    /// # Cancel safety
    ///
    /// No run is passed over: the next call gives it.
    pub async fn next(&mut self) -> Result<Option<Run>, ResultsError> {
        match &mut self.0 {
            Reader::Input(reader) => reader.next().await,
            Reader::Completion(reader) => reader.next().await,
        }
    }

    /// Where to go on after the run that was given last, in this process or another.
    #[must_use]
    pub fn position(&self) -> ResultPosition {
        ResultPosition(match &self.0 {
            Reader::Input(reader) => reader.place(),
            Reader::Completion(reader) => reader.place(),
        })
    }
}

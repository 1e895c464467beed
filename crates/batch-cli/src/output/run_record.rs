use batch_core::run::Run;
use batch_core::valid::Source;
use batch_exec::command::Captured;
use serde::Serialize;

use super::shown_at::shown_at;

/// A run as it is printed, and as a line of the results.
///
/// Every key is always there; what is not known is `null`.
#[derive(Debug, Serialize)]
pub(crate) struct RunRecord {
    run: String,
    input: String,
    state: &'static str,
    exit_code: Option<i32>,
    signal: Option<i32>,
    attempts: u32,
    interruptions: u32,
    started_at: Option<String>,
    ended_at: Option<String>,
    duration_ms: Option<u64>,
    failure: Option<FailureRecord>,
    stdout: Option<String>,
    stderr: Option<String>,
    stdout_truncated: bool,
    stderr_truncated: bool,
}

#[derive(Debug, Serialize)]
struct FailureRecord {
    reason: String,
    message: String,
}

impl RunRecord {
    pub(crate) fn of(run: &Run) -> Self {
        // Another program's run may have an output of another kind.
        let captured = run.output.as_ref().and_then(|o| o.parse::<Captured>().ok());
        let failure = run.failure.as_ref().map(|failure| FailureRecord {
            reason: failure.reason().to_owned(),
            message: failure.message().to_owned(),
        });
        let mut record = Self {
            run: run.id.to_string(),
            input: input(run).to_owned(),
            state: run.state.as_str(),
            exit_code: None,
            signal: None,
            attempts: run.attempts,
            interruptions: run.interruptions,
            started_at: run.started_at.map(shown_at),
            ended_at: run.ended_at.map(shown_at),
            duration_ms: duration_ms(run),
            failure,
            stdout: None,
            stderr: None,
            stdout_truncated: false,
            stderr_truncated: false,
        };
        if let Some(captured) = captured {
            record.add(captured);
        }
        record
    }

    fn add(&mut self, captured: Captured) {
        self.exit_code = captured.exit_code;
        self.signal = captured.signal;
        self.stdout = Some(captured.stdout);
        self.stderr = Some(captured.stderr);
        self.stdout_truncated = captured.stdout_truncated;
        self.stderr_truncated = captured.stderr_truncated;
    }

    /// The words at the heads of [`RunRecord::cells`].
    pub(crate) const HEADS: [&'static str; 6] =
        ["run", "state", "attempts", "ms", "input", "failure"];

    /// One row of a table.
    pub(crate) fn cells(self) -> [String; 6] {
        let failure = self.failure.map(|f| format!("{}: {}", f.reason, f.message));
        [
            self.run,
            self.state.to_owned(),
            self.attempts.to_string(),
            self.duration_ms
                .map(|ms| ms.to_string())
                .unwrap_or_default(),
            self.input,
            failure.unwrap_or_default(),
        ]
    }
}

/// What a run works on: the file's id, or what there is instead.
pub(crate) fn input(run: &Run) -> &str {
    match &run.source {
        Source::File { id } => id,
        Source::Url { url, .. } => url,
        Source::Text { text, .. } => text,
        _ => "",
    }
}

/// From the start of the last attempt to the recorded end, in milliseconds.
pub(crate) fn duration_ms(run: &Run) -> Option<u64> {
    let took = run.ended_at?.as_millisecond() - run.started_at?.as_millisecond();
    u64::try_from(took).ok()
}

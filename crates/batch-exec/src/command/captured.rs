use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::capture::Capture;

/// How a command ended and what it wrote: the output of a run of [`CommandExecutor`](super::CommandExecutor).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Captured {
    /// Its exit code; `None` where a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The beginning of what it wrote to standard output. What is no UTF-8 is replaced.
    pub stdout: String,
    /// The beginning of what it wrote to standard error.
    pub stderr: String,
    /// Whether it wrote more to standard output than is kept.
    pub stdout_truncated: bool,
    /// Whether it wrote more to standard error than is kept.
    pub stderr_truncated: bool,
    /// How many bytes it wrote to standard output.
    pub stdout_bytes: u64,
    /// How many bytes it wrote to standard error.
    pub stderr_bytes: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl Captured {
    pub(super) fn new(
        status: ExitStatus,
        stdout: &Capture,
        stderr: &Capture,
        duration: Duration,
    ) -> Self {
        Self {
            exit_code: status.code(),
            signal: status.signal(),
            stdout: stdout.text(),
            stderr: stderr.text(),
            stdout_truncated: stdout.is_truncated(),
            stderr_truncated: stderr.is_truncated(),
            stdout_bytes: stdout.total(),
            stderr_bytes: stderr.total(),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The last line of standard error that says something.
    pub(super) fn last_complaint(&self) -> Option<&str> {
        let mut lines = self.stderr.lines().map(str::trim);
        lines.rfind(|line| !line.is_empty())
    }
}

use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use batch_core::valid::Source;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::capture::Capture;
use super::command_template::{CommandTemplate, Filled};
use super::process_group::ProcessGroup;
use super::{Captured, FileId};
use crate::executor::{Executor, ExecutorError, InputError, Outcome, RunContext};

/// How long a process that was asked to end may take before it is killed.
const TERM_GRACE: Duration = Duration::from_millis(500);
/// How long pipes are read on after the command has ended: whoever still holds
/// them open is a descendant that stays behind.
const PIPE_GRACE: Duration = Duration::from_millis(500);

/// Runs a command once per file, without a shell.
///
/// The file is the input's [`FileId`], or its url. The command has no standard
/// input; standard output and error are kept up to a bound each, and the rest
/// is read and dropped. It runs in a process group of its own. When the run is
/// to stop, the whole group is asked to end, and killed half a second later;
/// where the executor is dropped it is killed at once.
///
/// | end of the command | end of the attempt |
/// |---|---|
/// | exit code 0 | done, with a [`Captured`] as the output |
/// | another exit code | failed attempt, `EXIT_STATUS`; the last one keeps its [`Captured`] |
/// | ended by a signal | failed attempt, `EXIT_SIGNAL`; the last one keeps its [`Captured`] |
/// | no such program, or not executable | final failure, `COMMAND_NOT_FOUND` |
/// | input is a text, or no file id | final failure, `WRONG_INPUT` |
#[derive(Debug, Clone)]
pub struct CommandExecutor {
    template: CommandTemplate,
    capture: usize,
}

impl CommandExecutor {
    /// The command ended with an exit code other than 0.
    pub const EXIT_STATUS: &'static str = "EXIT_STATUS";
    /// A signal ended the command.
    pub const EXIT_SIGNAL: &'static str = "EXIT_SIGNAL";
    /// The program is missing or cannot be executed.
    pub const COMMAND_NOT_FOUND: &'static str = "COMMAND_NOT_FOUND";
    /// The most bytes of each stream that can be kept: 80 KiB. So an output is
    /// never too large, even if every byte needs six as JSON.
    pub const MAX_CAPTURE: usize = 80 << 10;

    /// Runs this command, and keeps 64 KiB of each stream.
    #[must_use]
    pub const fn new(template: CommandTemplate) -> Self {
        Self {
            template,
            capture: 64 << 10,
        }
    }

    /// Sets how many bytes of each stream are kept, at most [`MAX_CAPTURE`](Self::MAX_CAPTURE).
    #[must_use]
    pub fn capture(mut self, bytes: usize) -> Self {
        self.capture = bytes.min(Self::MAX_CAPTURE);
        self
    }

    /// Runs the filled-in command to its end.
    async fn run(&self, filled: &Filled, stop: &CancellationToken) -> Result<Captured, Error> {
        let started = Instant::now();
        let mut child = spawn(filled)?;
        let mut group = ProcessGroup::led_by(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (mut out, mut err) = (Capture::default(), Capture::default());
        let status = {
            let reading = async {
                tokio::join!(
                    out.read(stdout, self.capture),
                    err.read(stderr, self.capture)
                )
            };
            tokio::pin!(reading);
            let status = tokio::select! {
                ((), ()) = &mut reading => end(&mut child, &group, stop).await?,
                status = end(&mut child, &group, stop) => {
                    let status = status?;
                    let _ = timeout(PIPE_GRACE, reading).await;
                    status
                }
            };
            group.leader_ended();
            status
        };
        Ok(Captured::new(status, &out, &err, started.elapsed()))
    }
}

#[async_trait]
impl Executor for CommandExecutor {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let file = match file(&run) {
            Ok(file) => file,
            Err(message) => return Ok(Outcome::fail(InputError::REASON, message)),
        };
        let filled = self.template.fill(&file);
        match self.run(&filled, run.cancellation()).await {
            Ok(captured) => Ok(outcome(captured)),
            Err(error) if is_not_found(&error) => {
                let program = filled.program.to_string_lossy();
                let message = format!("cannot execute {program}: {error}");
                Ok(Outcome::fail(Self::COMMAND_NOT_FOUND, message))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The file that a run is about, as the command gets it; a message where there is none.
fn file(run: &RunContext) -> Result<OsString, String> {
    match run.source() {
        Source::File { id } => match FileId::parse(id) {
            Ok(id) => Ok(id.to_path().into_os_string()),
            Err(error) => Err(error.to_string()),
        },
        Source::Url { url, .. } => Ok(url.into()),
        _ => Err(run.file_id().map_or_else(|e| e.to_string(), str::to_owned)),
    }
}

fn spawn(filled: &Filled) -> Result<Child, Error> {
    Command::new(&filled.program)
        .args(&filled.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Waits for a command to end; ends it where it is told to stop.
async fn end(
    child: &mut Child,
    group: &ProcessGroup,
    stop: &CancellationToken,
) -> Result<ExitStatus, Error> {
    tokio::select! {
        biased;
        status = child.wait() => return status,
        () = stop.cancelled() => group.terminate(),
    }
    let status = tokio::select! {
        biased;
        status = child.wait() => status,
        () = sleep(TERM_GRACE) => {
            group.kill();
            child.wait().await
        }
    };
    // Descendants that did not listen. The leader's id is theirs for as long as there are any.
    group.kill();
    status
}

/// What the end of a command means for its run.
fn outcome(captured: Captured) -> Outcome {
    let reason = match (captured.exit_code, captured.signal) {
        (Some(0), _) => return Outcome::done(captured),
        (Some(_), _) => CommandExecutor::EXIT_STATUS,
        _ => CommandExecutor::EXIT_SIGNAL,
    };
    let end = match (captured.exit_code, captured.signal) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended without a status".to_owned(),
    };
    let message = match captured.last_complaint() {
        Some(complaint) => format!("{end}: {complaint}"),
        None => end,
    };
    Outcome::retry(reason, message).with_output(captured)
}

/// Whether no attempt can succeed because the program cannot be executed.
fn is_not_found(error: &Error) -> bool {
    const EXEC_FORMAT: i32 = rustix::io::Errno::NOEXEC.raw_os_error();
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory
    ) || error.raw_os_error() == Some(EXEC_FORMAT)
}

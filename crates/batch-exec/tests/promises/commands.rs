use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use batch_core::request::Input;
use batch_core::run::{Run, RunState};

use super::yard::Yard;
use batch_exec::command::{Captured, CommandExecutor, FileId};
use batch_exec::dispatcher::DispatcherBuilder;
use batch_exec::retry::RetryPolicy;

/// A directory with files of its own.
struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: impl AsRef<Path>, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn script(&self, content: &str) -> PathBuf {
        let path = self.write("script.sh", content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

fn executor(command: &str) -> CommandExecutor {
    CommandExecutor::new(command.parse().unwrap())
}

fn once(builder: DispatcherBuilder) -> DispatcherBuilder {
    builder.retry(RetryPolicy::NEVER)
}

/// Runs a command on one file and gives the run as it ended.
async fn run_on(executor: CommandExecutor, input: Input) -> Run {
    let yard = Yard::new().await;
    let builder = once(yard.dispatcher()).workflow("w", executor);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    yard.run(batch, 0).await
}

fn file(path: &Path) -> Input {
    Input::file_id(FileId::of(path))
}

fn captured(run: &Run) -> Captured {
    run.output.as_ref().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_command_that_ends_well_leaves_what_it_wrote() {
    let files = Files::new();
    let path = files.write("a b.txt", "one two three");
    let run = run_on(executor("wc -w {}"), file(&path)).await;
    assert_eq!(run.state, RunState::Processed);
    let captured = captured(&run);
    assert_eq!(captured.stdout, format!("3 {}\n", path.display()));
    assert_eq!(
        (captured.exit_code, captured.stdout_truncated),
        (Some(0), false)
    );
}

#[tokio::test]
async fn a_file_whose_name_is_no_utf8_reaches_the_command_byte_by_byte() {
    use std::os::unix::ffi::OsStrExt;
    let files = Files::new();
    let name = std::ffi::OsStr::from_bytes(b"a\xff%\n.txt");
    let path = files.write(name, "found");
    let run = run_on(executor("cat"), file(&path)).await;
    assert_eq!(captured(&run).stdout, "found");
}

#[tokio::test]
async fn another_exit_code_is_a_failed_attempt_with_its_output() {
    let files = Files::new();
    let missing = files.path("missing");
    let run = run_on(
        executor("sh -c 'echo half; echo no such thing >&2; exit 3'"),
        file(&missing),
    );
    let run = run.await;
    assert_eq!(run.state, RunState::Failed);
    let said = run.failure.clone().unwrap().to_string();
    assert_eq!(said, "EXIT_STATUS: exit status 3: no such thing");
    let captured = captured(&run);
    assert_eq!((captured.exit_code, &*captured.stdout), (Some(3), "half\n"));
}

#[tokio::test]
async fn a_command_that_a_signal_ends_is_a_failed_attempt() {
    let run = run_on(executor("sh -c 'kill -9 $$'"), Input::file_id("f")).await;
    let said = run.failure.clone().unwrap().to_string();
    assert_eq!(said, "EXIT_SIGNAL: ended by signal 9");
    let captured = captured(&run);
    assert_eq!((captured.exit_code, captured.signal), (None, Some(9)));
}

#[tokio::test]
async fn a_missing_program_fails_for_good_and_is_named() {
    let files = Files::new();
    let no_program = files.write("data", "no program");
    for program in ["no-such-program", no_program.to_str().unwrap()] {
        let yard = Yard::new().await;
        let builder = yard.dispatcher().workflow("w", executor(program));
        let dispatcher = builder.start().await.unwrap();
        let batch = yard.submit_inputs("w", [Input::file_id("f")]).await;
        yard.finished(batch).await;
        let run = yard.run(batch, 0).await;
        let failure = run.failure.unwrap();
        assert_eq!((failure.reason(), run.attempts), ("COMMAND_NOT_FOUND", 1));
        assert!(failure.message().contains(program), "{failure}");
        dispatcher.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn an_endless_output_is_cut_and_counted() {
    let endless = executor("head -c 1000000 /dev/zero").capture(10);
    let run = run_on(endless, Input::file_id("/dev/null")).await;
    let captured = captured(&run);
    // Two files: head names each and counts them apart.
    assert!(captured.stdout_bytes >= 1_000_000);
    assert!(captured.stdout_truncated && captured.stdout.len() <= 10);
}

#[tokio::test]
async fn the_largest_capture_of_the_worst_bytes_is_an_output_all_the_same() {
    let worst = executor("sh -c 'head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2'");
    let run = run_on(worst.capture(usize::MAX), Input::file_id("f")).await;
    assert_eq!(run.state, RunState::Processed, "{:?}", run.failure);
    assert_eq!(captured(&run).stdout.len(), CommandExecutor::MAX_CAPTURE);
}

#[tokio::test]
async fn a_text_is_no_file_for_a_command() {
    let run = run_on(executor("cat"), Input::text("t")).await;
    let said = run.failure.unwrap().to_string();
    assert_eq!(said, "WRONG_INPUT: the input is a text, not a file id");
}

#[tokio::test]
async fn a_command_has_no_standard_input_to_wait_on() {
    let run = run_on(executor("sh -c 'cat; echo end'"), Input::file_id("f")).await;
    assert_eq!(captured(&run).stdout, "end\n");
}

#[tokio::test]
async fn a_descendant_that_keeps_the_pipes_open_does_not_hold_up_the_run() {
    let run = run_on(executor("sh -c 'sleep 60 & echo $!'"), Input::file_id("f")).await;
    let pid = captured(&run).stdout;
    assert_eq!(run.state, RunState::Processed);
    kill(pid.trim());
}

fn kill(pid: &str) {
    let killed = std::process::Command::new("kill").arg(pid).status();
    assert!(killed.unwrap().success());
}

/// Whether a process lives; one that only waits to be reaped does not.
fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !matches!(state.chars().next(), None | Some('Z' | 'X'))
}

async fn until_written(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn until_dead(pid: &str) {
    while lives(pid) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_all_its_descendants() {
    let files = Files::new();
    let pid_file = files.path("pid");
    // Both ignore the polite signal.
    let script = files.script(
        "#!/bin/sh\ntrap '' TERM\nsh -c 'trap \"\" TERM; echo $$ >> \"$0\"; while :; do sleep 1; done' \"$1\"\n",
    );
    let yard = Yard::new().await;
    let command = format!("{} {{}}", script.display());
    let builder = once(yard.dispatcher()).workflow("w", executor(&command));
    let builder = builder.run_timeout(Duration::from_millis(300));
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit_inputs("w", [file(&pid_file)]).await;
    let descendant = until_written(&pid_file).await;
    yard.finished(batch).await;
    let run = yard.run(batch, 0).await;
    assert_eq!(run.failure.clone().unwrap().reason(), "TIMED_OUT");
    assert_eq!(captured(&run).signal, Some(9));
    until_dead(&descendant).await;
    dispatcher.shutdown().await.unwrap();
}

#[tokio::test]
async fn shutting_down_now_leaves_no_process_behind() {
    let files = Files::new();
    let pid_file = files.path("pid");
    let yard = Yard::new().await;
    let command = executor("sh -c 'echo $$ > \"$0\"; sleep 60' {}");
    let builder = yard.dispatcher().concurrency(NonZeroUsize::MIN);
    let dispatcher = builder.workflow("w", command).start().await.unwrap();
    let batch = yard.submit_inputs("w", [file(&pid_file)]).await;
    let pid = until_written(&pid_file).await;
    assert!(lives(&pid));
    dispatcher.shutdown_now().await.unwrap();
    until_dead(&pid).await;
    let run = yard.run(batch, 0).await;
    assert_eq!((run.state, run.attempts), (RunState::Pending, 0));
}

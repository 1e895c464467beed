use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A directory with files, where the program is run.
pub(crate) struct Yard {
    dir: TempDir,
}

/// How the program ended and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Yard {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes files `f000`, `f001`, … and gives their names.
    pub(crate) fn files(&self, count: usize) -> Vec<OsString> {
        let names = (0..count).map(|n| OsString::from(format!("f{n:03}")));
        names.inspect(|name| self.file(name)).collect()
    }

    pub(crate) fn file(&self, name: &OsStr) {
        fs::write(self.path(name), b"two words").unwrap();
    }

    /// The program with these arguments, its paths relative to this directory.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_batchyard"));
        command.args(args).current_dir(&self.dir);
        command.stdin(Stdio::null());
        // What a developer's machine has set must not show in what users see.
        command.env("RUST_BACKTRACE", "full");
        command
    }

    pub(crate) fn batchyard<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        self.command(args).output().unwrap().into()
    }

    /// Runs a command on files, with options before them.
    pub(crate) fn run(&self, options: &[&str], exec: &str, files: &[OsString]) -> Ended {
        self.run_command(options, exec, files)
            .output()
            .unwrap()
            .into()
    }

    pub(crate) fn run_command(&self, options: &[&str], exec: &str, files: &[OsString]) -> Command {
        let mut command = self.command(["run", "--exec", exec]);
        command.args(options).args(files);
        command
    }

    /// Starts to run a command on files, and does not wait.
    pub(crate) fn start(&self, options: &[&str], exec: &str, files: &[OsString]) -> Child {
        let mut command = self.run_command(options, exec, files);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// A command that notes each file it is run on in `log`, and then does some more.
    pub(crate) fn noting(&self, more: &str) -> String {
        let log = self.path("log");
        format!("sh -c 'echo \"$0\" >> {}; {more}' {{}}", log.display())
    }

    /// The files that the command was run on, one entry for each time.
    pub(crate) fn noted(&self) -> Vec<PathBuf> {
        let log = fs::read(self.path("log")).unwrap_or_default();
        let lines = log
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines.map(|line| OsStr::from_bytes(line).into()).collect()
    }

    /// Waits until the command was run so many times in all.
    pub(crate) fn wait_until_noted(&self, times: usize) {
        while self.noted().len() < times {
            sleep(Duration::from_millis(5));
        }
    }

    /// Kills a program as soon as the command was run so many times in all; it must not end before.
    pub(crate) fn kill_once_noted(&self, times: usize, mut child: Child) {
        while self.noted().len() < times {
            assert_eq!(child.try_wait().unwrap(), None, "ended by itself");
            sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The lines of a results file.
    pub(crate) fn results(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What a command prints as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ended = self.batchyard(args.iter().chain(&["-o", "json"]));
        assert_eq!(ended.status, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// The id of the newest batch.
    pub(crate) fn newest_batch(&self) -> String {
        let batches = self.json(&["batches"]);
        let newest = batches.as_array().unwrap().last().unwrap();
        newest["batch"].as_str().unwrap().to_owned()
    }
}

impl Ended {
    /// Whether it was refused: status 2 and one sentence that holds these words.
    #[track_caller]
    pub(crate) fn assert_refused(&self, words: &[&str]) {
        assert_eq!(self.status, Some(2), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{self:?}");
        assert!(lines[0].starts_with("batchyard: "), "{self:?}");
        for word in words {
            assert!(lines[0].contains(word), "no {word:?} in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Waits for a program that was started.
pub(crate) fn ended(child: Child) -> Ended {
    child.wait_with_output().unwrap().into()
}

/// Sends a signal, such as `INT`.
pub(crate) fn send(signal: &str, child: &Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(sent.unwrap().success());
}

/// Interrupts a program whose command does not end, twice.
///
/// The second signal waits for the answer to the first: two that come together are one.
pub(crate) fn stopped_at_once(mut child: Child) -> Ended {
    send("INT", &child);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("once more stops them at once") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    send("INT", &child);
    stderr.read_to_string(&mut said).unwrap();
    Ended {
        stderr: said,
        ..ended(child)
    }
}

/// The values under a key, one for each object.
pub(crate) fn column<'a>(objects: &'a [Value], key: &str) -> Vec<&'a Value> {
    objects.iter().map(|object| &object[key]).collect()
}

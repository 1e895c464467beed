//! This test binary run again as a process that may be traced, starved and killed.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use batch_core::kv::OrderedKv;

use crate::backend::{Kv, open, open_by_default};
use crate::script::{batch, commits_in, content, wide_batch};

const TASK: &str = "BATCHYARD_TEST_TASK";
const STORE: &str = "BATCHYARD_TEST_STORE";
const REPORT: &str = "BATCHYARD_TEST_REPORT";
const COMMITS: &str = "BATCHYARD_TEST_COMMITS";

/// What the process is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task {
    /// Open and commit so many times, going on after the last commit there is.
    Commit(u64),
    /// As `Commit`, and die like by signal 9 instead of closing.
    CommitAndDie(u64),
    /// Open and hold until killed.
    Hold,
    /// Open, commit until it fails, and report what the next commit and a read say.
    FailStop,
    /// Open, put and delete thousands of keys in each of so many commits, and report the memory.
    Churn(u64),
    /// Open, read everything, and report what is there.
    Check,
}

/// Where the process is and where it reports, a line a write.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) store: PathBuf,
    pub(crate) report: PathBuf,
}

impl Place {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self {
            store: dir.join("store"),
            report: dir.join("report"),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.report).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The last commit that was reported to have been acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        let lines = self.lines();
        let numbers = lines.iter().filter_map(|line| line.strip_prefix("ack "));
        numbers.map(|n| n.parse().unwrap()).max().unwrap_or(0)
    }
}

/// The process, run under a wrapper such as strace and its arguments, or under none.
pub(crate) fn command(wrapper: &[&str], task: Task, place: &Place) -> Command {
    let (name, commits) = match task {
        Task::Commit(n) => ("commit", n),
        Task::CommitAndDie(n) => ("commit and die", n),
        Task::Hold => ("hold", 0),
        Task::Churn(n) => ("churn", n),
        Task::FailStop => ("fail stop", 0),
        Task::Check => ("check", 0),
    };
    let mut command = command_of(wrapper, "child::what_a_parent_asks_for_is_done");
    command
        .env(TASK, name)
        .env(COMMITS, commits.to_string())
        .env(STORE, &place.store)
        .env(REPORT, &place.report);
    command
}

/// A test of this binary as a process of its own, run under a wrapper or under none.
pub(crate) fn command_of(wrapper: &[&str], test: &str) -> Command {
    let me = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(me),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(me);
            command
        }
    };
    command
        .args([test, "--exact", "--nocapture"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    command
}

/// Does nothing by itself: the other tests start it with a task.
#[test]
fn what_a_parent_asks_for_is_done() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let variable = |name| std::env::var_os(name).unwrap();
    let report = OpenOptions::new()
        .append(true)
        .create(true)
        .open(variable(REPORT))
        .unwrap();
    end_when_it_hangs();
    let store = PathBuf::from(variable(STORE));
    let commits = std::env::var(COMMITS).unwrap().parse().unwrap();
    work(&task, &store, commits, report);
}

/// So that a process that waits for ever fails its test.
pub(crate) fn end_when_it_hangs() {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(60));
        std::process::abort();
    });
}

fn work(task: &str, store: &Path, commits: u64, mut report: File) {
    let mut say = |line: String| report.write_all(format!("{line}\n").as_bytes()).unwrap();
    let opened = match task {
        "churn" => open_by_default(store),
        _ => open(store),
    };
    let mut kv = match opened {
        Ok(kv) => kv,
        Err(error) => return say(format!("error {:?} {error}", error.kind())),
    };
    say("opened".to_owned());
    match task {
        "hold" => loop {
            std::thread::park();
        },
        "check" => match content(&kv) {
            Ok(found) => say(match commits_in(&found) {
                Ok(commits) => format!("holds {commits}"),
                Err(_) => format!("silent {}", found.len()),
            }),
            Err(error) => say(format!("error {:?} {error}", error.kind())),
        },
        "churn" => say(format!("resident {}", churn(&mut kv, commits))),
        "fail stop" => fail_stop(&mut kv, &mut say),
        _ => {
            let first = commits_in(&content(&kv).unwrap()).unwrap() + 1;
            for n in first..first + commits {
                kv.commit(batch(n)).unwrap();
                say(format!("ack {n}"));
            }
            if task == "commit and die" {
                std::process::abort();
            }
        }
    }
}

fn fail_stop(kv: &mut Kv, say: &mut impl FnMut(String)) {
    let first = commits_in(&content(kv).unwrap()).unwrap() + 1;
    for n in first..first + 50 {
        if let Err(error) = kv.commit(batch(n)) {
            say(format!("failed {n} {:?}", error.kind()));
            break;
        }
        say(format!("ack {n}"));
    }
    for _ in 0..3 {
        let next = kv.commit(batch(first));
        say(format!("then {:?}", next.map_err(|e| e.kind())));
    }
    say(format!(
        "read {:?}",
        kv.get(b"last").map(|_| ()).map_err(|e| e.kind())
    ));
}

/// Bytes in memory after so many commits.
fn churn(kv: &mut Kv, commits: u64) -> u64 {
    for n in 1..=commits {
        kv.commit(wide_batch(n)).unwrap();
    }
    let memory = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = memory.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}

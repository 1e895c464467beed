use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::{Acknowledged, Backend, Task};

/// How a child is started.
#[derive(Debug, Clone)]
pub struct Child {
    /// The program `crash-child`.
    pub program: PathBuf,
    /// What the store is on.
    pub backend: Backend,
}

impl Child {
    /// The command for a task; its standard output is piped.
    #[must_use]
    pub fn command(&self, store: &Path, task: Task) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(self.backend.to_string())
            .arg(store)
            .arg(task.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    /// Does a task to its end, or to its death, and takes in what is reported.
    pub fn run(&self, store: &Path, task: Task, heard: &mut Acknowledged) -> ExitStatus {
        let mut child = self.command(store, task).spawn().unwrap();
        let mut report = String::new();
        let mut out = child.stdout.take().unwrap();
        out.read_to_string(&mut report).unwrap();
        heard.take_all(&report);
        child.wait().unwrap()
    }
}

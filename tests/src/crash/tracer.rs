//! Counts the calls by which a process changes what is outside of it, and kills it at one of them.
//!
//! strace counts by thread and by kind of call (`when=n` is the nth `write` of any one
//! thread), so a sweep with it leaves out most calls of a process with many threads, and
//! sled has a pool of them. Here all calls of all threads have one number.

use std::io::Read;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// What became of a process.
#[derive(Debug)]
pub struct Traced {
    /// How many calls it began.
    pub calls: u32,
    /// Whether it was killed at the last of them, which then did not happen.
    pub killed: bool,
    /// What it reported.
    pub report: String,
}

/// Runs a process that waits for the end of its standard input, and kills it as it begins its
/// `kill_at`th storage call, counted from after its first report.
///
/// # Panics
///
/// When it ends by itself and badly.
#[must_use]
#[expect(
    clippy::zombie_processes,
    reason = "the tracer waits for it by its own call"
)]
pub fn trace(command: &mut Command, kill_at: Option<u32>) -> Traced {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let process = Pid::from_raw(child.id().cast_signed());
    let options =
        Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
    ptrace::seize(process, options).unwrap();
    ptrace::interrupt(process).unwrap();
    drop(child.stdin.take());
    let mut tracer = Tracer {
        process,
        kill_at,
        begun: false,
        calls: 0,
        killed: false,
    };
    let ended = tracer.follow();
    let mut report = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut report)
        .unwrap();
    assert_eq!(ended, Ended::from(tracer.killed), "{report}");
    Traced {
        calls: tracer.calls,
        killed: tracer.killed,
        report,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Killed,
    Well,
    Badly(String),
}

impl From<bool> for Ended {
    fn from(killed: bool) -> Self {
        match killed {
            true => Self::Killed,
            false => Self::Well,
        }
    }
}

struct Tracer {
    process: Pid,
    kill_at: Option<u32>,
    begun: bool,
    calls: u32,
    killed: bool,
}

impl Tracer {
    /// Lets the process run from call to call until it has ended.
    fn follow(&mut self) -> Ended {
        // Only what this thread has started and traces: others trace at the same time.
        let mine = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            let (thread, signal) = match waitpid(Pid::from_raw(-1), Some(mine)) {
                Ok(WaitStatus::PtraceSyscall(thread)) => {
                    self.at_call(thread);
                    (thread, None)
                }
                Ok(WaitStatus::PtraceEvent(thread, ..)) => (thread, None),
                Ok(WaitStatus::Stopped(thread, signal)) => (thread, Some(signal)),
                Ok(WaitStatus::Exited(thread, 0)) if thread == self.process => return Ended::Well,
                Ok(WaitStatus::Signaled(thread, Signal::SIGKILL, _)) if thread == self.process => {
                    return Ended::Killed;
                }
                Ok(WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, ..))
                    if thread != self.process =>
                {
                    continue;
                }
                other => return Ended::Badly(format!("{other:?}")),
            };
            match ptrace::syscall(thread, signal) {
                // A thread that was killed meanwhile is no longer stopped.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Ended::Badly(error.to_string()),
            }
        }
    }

    fn at_call(&mut self, thread: Pid) {
        if self.killed || !self.is_storage_call(thread) {
            return;
        }
        self.calls += 1;
        if self.kill_at == Some(self.calls) {
            self.killed = true;
            // A process that is gone cannot be killed, and is dead all the same.
            let _ = kill(self.process, Signal::SIGKILL);
        }
    }

    /// Whether a thread begins a call that changes something outside of the process.
    fn is_storage_call(&mut self, thread: Pid) -> bool {
        let Ok(info) = ptrace::syscall_info(thread) else {
            return false;
        };
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return false;
        }
        let Ok(registers) = ptrace::getregs(thread) else {
            return false;
        };
        let (first, third) = (registers.rdi, registers.rdx);
        match registers.orig_rax.cast_signed() {
            libc::SYS_write | libc::SYS_writev if first == 1 && !self.begun => {
                self.begun = true;
                false
            }
            _ if !self.begun => false,
            libc::SYS_write | libc::SYS_writev => self.is_file(first),
            libc::SYS_openat => third & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0,
            libc::SYS_pwrite64
            | libc::SYS_pwritev
            | libc::SYS_pwritev2
            | libc::SYS_fsync
            | libc::SYS_fdatasync
            | libc::SYS_msync
            | libc::SYS_sync_file_range
            | libc::SYS_ftruncate
            | libc::SYS_truncate
            | libc::SYS_fallocate
            | libc::SYS_copy_file_range
            | libc::SYS_rename
            | libc::SYS_renameat
            | libc::SYS_renameat2
            | libc::SYS_unlink
            | libc::SYS_unlinkat
            | libc::SYS_mkdir
            | libc::SYS_mkdirat
            | libc::SYS_rmdir
            | libc::SYS_link
            | libc::SYS_linkat
            | libc::SYS_symlink => true,
            _ => false,
        }
    }

    /// A runtime wakes its threads by writing into what is no file.
    fn is_file(&self, descriptor: u64) -> bool {
        let link = format!("/proc/{}/fd/{descriptor}", self.process);
        let target = std::fs::read_link(link).unwrap_or_default();
        !target.to_string_lossy().starts_with("anon_inode")
    }
}

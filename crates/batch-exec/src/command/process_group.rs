use rustix::process::{Pid, Signal, kill_process_group};

/// The process group of a command and all its descendants.
///
/// Unless the command is known to have ended, dropping this kills the group:
/// so no process outlives an executor that is dropped.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Option<Pid>,
}

impl ProcessGroup {
    /// The group whose leader has this process id.
    pub(super) fn led_by(pid: Option<u32>) -> Self {
        let leader = pid
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw);
        Self { leader }
    }

    /// Asks all its processes to end.
    pub(super) fn terminate(&self) {
        self.send(Signal::TERM);
    }

    /// Kills all its processes.
    pub(super) fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Its leader has ended and been waited for: its id may be another's from now on.
    pub(super) fn leader_ended(&mut self) {
        self.leader = None;
    }

    fn send(&self, signal: Signal) {
        if let Some(leader) = self.leader
            && let Err(error) = kill_process_group(leader, signal)
        {
            tracing::debug!(%error, ?leader, ?signal, "the process group was gone already");
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

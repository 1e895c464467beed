use std::sync::OnceLock;

use super::Failpoint;

type Hook = Box<dyn Fn(Failpoint) + Send + Sync>;

/// One for the process: what it may end is the process.
static HOOK: OnceLock<Hook> = OnceLock::new();

/// Calls a function whenever any store of this process comes to a failpoint, on the thread that does.
///
/// The first call in a process counts; a later one changes nothing.
pub fn on_failpoint(hook: impl Fn(Failpoint) + Send + Sync + 'static) {
    // The first hook stays, as said.
    let _ = HOOK.set(Box::new(hook));
}

pub(crate) fn reach(point: Failpoint) {
    if let Some(hook) = HOOK.get() {
        hook(point);
    }
}

use std::fs;

use crate::child::{Place, Task, command};
use crate::data_files::data_files;
use crate::trace::{Call, Trace};

/// The process before may have failed to sync it, and the system need not write it then
/// unless somebody writes it again.
#[test]
#[ignore = "needs strace"]
fn the_last_commit_of_a_process_that_died_is_written_again_and_synced() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    command(&[], Task::CommitAndDie(30), &place)
        .status()
        .unwrap();
    let newest = data_files(&place.store).pop().unwrap();
    let before = fs::read(&newest).unwrap();

    let trace = Trace::of(Task::Check, &place, &[]);

    let calls: Vec<&Call> = trace.ended().collect();
    let written = calls.iter().position(|call| match call {
        Call::Write { path, bytes, .. } => *path == newest && before.ends_with(bytes),
        _ => false,
    });
    let synced = calls.iter().position(|call| call.is_sync_of(&newest));
    assert!(
        written.is_some() && written < synced,
        "{written:?} {synced:?}"
    );
    assert_eq!(fs::read(&newest).unwrap(), before);
}

use crate::child::{Place, Task};
use crate::synced::check_fail_stop;
use crate::trace::{Call, Trace};

/// A descriptor is told of failed writes from when it was opened on.
#[test]
#[ignore = "needs strace"]
fn the_descriptor_that_is_synced_was_opened_before_the_first_write() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let log = place.store.join("db");
    for _ in 0..2 {
        let trace = Trace::of(Task::Commit(3), &place, &[]);
        let first_open = trace.ended().find_map(|call| match call {
            Call::Open { path, fd, .. } if *path == log => Some(*fd),
            Call::Write { path, .. } if *path == log => panic!("a write before our own open"),
            _ => None,
        });
        let synced = trace.ended().find_map(|call| match call {
            Call::Sync {
                path,
                fd,
                data_only: true,
            } if *path == log => Some(*fd),
            _ => None,
        });
        assert_eq!(synced, first_open);
    }
}

/// Disks fail slowly. sled then forgets to wake the thread that waits for the write.
#[test]
#[ignore = "needs strace"]
fn a_write_that_fails_late_does_not_hang_the_commit() {
    for when in [2, 3, 2, 3, 4, 5] {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::in_dir(dir.path());
        let fault = format!("pwrite64:error=EIO:delay_enter=300000:when={when}");
        let trace = Trace::of(Task::FailStop, &place, &[&fault]);
        assert!(trace.status.success(), "it hung: {:?}", place.lines());
        check_fail_stop(&place);
    }
}

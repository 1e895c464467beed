use std::path::Path;

use crate::backend::{FILES, WRITE_CALL, open};
use crate::child::{Place, Task};
use crate::data_files::is_data_of;
use crate::script::{commits_in, content};
use crate::trace::{Call, Trace};

fn report_of<'a>(call: &'a Call, place: &Place) -> Option<&'a str> {
    match call {
        Call::Write { path, bytes, .. } if *path == place.report => {
            Some(std::str::from_utf8(bytes).unwrap().trim_end())
        }
        _ => None,
    }
}

/// A file that has to grow for a commit may cost one more.
#[test]
#[ignore = "needs strace"]
fn every_acknowledged_commit_costs_one_fdatasync() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let is_data = |path: &Path| is_data_of(&place.store, path);

    let trace = Trace::of(Task::Commit(50), &place, &[]);

    let mut syncs = 0;
    let mut grown = 0;
    let mut acknowledged = 0;
    for call in trace.ended() {
        match call {
            Call::Sync {
                path,
                data_only: true,
                ..
            } if is_data(path) => syncs += 1,
            Call::Truncate { path, .. } if is_data(path) => grown += 1,
            call if report_of(call, &place) == Some("opened") => (syncs, grown) = (0, 0),
            call if report_of(call, &place).is_some_and(|line| line.starts_with("ack ")) => {
                acknowledged += 1;
                assert!(
                    (1..=1 + grown).contains(&syncs),
                    "{syncs} syncs before commit {acknowledged} was acknowledged"
                );
                (syncs, grown) = (0, 0);
            }
            _ => {}
        }
    }
    assert_eq!(acknowledged, 50);
}

#[test]
#[ignore = "needs strace"]
fn a_new_store_is_synced_with_its_parents_before_open_returns() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::in_dir(dir.path());
    place.store = dir.path().join("a/b/store");

    let trace = Trace::of(Task::Commit(1), &place, &[]);

    let before: Vec<&Call> = trace
        .ended()
        .take_while(|call| report_of(call, &place) != Some("opened"))
        .collect();
    let store = &place.store;
    let parent = store.parent().unwrap();
    let last_write = |wanted: &Path| {
        before
            .iter()
            .rposition(|c| matches!(c, Call::Write { path, .. } if path == wanted))
    };
    for file in FILES {
        let path = store.join(file);
        let synced = before.iter().rposition(|call| call.is_sync_of(&path));
        assert!(
            synced > last_write(&path),
            "{file} is synced after it was written"
        );
    }
    let renamed = before
        .iter()
        .rposition(|call| matches!(call, Call::Rename { .. }));
    let synced = before.iter().rposition(|call| call.is_sync_of(store));
    assert!(synced > renamed, "the names in the store are synced");
    for made_in in [parent, parent.parent().unwrap(), dir.path()] {
        let synced = before.iter().any(|call| call.is_sync_of(made_in));
        assert!(synced, "{} is synced", made_in.display());
    }
}

#[test]
#[ignore = "needs strace"]
fn after_a_failed_sync_nothing_is_synced_or_acknowledged_again_and_reads_go_on() {
    let mut struck = 0;
    for when in 2..=9 {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::in_dir(dir.path());
        let fault = format!("fdatasync:error=EIO:when={when}");
        let trace = Trace::of(Task::FailStop, &place, &[&fault]);

        let is_data = |path: &Path| is_data_of(&place.store, path);
        let syncs = trace
            .ended()
            .filter(|c| matches!(c, Call::Sync { path, data_only: true, .. } if is_data(path)));
        assert_eq!(
            syncs.count(),
            when - 1,
            "only those before the failed one succeed"
        );
        check_fail_stop(&place);
        if place.acknowledged() > 0 {
            assert_eq!(place.lines().last().unwrap(), "read Ok(())");
            struck += 1;
        }
    }
    assert!(struck > 2, "{struck} commits were struck");
}

/// A read of a page that is not in memory may find the error.
#[test]
#[ignore = "needs strace"]
fn after_a_failed_write_every_commit_is_refused() {
    for when in 1..=8 {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::in_dir(dir.path());
        drop(open(&place.store).unwrap());
        let fault = format!("{WRITE_CALL}:error=EIO:when={when}");
        let trace = Trace::of(Task::FailStop, &place, &[&fault]);
        assert!(trace.status.success(), "it hung: {:?}", place.lines());
        check_fail_stop(&place);
    }
}

pub(crate) fn check_fail_stop(place: &Place) {
    let lines = place.lines();
    if lines[0].starts_with("error ") {
        // The fault struck while the store was opened.
        assert!(lines[0].starts_with("error Unavailable"), "{lines:?}");
        return;
    }
    let failed = lines.iter().position(|line| line.starts_with("failed"));
    let failed = failed.unwrap_or_else(|| panic!("nothing failed: {lines:?}"));
    assert!(lines[failed].ends_with(" Unavailable"), "{lines:?}");
    assert_eq!(lines[failed + 1..failed + 4], ["then Err(Refusing)"; 3]);
    let reads = ["Ok(())", "Err(Unavailable)", "Err(Refusing)"].map(|r| format!("read {r}"));
    assert!(reads.contains(&lines[failed + 4]), "{lines:?}");
    let kv = open(&place.store).unwrap();
    let held = commits_in(&content(&kv).unwrap()).unwrap();
    let acknowledged = place.acknowledged();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&held),
        "{held} of {acknowledged}"
    );
}

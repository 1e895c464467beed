use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use batch_core::kv::{KvError, OrderedKv};
use batch_core::storage::ErrorKind;

use crate::backend::open;
use crate::child::{Place, Task, command};
use crate::data_files::data_files;
use crate::script::{after, batch, content};

pub(crate) fn refused(path: &Path) -> KvError {
    open(path).unwrap_err()
}

pub(crate) fn store_with(path: &Path, commits: u64) {
    let mut kv = open(path).unwrap();
    for n in 1..=commits {
        kv.commit(batch(n)).unwrap();
    }
}

/// The error and all its causes.
pub(crate) fn whole(error: &KvError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn await_line(place: &Place, line: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !place.lines().iter().any(|l| l == line) {
        assert!(
            Instant::now() < deadline,
            "no {line:?} in {:?}",
            place.lines()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_directory_is_made_with_its_parents() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/c");
    store_with(&path, 1);
    assert_eq!(content(&open(&path).unwrap()).unwrap(), after(1));
}

#[test]
fn a_path_that_is_a_file_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "text").unwrap();

    let error = refused(&path);

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn a_directory_that_holds_something_else_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "text").unwrap();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(whole(&error).contains("thesis.tex"), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_store_whose_data_is_gone_is_damaged_and_not_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 2);
    for file in data_files(dir.path()) {
        fs::remove_file(file).unwrap();
    }
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
    assert!(data_files(dir.path()).is_empty());
}

#[test]
fn a_second_open_in_the_same_process_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = open(dir.path()).unwrap();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().contains("this process"), "{error}");
    first.commit(batch(1)).unwrap();
}

#[test]
fn a_second_process_is_told_who_holds_the_store_and_gets_it_when_that_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let mut holder = command(&[], Task::Hold, &place).spawn().unwrap();
    await_line(&place, "opened");

    let error = refused(&place.store);

    assert_eq!(error.kind(), ErrorKind::Locked);
    let text = error.to_string();
    assert!(
        text.contains(&format!("process {} (", holder.id())),
        "{text}"
    );
    assert!(text.contains(place.store.to_str().unwrap()), "{text}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(open(&place.store).is_ok());
}

#[test]
fn a_dropped_store_can_be_opened_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for n in 1..=30 {
        let mut kv = open(dir.path()).unwrap();
        kv.commit(batch(n)).unwrap();
    }
}

#[test]
fn a_store_whose_directory_was_moved_takes_no_more_commits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut kv = open(&path).unwrap();
    kv.commit(batch(1)).unwrap();
    fs::rename(&path, dir.path().join("elsewhere")).unwrap();

    assert_eq!(
        kv.commit(batch(2)).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert_eq!(kv.commit(batch(3)).unwrap_err().kind(), ErrorKind::Refusing);
}

#[test]
#[ignore = "needs to be root to become another user"]
fn a_directory_that_may_not_be_written_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let place = Place {
        store: dir.path().join("store"),
        report: dir.path().join("report"),
    };
    store_with(&place.store, 1);
    fs::write(&place.report, "").unwrap();
    fs::set_permissions(&place.report, fs::Permissions::from_mode(0o666)).unwrap();

    command(&[], Task::Check, &place)
        .uid(65_534)
        .gid(65_534)
        .status()
        .unwrap();

    let lines = place.lines();
    assert!(lines[0].starts_with("error Unavailable"), "{lines:?}");
    assert!(
        lines[0].contains(place.store.to_str().unwrap()),
        "{lines:?}"
    );
}

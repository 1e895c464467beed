use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use batch_core::kv::{KvError, OrderedKv, WriteBatch};
use batch_core::sled::{OpenCheck, SledKv, SledOptions};
use batch_core::storage::ErrorKind;

use crate::child::{Place, Task, command};
use crate::script::{after, batch, content, options};

fn refused(path: &Path) -> KvError {
    SledKv::open_with(path, &options()).unwrap_err()
}

fn store_with(path: &Path, commits: u64) {
    let mut kv = SledKv::open_with(path, &options()).unwrap();
    for n in 1..=commits {
        kv.commit(batch(n)).unwrap();
    }
}

/// The error and all its causes.
fn whole(error: &KvError) -> String {
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
    assert_eq!(
        content(&SledKv::open_with(&path, &options()).unwrap()).unwrap(),
        after(1)
    );
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
fn a_sled_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(::sled::open(dir.path()).unwrap());
    let before = fs::read_dir(dir.path()).unwrap().count();

    let error = refused(dir.path());

    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(whole(&error).contains("sled database"), "{}", whole(&error));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before);
}

#[test]
fn a_store_whose_log_is_gone_is_damaged_and_not_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 2);
    fs::remove_file(dir.path().join("db")).unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
    assert!(!dir.path().join("db").exists());
}

#[test]
fn a_log_older_than_the_mark_is_damaged_and_both_numbers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let path = dir.path().join("store");
    store_with(&path, 2);
    fs::create_dir(&old).unwrap();
    for name in ["db", "conf"] {
        fs::copy(path.join(name), old.join(name)).unwrap();
    }
    let mut kv = SledKv::open_with(&path, &options()).unwrap();
    (3..=5).for_each(|n| kv.commit(batch(n)).unwrap());
    drop(kv);
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_str().unwrap().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::copy(old.join("db"), path.join("db")).unwrap();

    let error = refused(&path);

    assert_eq!(error.kind(), ErrorKind::Damaged);
    let text = error.to_string();
    assert!(
        text.contains("commit 5") && text.contains("commit 2"),
        "{text}"
    );
}

/// sled reverts rows in silence when it skips what it cannot read.
#[test]
fn a_row_that_fell_back_to_an_older_value_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = SledKv::open_with(dir.path(), &options()).unwrap();
    for value in [b"old", b"new"] {
        let mut writes = WriteBatch::new();
        writes.put(b"row".to_vec(), value.to_vec());
        kv.commit(writes).unwrap();
    }
    drop(kv);
    let raw = ::sled::open(dir.path()).unwrap();
    raw.insert(b"row", b"old").unwrap();
    drop(raw);

    assert_eq!(refused(dir.path()).kind(), ErrorKind::Damaged);
    let unchecked = SledOptions {
        check: OpenCheck::LastCommit,
        ..options()
    };
    assert!(SledKv::open_with(dir.path(), &unchecked).is_ok());
}

#[test]
fn a_creation_that_was_cut_short_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("batchyard.mark.new"), "").unwrap();
    fs::write(dir.path().join("db"), "half").unwrap();
    fs::write(dir.path().join("conf"), "segment_size: 5").unwrap();
    fs::create_dir(dir.path().join("blobs")).unwrap();

    store_with(dir.path(), 3);

    let kv = SledKv::open_with(dir.path(), &options()).unwrap();
    assert_eq!(content(&kv).unwrap(), after(3));
}

/// sled killed while it recovers leaves such a file, and refuses to open from then on.
#[test]
fn a_half_written_snapshot_does_not_keep_the_store_shut() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 20);
    let half = dir.path().join("snap.00000000FFFFFFFF.generating");
    fs::write(&half, [7; 100]).unwrap();
    assert!(
        ::sled::open(dir.path()).is_err(),
        "sled itself copes: no need to remove the file"
    );
    fs::write(&half, [7; 100]).unwrap();

    let kv = SledKv::open_with(dir.path(), &options()).unwrap();

    assert_eq!(content(&kv).unwrap(), after(20));
    assert!(!half.exists());
}

#[test]
fn a_second_open_in_the_same_process_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = SledKv::open_with(dir.path(), &options()).unwrap();

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
    assert!(SledKv::open_with(&place.store, &options()).is_ok());
}

#[test]
fn a_store_that_sled_itself_holds_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    store_with(dir.path(), 1);
    let _raw = ::sled::open(dir.path()).unwrap();
    assert_eq!(refused(dir.path()).kind(), ErrorKind::Locked);
}

#[test]
fn a_dropped_store_can_be_opened_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for n in 1..=30 {
        let mut kv = SledKv::open_with(dir.path(), &options()).unwrap();
        kv.commit(batch(n)).unwrap();
    }
}

#[test]
fn a_store_whose_directory_was_moved_takes_no_more_commits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut kv = SledKv::open_with(&path, &options()).unwrap();
    kv.commit(batch(1)).unwrap();
    fs::rename(&path, dir.path().join("elsewhere")).unwrap();

    assert_eq!(
        kv.commit(batch(2)).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert_eq!(kv.commit(batch(3)).unwrap_err().kind(), ErrorKind::Refusing);
}

#[test]
fn the_ballast_is_on_the_disk_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let options = SledOptions::default();
    drop(SledKv::open_with(dir.path(), &options).unwrap());
    let ballast = fs::metadata(dir.path().join("batchyard.ballast")).unwrap();
    assert_eq!(ballast.len(), options.ballast_bytes);
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

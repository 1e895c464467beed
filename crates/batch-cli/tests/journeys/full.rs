use std::fs;
use std::process::Command;

use crate::yard::{Ended, Yard};

/// More than one batch, so that one of them can be stored without the rest.
const FILES: usize = 1_500;
const STORE: &str = "redb:disk/jobs";

/// A yard with a disk in it that has room for one batch of a thousand beside what is
/// spared, and not for the next until that has ended.
struct SmallDisk {
    yard: Yard,
}

impl SmallDisk {
    fn new() -> Self {
        let yard = Yard::new();
        yard.files(1);
        fs::write(yard.path("list"), "f000\n".repeat(FILES)).unwrap();
        fs::create_dir(yard.path("disk")).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=19m", "tmpfs"]);
        let mounted = mount.arg(yard.path("disk")).status().unwrap();
        assert!(mounted.success(), "mounting needs privileges");
        Self { yard }
    }

    fn run(&self, options: &[&str], exec: &str) -> Ended {
        let options = [&["--store", STORE, "--files-from", "list"], options].concat();
        self.yard.run(&options, exec, &[])
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.yard.path("disk")).status();
    }
}

#[test]
#[ignore = "needs to mount a tmpfs"]
fn files_that_a_store_has_no_room_for_at_once_are_run_in_turns() {
    let disk = SmallDisk::new();
    let ended = disk.run(&["--results", "out.jsonl"], &disk.yard.noting(""));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let turns = "the store has room for 1000 of 1500 files: running these first\n";
    assert!(ended.stderr.contains(turns), "{ended:?}");
    assert!(ended.stdout.starts_with("1500 processed"), "{ended:?}");
    assert!(ended.stdout.contains("runs/s: 1500 in"), "{ended:?}");
    assert_eq!(disk.yard.noted().len(), FILES);
    assert_eq!(disk.yard.results("out.jsonl").len(), FILES);
}

#[test]
#[ignore = "needs to mount a tmpfs"]
fn where_the_room_stays_taken_what_was_stored_is_run_and_the_same_command_goes_on_later() {
    let disk = SmallDisk::new();
    let filler = disk.yard.path("disk/filler");
    let fill = format!(
        "test -e {0} || head -c 2M /dev/zero > {0}",
        filler.display()
    );
    let full = disk.run(&["--name", "k"], &disk.yard.noting(&fill));
    assert_eq!(full.status, Some(2), "{full:?}");
    let said = full.stderr.lines().last().unwrap();
    for words in [
        "no room for more than 1000 of 1500 files (1000 of 1000 so far ended: 1000 processed",
        "free space, and the same command goes on",
        "the disk has room for",
    ] {
        assert!(said.contains(words), "no {words:?} in {full:?}");
    }
    assert_eq!(disk.yard.noted().len(), 1_000);

    fs::remove_file(&filler).unwrap();
    let rest = disk.run(&["--name", "k"], &disk.yard.noting(""));
    assert_eq!(rest.status, Some(0), "{rest:?}");
    assert!(rest.stdout.starts_with("1500 processed"), "{rest:?}");
    assert_eq!(disk.yard.noted().len(), FILES, "a command was run twice");
}

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use crate::yard::{Yard, column};

#[test]
fn files_are_processed_and_the_results_are_complete_and_in_order() {
    let yard = Yard::new();
    let mut files = yard.files(25);
    files.reverse();
    let ended = yard.run(&["--results", "out.jsonl"], "wc -w {}", &files);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(
        ended
            .stdout
            .starts_with("25 processed, 0 failed\n25 attempts"),
        "{ended:?}"
    );
    let results = yard.results("out.jsonl");
    assert_eq!(results.len(), 25);
    for (line, file) in results.iter().zip(&files) {
        let path = yard.path(file);
        assert_eq!(line["input"], path.to_str().unwrap());
        assert_eq!(line["state"], "PROCESSED");
        assert_eq!(line["exit_code"], 0);
        assert_eq!(line["stdout"], format!("2 {}\n", path.display()));
        assert!(line["duration_ms"].is_u64(), "{line}");
    }
    assert!(yard.path(".batchyard").is_dir());
}

#[test]
fn a_run_in_memory_leaves_nothing_behind_but_its_results() {
    let yard = Yard::new();
    let options = ["--store", "memory", "--results", "out.jsonl"];
    let ended = yard.run(&options, "cat", &yard.files(3));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert_eq!(yard.results("out.jsonl").len(), 3);
    let mut left: Vec<_> = std::fs::read_dir(yard.path(""))
        .unwrap()
        .map(name)
        .collect();
    left.sort();
    assert_eq!(left, ["f000", "f001", "f002", "out.jsonl"]);
}

fn name(entry: std::io::Result<std::fs::DirEntry>) -> OsString {
    entry.unwrap().file_name()
}

#[test]
fn commands_that_fail_give_status_1_and_are_grouped_by_what_they_said() {
    let yard = Yard::new();
    let exec = r#"sh -c 'case $0 in *f001|*f003) echo "bad $0" >&2; exit 3;; *f004) kill -9 $$;; esac' {}"#;
    let ended = yard.run(&["--results", "out.jsonl"], exec, &yard.files(6));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(
        ended.stdout.starts_with("3 processed, 3 failed\n"),
        "{ended:?}"
    );
    assert!(
        ended
            .stdout
            .contains("2 x EXIT_STATUS: exit status 3: bad {}\n"),
        "{ended:?}"
    );
    assert!(
        ended
            .stdout
            .contains("1 x EXIT_SIGNAL: ended by signal 9\n"),
        "{ended:?}"
    );
    let results = yard.results("out.jsonl");
    let codes: Vec<_> = column(&results, "exit_code")
        .iter()
        .map(|c| c.as_i64())
        .collect();
    assert_eq!(codes, [Some(0), Some(3), Some(0), Some(3), None, Some(0)]);
    assert_eq!(results[4]["signal"], 9);
    assert_eq!(results[1]["failure"]["reason"], "EXIT_STATUS");
}

#[test]
fn a_command_that_fails_at_first_is_tried_again() {
    let yard = Yard::new();
    let exec = "sh -c 'test -e $0.tried || { touch $0.tried; exit 1; }' {}";
    let options = ["--attempts", "2", "--store", "memory"];
    let ended = yard.run(&options, exec, &yard.files(2));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("\n4 attempts"), "{ended:?}");
}

#[test]
fn a_command_that_takes_too_long_is_cut_off() {
    let yard = Yard::new();
    let options = ["--timeout", "50ms", "--store", "memory"];
    let ended = yard.run(&options, "sh -c 'exec sleep 60'", &yard.files(1));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("1 x TIMED_OUT"), "{ended:?}");
}

#[test]
fn file_names_may_be_any_bytes() {
    let yard = Yard::new();
    let names: [&[u8]; 4] = [b"caf\xe9", b"two words\nand a line", b"50%", b"-w {}"];
    let files = names.map(|name| OsStr::from_bytes(name).to_owned());
    files.iter().for_each(|name| yard.file(name));
    let options = ["--results", "out.jsonl", "--store", "memory", "--"];
    let ended = yard.run(&options, "cat", &files);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let results = yard.results("out.jsonl");
    let ends = ["/caf%E9", "/two words%0Aand a line", "/50%25", "/-w {}"];
    for (line, end) in results.iter().zip(ends) {
        assert!(line["input"].as_str().unwrap().ends_with(end), "{line}");
        assert_eq!(line["stdout"], "two words");
    }
}

#[test]
fn a_list_of_files_comes_from_a_file_or_standard_input_after_the_arguments() {
    let yard = Yard::new();
    let files = yard.files(3);
    std::fs::write(yard.path("list"), "f001\n\nf002\n").unwrap();
    let inputs = |options: &[&str], list: &[u8]| {
        let mut command = yard.run_command(options, "cat", &files[..1]);
        command.args(["--store", "memory", "--results", "out.jsonl"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(list).unwrap();
        assert!(child.wait().unwrap().success());
        let results = yard.results("out.jsonl");
        let inputs = column(&results, "input")
            .into_iter()
            .map(ToString::to_string);
        inputs.collect::<Vec<_>>()
    };
    let from_file = inputs(&["--files-from", "list"], b"");
    let from_input = inputs(&["--files-from", "-"], b"f001\nf002");
    assert_eq!(from_file.len(), 3);
    assert!(from_file[0].ends_with("/f000\"") && from_file[2].ends_with("/f002\""));
    assert_eq!(from_file, from_input);
}

#[test]
fn a_file_that_is_given_twice_is_run_twice() {
    let yard = Yard::new();
    let file = yard.files(1).remove(0);
    let ended = yard.run(
        &["--store", "memory"],
        &yard.noting(""),
        &[file.clone(), file],
    );
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(yard.noted(), [yard.path("f000"), yard.path("f000")]);
}

#[test]
fn a_run_does_not_touch_what_waits_under_another_name() {
    let yard = Yard::new();
    let files = yard.files(2);
    let failing = yard.run(&["--name", "first"], "false", &files);
    assert_eq!(failing.status, Some(1), "{failing:?}");
    // The retry waits in the store.
    let batch = yard.newest_batch();
    assert_eq!(yard.batchyard(["retry", &batch]).status, Some(0));
    let ended = yard.run(&["--name", "second"], &yard.noting(""), &files[..1]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(yard.noted(), [yard.path("f000")]);
}

#[test]
fn what_the_command_wrote_is_kept_up_to_a_bound_and_the_results_say_so() {
    let yard = Yard::new();
    let options = ["--results", "out.jsonl"];
    let exec = "sh -c 'head -c 200000 /dev/zero | tr \"\\\\0\" x'";
    let ended = yard.run(&options, exec, &yard.files(1));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let line = yard.results("out.jsonl").remove(0);
    assert_eq!(line["stdout"].as_str().unwrap().len(), 64 << 10);
    assert_eq!(line["stdout_truncated"], true);
    assert_eq!(line["stderr_truncated"], false);
}

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::yard::{Yard, column, ended, send};

#[test]
fn the_same_name_again_runs_nothing_again() {
    let yard = Yard::new();
    let files = yard.files(10);
    let exec = yard.noting("");
    let first = yard.run(&["--name", "k"], &exec, &files);
    let again = yard.run(&["--name", "k", "--results", "out.jsonl"], &exec, &files);
    assert_eq!(
        (first.status, again.status),
        (Some(0), Some(0)),
        "{again:?}"
    );
    assert_eq!(yard.noted().len(), 10);
    assert!(
        again
            .stdout
            .starts_with("10 processed, 0 failed\n10 attempts"),
        "{again:?}"
    );
    assert!(
        again.stdout.ends_with("\nnothing was left to run\n"),
        "{again:?}"
    );
    assert_eq!(yard.results("out.jsonl").len(), 10);
    assert_eq!(yard.json(&["batches"]).as_array().unwrap().len(), 1);
}

#[test]
fn without_a_name_each_start_is_new_work() {
    let yard = Yard::new();
    let files = yard.files(2);
    for _ in 0..2 {
        let ended = yard.run(&[], &yard.noting(""), &files);
        assert_eq!(ended.status, Some(0), "{ended:?}");
    }
    assert_eq!(yard.noted().len(), 4);
}

#[test]
fn another_list_under_the_same_name_is_refused_with_the_first_difference_and_runs_nothing() {
    let yard = Yard::new();
    let files = yard.files(4);
    assert_eq!(
        yard.run(&["--name", "k"], "cat", &files[..3]).status,
        Some(0)
    );
    let exec = yard.noting("");
    let other = [&files[..1], &files[2..]].concat();
    let file_2 = ["the name k", "file 2", "f001\" there", "f002\" here"];
    yard.run(&["--name", "k"], &exec, &other)
        .assert_refused(&file_2);
    let longer = ["file 4", "missing there", "f003\" here"];
    yard.run(&["--name", "k"], &exec, &files)
        .assert_refused(&longer);
    let shorter = ["file 3", "f002\" there", "missing here"];
    yard.run(&["--name", "k"], &exec, &files[..2])
        .assert_refused(&shorter);
    assert_eq!(yard.noted().len(), 0);
}

#[test]
fn a_list_that_differs_after_the_first_batch_is_refused_with_its_place_in_the_list() {
    let yard = Yard::new();
    yard.files(2);
    let mut lines = vec!["f000"; 1_005];
    let run = |lines: &[&str]| {
        fs::write(yard.path("list"), lines.join("\n")).unwrap();
        yard.run(&["--name", "k", "--files-from", "list"], "true", &[])
    };
    assert_eq!(run(&lines).status, Some(0));
    lines[1_002] = "f001";
    run(&lines).assert_refused(&["file 1003", "f000\" there", "f001\" here"]);
}

#[test]
fn killed_while_it_submits_it_submits_the_rest_and_nothing_twice() {
    let yard = Yard::new();
    yard.files(1);
    fs::write(yard.path("list"), "f000\n".repeat(5_000)).unwrap();
    let exec = yard.noting("sleep 0.1");
    let options = ["--name", "k", "--files-from", "list"];
    for wait in [0, 10, 30] {
        let mut child = yard.start(&options, &exec, &[]);
        while !yard.path(".batchyard/store.redb").exists() {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before = yard.noted().len();
    let child = yard.start(&options, &exec, &[]);
    yard.wait_until_noted(before + 1);
    send("INT", &child);
    let stopped = ended(child);
    assert_eq!(stopped.status, Some(130), "{stopped:?}");
    let batches = yard.json(&["batches"]);
    let totals = column(batches.as_array().unwrap(), "total");
    assert_eq!(totals, [1_000; 5]);
}

#[test]
fn files_that_the_command_has_done_away_with_need_not_be_there_again() {
    let yard = Yard::new();
    let files = yard.files(3);
    assert_eq!(yard.run(&["--name", "k"], "rm", &files).status, Some(0));
    let again = yard.run(&["--name", "k"], "rm", &files);
    assert_eq!(again.status, Some(0), "{again:?}");
    yard.run(&["--name", "other"], "rm", &files[..1])
        .assert_refused(&["f000"]);
}

#[test]
fn killed_again_and_again_it_goes_on_and_every_file_ends_exactly_once() {
    const FILES: usize = 200;
    const AT_ONCE: usize = 4;
    let yard = Yard::new();
    let files = yard.files(FILES);
    let exec = yard.noting("sleep 0.01");
    let options = [
        "--name",
        "k",
        "--concurrency",
        "4",
        "--results",
        "out.jsonl",
    ];
    let kills = [1, 40, 90, 150];
    for noted in kills {
        let mut child = yard.start(&options, &exec, &files);
        yard.wait_until_noted(noted);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = yard.run(&options, &exec, &files);
    assert_eq!(last.status, Some(0), "{last:?}");
    assert!(last.stderr.contains("going on with k"), "{last:?}");
    assert!(
        last.stdout.starts_with("200 processed, 0 failed\n"),
        "{last:?}"
    );

    let results = yard.results("out.jsonl");
    let inputs = column(&results, "input")
        .into_iter()
        .map(|i| i.as_str().unwrap().to_owned());
    let expected = files
        .iter()
        .map(|f| yard.path(f).to_str().unwrap().to_owned());
    assert_eq!(inputs.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let noted = yard.noted();
    assert_eq!(noted.iter().collect::<BTreeSet<_>>().len(), FILES);
    // Only what ran, or had just run, at the moment of a kill may run again.
    let again = noted.len() - FILES;
    assert!(again <= kills.len() * 4 * AT_ONCE, "{again} ran again");
}

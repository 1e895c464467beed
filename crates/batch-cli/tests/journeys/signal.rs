use crate::yard::{Yard, column, ended, send, stopped_at_once};

#[test]
fn ctrl_c_lets_commands_end_and_the_same_command_goes_on() {
    let yard = Yard::new();
    let files = yard.files(40);
    let exec = yard.noting("sleep 0.05");
    let options = [
        "--name",
        "k",
        "--concurrency",
        "2",
        "--results",
        "out.jsonl",
    ];
    let child = yard.start(&options, &exec, &files);
    yard.wait_until_noted(5);
    send("INT", &child);
    let stopped = ended(child);
    assert_eq!(stopped.status, Some(130), "{stopped:?}");
    assert!(stopped.stderr.contains("interrupted: "), "{stopped:?}");
    assert!(
        stopped.stderr.contains("the same command goes on"),
        "{stopped:?}"
    );
    assert_eq!(stopped.stdout, "");
    assert!(!yard.path("out.jsonl").exists());
    assert!(yard.noted().len() < 40);

    let last = yard.run(&options, &exec, &files);
    assert_eq!(last.status, Some(0), "{last:?}");
    assert_eq!(yard.noted().len(), 40, "a command was run twice");
    let results = yard.results("out.jsonl");
    assert!(column(&results, "attempts").iter().all(|n| **n == 1));
    assert!(column(&results, "interruptions").iter().all(|n| **n == 0));
}

#[test]
fn ctrl_c_while_the_last_commands_run_ends_like_any_other_run() {
    let yard = Yard::new();
    let options = ["--name", "k", "--results", "out.jsonl"];
    let child = yard.start(&options, &yard.noting("sleep 0.5"), &yard.files(1));
    yard.wait_until_noted(1);
    send("INT", &child);
    let last = ended(child);
    assert_eq!(last.status, Some(0), "{last:?}");
    assert!(
        last.stdout.starts_with("1 processed, 0 failed\n"),
        "{last:?}"
    );
    assert!(!last.stderr.contains("interrupted"), "{last:?}");
    assert_eq!(yard.results("out.jsonl").len(), 1);
}

#[test]
fn a_second_ctrl_c_stops_commands_at_once_and_counts_no_attempt() {
    let yard = Yard::new();
    let exec = yard.noting("exec sleep 600");
    let child = yard.start(&["--name", "k"], &exec, &yard.files(1));
    yard.wait_until_noted(1);
    let stopped = stopped_at_once(child);
    assert_eq!(stopped.status, Some(130), "{stopped:?}");
    let runs = yard.json(&["runs", &yard.newest_batch()]);
    assert_eq!(runs[0]["state"], "PENDING");
    assert_eq!(runs[0]["attempts"], 0);
    assert_eq!(runs[0]["interruptions"], 0);
}

#[test]
fn an_interrupted_run_without_a_name_says_under_which_name_to_go_on() {
    let yard = Yard::new();
    let files = yard.files(20);
    let exec = yard.noting("sleep 0.05");
    let child = yard.start(&["--concurrency", "1"], &exec, &files);
    yard.wait_until_noted(1);
    send("TERM", &child);
    let stopped = ended(child);
    assert_eq!(stopped.status, Some(143), "{stopped:?}");
    let (_, name) = stopped.stderr.rsplit_once("--name ").unwrap();
    let (name, _) = name.split_once(' ').unwrap();
    let last = yard.run(&["--name", name], &exec, &files);
    assert_eq!(last.status, Some(0), "{last:?}");
    assert_eq!(yard.noted().len(), 20);
}

#[test]
fn a_second_process_is_told_who_holds_the_store() {
    let yard = Yard::new();
    let files = yard.files(1);
    let child = yard.start(&["--name", "k"], &yard.noting("exec sleep 600"), &files);
    yard.wait_until_noted(1);
    let pid = child.id().to_string();
    let words = ["in use", ".batchyard", &pid];
    yard.batchyard(["batches"]).assert_refused(&words);
    yard.run(&["--name", "k"], "true", &files)
        .assert_refused(&words);
    stopped_at_once(child);
}

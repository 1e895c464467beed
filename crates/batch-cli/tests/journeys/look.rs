use std::process::Stdio;

use batch_core::engine::Engine;
use batch_core::redb::RedbStorage;
use batch_core::request::Input;

use crate::yard::{Yard, column};

/// A store with a batch of four files, one of which has failed.
fn yard() -> (Yard, String) {
    let yard = Yard::new();
    let exec = "sh -c 'echo hello; case $0 in *f002) echo oh >&2; exit 7;; esac' {}";
    let ended = yard.run(&["--name", "k"], exec, &yard.files(4));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let batch = yard.newest_batch();
    (yard, batch)
}

#[test]
fn batches_are_listed_as_a_table_and_as_json() {
    let (yard, batch) = yard();
    let table = yard.batchyard(["batches"]);
    let row = table.stdout.lines().nth(1).unwrap();
    assert!(
        row.starts_with(&batch) && row.ends_with("run:k"),
        "{table:?}"
    );
    let listed = yard.json(&["batches"]);
    assert_eq!(listed[0]["batch"], *batch);
    assert_eq!(listed[0]["total"], 4);
    assert_eq!(listed[0]["failed"], 1);
    let none = yard.json(&["batches", "--state", "pending"]);
    assert_eq!(none.as_array().unwrap().len(), 0);
}

#[test]
fn runs_are_listed_in_the_order_of_the_files_and_by_state() {
    let (yard, batch) = yard();
    let runs = yard.json(&["runs", &batch]);
    let runs = runs.as_array().unwrap();
    let states: Vec<_> = column(runs, "state")
        .iter()
        .map(|s| s.as_str().unwrap())
        .collect();
    assert_eq!(states, ["PROCESSED", "PROCESSED", "FAILED", "PROCESSED"]);
    let failed = yard.json(&["runs", &batch, "--state", "failed"]);
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["stderr"], "oh\n");
    let table = yard.batchyard(["runs", &batch]);
    assert_eq!(table.stdout.lines().count(), 5, "{table:?}");
    assert!(
        table.stdout.contains("EXIT_STATUS: exit status 7: oh"),
        "{table:?}"
    );
}

#[test]
fn a_batch_that_a_host_has_paused_is_shown_so() {
    let yard = Yard::new();
    let store = yard.path(".batchyard");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let batch = runtime.block_on(async {
        let storage = RedbStorage::open(&store).unwrap();
        let engine = Engine::open(storage).await.unwrap();
        engine.ensure_deployed("w".parse().unwrap()).await.unwrap();
        let batch = engine.submit("w", [Input::text("t")]).await.unwrap();
        batch.pause().await.unwrap();
        engine.close().await.unwrap();
        batch.id().to_string()
    });
    assert_eq!(yard.json(&["show", &batch])["flow"], "PAUSED");
    let table = yard.batchyard(["show", &batch]);
    assert!(table.stdout.contains("PAUSED"), "{table:?}");
}

#[test]
fn a_batch_and_a_run_are_shown() {
    let (yard, batch) = yard();
    assert_eq!(yard.json(&["show", &batch])["state"], "PROCESSED");
    let runs = yard.json(&["runs", &batch]);
    let run = runs[2]["run"].as_str().unwrap();
    assert_eq!(yard.json(&["show", run]), runs[2]);
    let table = yard.batchyard(["show", run]);
    assert!(table.stdout.contains("\nexit_code  "), "{table:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let (yard, batch) = yard();
    let other = batch.replace(|c: char| c.is_ascii_digit(), "7");
    for command in ["show", "runs", "cancel", "retry", "watch"] {
        yard.batchyard([command, &other])
            .assert_refused(&["there is no", &other]);
    }
    yard.batchyard(["show", "nonsense"])
        .assert_refused(&["nonsense"]);
}

#[test]
fn watching_a_batch_tells_its_end_and_the_status_says_how_it_went() {
    let (yard, batch) = yard();
    let watched = yard.batchyard(["watch", &batch]);
    assert_eq!(watched.status, Some(1));
    assert_eq!(watched.stdout, format!("{batch}: 3 processed, 1 failed\n"));
    let good = yard.run(&["--name", "good"], "cat", &yard.files(1));
    assert_eq!(good.status, Some(0));
    assert_eq!(
        yard.batchyard(["watch", &yard.newest_batch()]).status,
        Some(0)
    );
}

#[test]
fn watching_a_batch_that_nobody_executes_says_what_goes_on_with_it() {
    let (yard, batch) = yard();
    let waiting = yard.batchyard(["retry", &batch]).stdout;
    let watched = yard.batchyard(["watch", waiting.trim()]);
    watched.assert_refused(&["has not ended", "0 of 1", "batchyard retry", &batch]);
}

#[test]
fn a_waiting_batch_is_cancelled_and_one_that_has_ended_stays_as_it_is() {
    let (yard, batch) = yard();
    let waiting = yard.batchyard(["retry", &batch]).stdout;
    let waiting = waiting.trim();
    assert_eq!(yard.json(&["cancel", waiting])["reply"], "cancelled");
    assert_eq!(yard.json(&["show", waiting])["state"], "CANCELLED");
    assert_eq!(yard.json(&["cancel", &batch])["reply"], "had ended");
    let run = yard.json(&["runs", &batch])[2]["run"].clone();
    let cancelled = yard.batchyard(["cancel", run.as_str().unwrap()]);
    assert!(
        cancelled.stdout.ends_with("had ended as FAILED\n"),
        "{cancelled:?}"
    );
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let (yard, batch) = yard();
    let mut command = yard.command(["runs", &batch, "-o", "json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

use crate::yard::Yard;

/// Fails where there is no file `well` yet.
const EXEC: &str = "sh -c 'test -e well || case $0 in *f001|*f002) exit 1;; esac' {}";

#[test]
fn failed_runs_are_run_again_as_a_new_batch_and_only_those() {
    let yard = Yard::new();
    assert_eq!(yard.run(&[], EXEC, &yard.files(4)).status, Some(1));
    let batch = yard.newest_batch();
    yard.file("well".as_ref());
    let exec = yard.noting("");
    let options = ["retry", &batch, "--results", "again.jsonl", "--exec", &exec];
    let again = yard.batchyard(options);
    assert_eq!(again.status, Some(0), "{again:?}");
    assert!(
        again.stdout.starts_with("2 processed, 0 failed\n"),
        "{again:?}"
    );
    let mut noted = yard.noted();
    noted.sort();
    assert_eq!(noted, [yard.path("f001"), yard.path("f002")]);
    assert_eq!(yard.results("again.jsonl").len(), 2);
    let newest = yard.json(&["show", &yard.newest_batch()]);
    assert_eq!(newest["retry_of"], *batch);
}

#[test]
fn a_retry_waits_for_its_command_and_is_made_only_once() {
    let yard = Yard::new();
    assert_eq!(yard.run(&[], EXEC, &yard.files(4)).status, Some(1));
    let batch = yard.newest_batch();
    let first = yard.json(&["retry", &batch]);
    assert_eq!(first["state"], "PENDING");
    assert_eq!(first["total"], 2);
    let second = yard.batchyard(["retry", &batch]);
    assert_eq!(second.stdout.trim(), first["batch"].as_str().unwrap());
    let done = yard.batchyard(["retry", &batch, "--exec", "true"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(
        yard.json(&["show", second.stdout.trim()])["state"],
        "PROCESSED"
    );
    assert_eq!(yard.json(&["batches"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_batch_without_failures_has_nothing_to_retry() {
    let yard = Yard::new();
    assert_eq!(yard.run(&[], "true", &yard.files(1)).status, Some(0));
    let batch = yard.newest_batch();
    let nothing = yard.batchyard(["retry", &batch, "--exec", "true"]);
    assert_eq!(nothing.status, Some(0), "{nothing:?}");
    let said = format!("no run of {batch} has failed");
    assert!(nothing.stderr.contains(&said), "{nothing:?}");
    assert!(yard.json(&["retry", &batch]).is_null());
    yard.batchyard(["retry", &batch, "--attempts", "2"])
        .assert_refused(&["--exec"]);
}

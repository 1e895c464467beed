//! A disk that fails or is full, seen through `Storage`: the call says so, writes are refused
//! until the store is opened again, reads go on, and what was acknowledged is there and can end.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use batch_core::id::{BatchId, SinkName};
use batch_core::journal::Sequence;
use batch_core::kv::SizeBound;
use batch_core::storage::{
    BatchQuery, CancelTarget, ClaimRequest, ErrorKind, InsertReply, NewBatch, PruneRequest,
    RunQuery, Settlement, SinkStart, Storage, StorageError, WorkflowChange,
};
use batch_core::time::{Clock, ManualClock};

use crate::backend::WRITE_CALL;
use crate::child::{Place, command_of, end_when_it_hangs};
use crate::full_store::{
    Store, block_on, claim, keyed, next_day, open_store, open_with_bound, output, workflow,
};
use crate::small_disk::SmallDisk;

const STORE: &str = "BATCHYARD_TEST_FAILING_STORE";
const REPORT: &str = "BATCHYARD_TEST_FAILING_REPORT";

/// So many batches are tried; a fault strikes before their end.
const BATCHES: u32 = 40;

fn batch(number: u32) -> NewBatch {
    keyed(&format!("batch {number}"), 5, 50)
}

async fn prepare(store: &dyn Storage) {
    let change = WorkflowChange::EnsureDeployed;
    store.change_workflow(workflow("w"), change).await.unwrap();
}

/// Work, each acknowledgement told; gives the first error and what was being done.
async fn work(
    store: &dyn Storage,
    batches: u32,
    tell: &mut impl FnMut(String),
) -> Option<(&'static str, StorageError)> {
    let first = store.batches(BatchQuery::default()).await.unwrap();
    for number in first.items.len() as u32..batches {
        match store.insert(batch(number)).await {
            Ok(_) => tell(format!("submitted {number}")),
            Err(error) => return Some(("insert", error)),
        }
        let limit = NonZeroU32::new(3).unwrap();
        let request = ClaimRequest::new(vec![workflow("w")], limit);
        let claimed = match store.claim(request).await {
            Ok(claimed) => claimed,
            Err(error) => return Some(("claim", error)),
        };
        for run in claimed.runs {
            let id = run.claim.run();
            let settlement = Settlement::new(run.claim, output(&"done ".repeat(300)));
            match store.settle(vec![settlement]).await {
                Ok(_) => tell(format!("settled {id}")),
                Err(error) => return Some(("settle", error)),
            }
        }
    }
    None
}

/// What every verb that writes says.
async fn writes(store: &dyn Storage) -> Vec<Option<ErrorKind>> {
    let kind = |error: StorageError| error.kind();
    let limit = NonZeroU32::new(3).unwrap();
    let sink = || SinkName::new("s").unwrap();
    let id = BatchId::generate();
    let now = ManualClock::default().now().wall;
    vec![
        store.insert(batch(1_000)).await.map_err(kind).err(),
        store
            .claim(ClaimRequest::new(vec![workflow("w")], limit))
            .await
            .map_err(kind)
            .err(),
        store.settle(vec![]).await.map_err(kind).err(),
        store
            .cancel(CancelTarget::Batch(id))
            .await
            .map_err(kind)
            .err(),
        store
            .open_sink(sink(), SinkStart::Now)
            .await
            .map_err(kind)
            .err(),
        store
            .advance_sink(sink(), Sequence::new(1))
            .await
            .map_err(kind)
            .err(),
        store
            .change_workflow(workflow("w"), WorkflowChange::Deploy)
            .await
            .map_err(kind)
            .err(),
        store
            .prune(PruneRequest::new(now, limit))
            .await
            .map_err(kind)
            .err(),
    ]
}

/// What reads say: how many were answered, and the kinds of the errors of the others.
async fn reads(store: &dyn Storage) -> (usize, Vec<ErrorKind>) {
    let mut said = vec![
        store.batches(BatchQuery::default()).await.map(drop),
        store.runs(RunQuery::default()).await.map(drop),
        store
            .journal(Sequence::START, NonZeroU32::MIN)
            .await
            .map(drop),
        store.sinks().await.map(drop),
        store.workflow(workflow("w")).await.map(drop),
    ];
    if let Ok(page) = store.batches(BatchQuery::default()).await {
        for batch in page.items {
            said.push(store.batch(batch.id).await.map(drop));
        }
    }
    let ok = said.iter().filter(|read| read.is_ok()).count();
    let errors = said.into_iter().filter_map(|read| read.err());
    (ok, errors.map(|error| error.kind()).collect())
}

/// Does nothing by itself: a test starts it under strace, which makes calls fail.
#[test]
fn work_on_a_failing_disk_is_done_when_a_parent_asks() {
    let Some(store) = std::env::var_os(STORE) else {
        return;
    };
    end_when_it_hangs();
    let mut report = OpenOptions::new()
        .append(true)
        .create(true)
        .open(std::env::var_os(REPORT).unwrap())
        .unwrap();
    let mut tell = |line: String| report.write_all(format!("{line}\n").as_bytes()).unwrap();
    let store = match open_store(&PathBuf::from(store), &next_day()) {
        Ok(store) => store,
        Err(error) => return tell(format!("unopened {:?}", error.kind())),
    };
    tell("opened".to_owned());
    block_on(async {
        let ended = work(&store, BATCHES, &mut tell).await;
        let Some((doing, error)) = ended else {
            return tell("unharmed".to_owned());
        };
        tell(format!("failed {doing} {:?}", error.kind()));
        for kind in writes(&store).await {
            tell(format!("then {kind:?}"));
        }
        let (ok, errors) = reads(&store).await;
        tell(format!("reads {ok} {errors:?}"));
    });
}

/// All that was acknowledged is there, and everything can be worked off.
fn check_reopened(store: &Store, submitted: &[u32], settled: &[String]) {
    block_on(async {
        for number in submitted {
            let reply = store.insert(batch(*number)).await.unwrap();
            assert!(
                matches!(reply, InsertReply::Replayed(_)),
                "{number} is gone"
            );
        }
        for id in settled {
            let run = store.run(id.parse().unwrap()).await.unwrap().unwrap();
            assert!(run.state.is_ended(), "{id} is {}", run.state);
            assert!(run.output.is_some(), "{id}");
        }
        while work_off(store).await > 0 {}
        for batch in store.batches(BatchQuery::default()).await.unwrap().items {
            assert!(batch.is_finished(), "{batch:?}");
            assert_eq!(batch.counts.processed, batch.counts.total());
        }
    });
}

/// Ends up to 64 runs; gives how many there were.
async fn work_off(store: &dyn Storage) -> usize {
    let runs = claim(store, "w", 64).await;
    let count = runs.len();
    let end = |run: batch_core::storage::ClaimedRun| {
        Settlement::new(run.claim, output(&"done ".repeat(40)))
    };
    store
        .settle(runs.into_iter().map(end).collect())
        .await
        .unwrap();
    count
}

fn told(lines: &[String], what: &str) -> Vec<String> {
    let told = lines.iter().filter_map(|line| line.strip_prefix(what));
    told.map(str::to_owned).collect()
}

/// A call of the system fails for the `when`th time it is made, and never again.
///
/// Gives how many reads were answered after it and how many were not, where it struck an open store.
fn strike(call: &str, error: &str, when: usize) -> Option<(usize, usize)> {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let store = open_store(&place.store, &ManualClock::default()).unwrap();
    block_on(prepare(&store));
    drop(store);
    let fault = format!("inject={call}:error={error}:when={when}");
    let trace = format!("trace={call}");
    let wrapper = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &fault,
    ];
    let name = "failing_disk::work_on_a_failing_disk_is_done_when_a_parent_asks";
    let status = command_of(&wrapper, name)
        .env(STORE, &place.store)
        .env(REPORT, &place.report)
        .status();

    let lines = place.lines();
    let what = format!("{call} {when} {error}: {lines:?}");
    assert!(status.unwrap().success(), "it hung or ended: {what}");
    let store = open_store(&place.store, &next_day()).unwrap();
    let submitted = told(&lines, "submitted ");
    let submitted: Vec<u32> = submitted.iter().map(|n| n.parse().unwrap()).collect();
    check_reopened(&store, &submitted, &told(&lines, "settled "));
    if lines[0].starts_with("unopened") {
        assert!(
            lines[0].ends_with(" Unavailable") || lines[0].ends_with(" InDoubt"),
            "{what}"
        );
        return None;
    }
    let failed = told(&lines, "failed ");
    assert_eq!(failed.len(), 1, "{what}");
    assert!(failed[0].ends_with(" InDoubt"), "{what}");
    assert_eq!(told(&lines, "then "), ["Some(Refusing)"; 8], "{what}");
    let reads = told(&lines, "reads ");
    let (ok, errors) = reads[0].split_once(' ').unwrap();
    let unanswered = errors.split(',').filter(|kind| kind.len() > 2).count();
    Some((ok.parse().unwrap(), unanswered))
}

fn strike_all(call: &str, error: &str) {
    let moments = (1..=24).step_by(2);
    let struck = moments.filter_map(|when| strike(call, error, when));
    let struck: Vec<(usize, usize)> = struck.collect();
    println!("{call} {error}: reads answered and not: {struck:?}");
    assert!(struck.len() > 3, "{struck:?}");
    assert!(
        struck.iter().any(|(answered, _)| *answered > 4),
        "{struck:?}"
    );
}

#[test]
#[ignore = "needs strace"]
fn a_failed_write_is_told_and_costs_nothing_that_was_acknowledged() {
    strike_all(WRITE_CALL, "EIO");
}

#[test]
#[ignore = "needs strace"]
fn a_failed_sync_is_told_and_costs_nothing_that_was_acknowledged() {
    strike_all("fdatasync", "EIO");
}

#[test]
#[ignore = "needs strace"]
fn a_write_to_a_full_disk_is_told_and_costs_nothing_that_was_acknowledged() {
    strike_all(WRITE_CALL, "ENOSPC");
}

#[test]
#[ignore = "needs strace"]
fn a_sync_to_a_full_disk_is_told_and_costs_nothing_that_was_acknowledged() {
    strike_all("fdatasync", "ENOSPC");
}

/// Without a bound, the store is the first to learn that the disk is full.
#[test]
#[ignore = "needs to mount a tmpfs"]
fn a_disk_that_fills_under_an_unbounded_store_costs_nothing_that_was_acknowledged() {
    let disk = SmallDisk::of_mib(12);
    let mut lines = Vec::new();
    let store = open_with_bound(&disk.store(), &next_day(), SizeBound::NONE).unwrap();
    block_on(prepare(&store));
    let filler = disk.path().join("most");
    fs::write(&filler, vec![1; room_to_take(disk.path(), 1 << 20)]).unwrap();

    let failed = block_on(work(&store, 10_000, &mut |line| lines.push(line)));

    let (_, mut error) = failed.expect("the disk fills");
    if error.kind() == ErrorKind::Full {
        // Where what is left is known to the byte, a batch that does not fit is not tried.
        error = block_on(deploy_until_it_fails(&store));
    }
    assert_eq!(error.kind(), ErrorKind::InDoubt);
    let refused = block_on(writes(&store));
    assert_eq!(refused, [Some(ErrorKind::Refusing); 8]);
    let (ok, errors) = block_on(reads(&store));
    println!("{ok} reads answered, {errors:?}");
    assert!(ok > 2, "{errors:?}");
    drop(store);
    fs::remove_file(filler).unwrap();
    let store = open_with_bound(&disk.store(), &next_day(), SizeBound::NONE).unwrap();
    let submitted = told(&lines, "submitted ");
    let submitted: Vec<u32> = submitted.iter().map(|n| n.parse().unwrap()).collect();
    check_reopened(&store, &submitted, &told(&lines, "settled "));
}

async fn deploy_until_it_fails(store: &dyn Storage) -> StorageError {
    for number in 0..100_000 {
        let new = workflow(&format!("workflow-{number}"));
        let change = WorkflowChange::EnsureDeployed;
        if let Err(error) = store.change_workflow(new, change).await {
            return error;
        }
    }
    panic!("the disk never fills");
}

/// How many bytes to take so that so many are left.
fn room_to_take(disk: &Path, left: u64) -> usize {
    let mut df = Command::new("df");
    df.args(["-B1", "--output=avail"]).arg(disk);
    let said = df.output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    let free: u64 = said.lines().nth(1).unwrap().trim().parse().unwrap();
    usize::try_from(free - left).unwrap()
}

/// Three times over, for what was deleted leaves a file in pieces.
#[test]
#[ignore = "needs to mount a tmpfs"]
fn submits_stop_before_work_does_on_a_small_disk() {
    let disk = SmallDisk::of_mib(64);
    let clock = ManualClock::default();
    let store = open_with_bound(&disk.store(), &clock, SizeBound::default()).unwrap();
    block_on(prepare(&store));
    for round in 0..3 {
        let batches = block_on(submit_until_full(&store, round));
        println!(
            "round {round}: {batches} batches of 40 runs, {} bytes left",
            free(&disk)
        );
        assert!(batches > 10, "{batches}");
        let mut ended = 0;
        loop {
            match block_on(work_off(&store)) {
                0 => break,
                more => ended += more,
            }
        }
        assert_eq!(ended, batches * 40);
        println!("round {round}: all ended, {} bytes left", free(&disk));
        clock.advance(Duration::from_secs(1));
        let everything = PruneRequest::new(clock.now().wall, NonZeroU32::new(7).unwrap());
        let mut pruned = 0;
        loop {
            match block_on(store.prune(everything)).unwrap().batches {
                0 => break,
                more => pruned += more as usize,
            }
        }
        assert_eq!(pruned, batches);
    }
}

fn free(disk: &SmallDisk) -> usize {
    room_to_take(disk.path(), 0)
}

fn large_batch(name: &str) -> NewBatch {
    use batch_core::request::{BatchRequest, Input, Limits};
    let input = |n| Input::text(format!("{n} of {name} ").repeat(300));
    let request = BatchRequest::new("w").inputs((0..40).map(input));
    let content = batch_core::valid::validate(request, &Limits::default()).unwrap();
    NewBatch::single(BatchId::generate(), content)
}

async fn submit_until_full(store: &dyn Storage, round: u32) -> usize {
    let (mut stored, mut refused) = (0, 0);
    // What was pruned is cleared away when nobody asks for anything else.
    while refused < 20 {
        let name = format!("batch {stored} of round {round}");
        match store.insert(large_batch(&name)).await {
            Ok(_) => (stored, refused) = (stored + 1, 0),
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), ErrorKind::Full, "{error}");
                assert!(error.is_retryable());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        assert!(stored < 10_000, "it is never full");
    }
    stored
}

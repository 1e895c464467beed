//! Work that is the same each time.

use std::pin::pin;
use std::time::Duration;

use batch_core::storage::{Claim, Disposition, NewBatch};

use super::content::content;
use super::worker::{failed, id_of, processed, retry};
use super::{Line, Verb, Worker};

/// A batch that takes three commits: its inputs are more than one may have.
const LARGE: &str = "large.3.360000";
/// The batch that lives in a prepared store.
const SECOND: &str = "second.9.300";
/// How long the thread that owns the store gets to clear away what was deleted.
pub(super) const IDLE: Duration = Duration::from_millis(50);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn each(
    claims: Vec<Claim>,
    ends: impl IntoIterator<Item = Disposition>,
) -> Vec<(Claim, Disposition)> {
    claims.into_iter().zip(ends).collect()
}

/// A day that has everything in it: submit, claim, settle, retry, cancel, prune, a batch in slices.
pub(super) async fn day(worker: &mut Worker) {
    worker.found().await;
    prunable(worker).await;
    let second = worker.submit("second.5.300").await;
    let claims = worker.claim(3).await;
    let ends = [failed(), Disposition::Released, retry(HOUR)];
    worker.settle(each(claims, ends)).await;
    let held = worker.claim(1).await;
    worker.cancel(second).await;
    worker.settle(each(held, [processed(0)])).await;
    worker.prune(1).await;
    std::thread::sleep(IDLE);
    worker.submit(LARGE).await;
    let claims = worker.claim(2).await;
    worker
        .settle(each(claims, [processed(20_000), processed(0)]))
        .await;
}

/// A batch with a retry, finished and seen by the sink.
async fn prunable(worker: &mut Worker) {
    worker.submit("first.3.100").await;
    let claims = worker.claim(2).await;
    let ends = [processed(5_000), retry(Duration::ZERO)];
    worker.settle(each(claims, ends)).await;
    let claims = worker.claim(3).await;
    worker.settle(each(claims, [processed(0), failed()])).await;
    worker.advance_sink(0).await;
}

/// A store with a batch that can be pruned and one in the midst of its life.
pub(super) async fn prepare(worker: &mut Worker) {
    worker.found().await;
    prunable(worker).await;
    worker.submit(SECOND).await;
    let claims = worker.claim(2).await;
    worker.settle(each(claims, [failed(), retry(HOUR)])).await;
}

/// Leaves all that an opening has to deal with, and does not come back.
pub(super) async fn leave_a_mess(worker: &mut Worker) {
    prepare(worker).await;
    worker.claim(3).await;
    let cancelled = worker.submit("third.4.50").await;
    worker.claim(8).await;
    worker.cancel(cancelled).await;
    worker.prune(1).await;
    worker.say(&Line::Submitting(LARGE.to_owned()));
    let batch = NewBatch::single(id_of(LARGE), content(LARGE));
    let mut insert = pin!(worker.storage.insert(batch));
    let mut polls = 0;
    // Its slices are staged one by one: after three polls the first of them is stored.
    std::future::poll_fn(|context| {
        polls += 1;
        let polled = insert.as_mut().poll(context);
        match polls {
            3 => die(),
            _ => polled.map(drop),
        }
    })
    .await;
}

/// Ends this process as `kill -9` does.
pub(super) fn die() -> ! {
    let me = std::process::id().to_string();
    let _ = std::process::Command::new("kill")
        .args(["-9", &me])
        .status();
    std::process::abort();
}

/// Does one thing, after what it takes to do it.
pub(super) async fn verb(worker: &mut Worker, verb: Verb) {
    let held = match verb {
        Verb::Settle => worker.claim(3).await,
        Verb::Cancel => worker.claim(1).await,
        _ => Vec::new(),
    };
    worker.say(&Line::Begun);
    match verb {
        Verb::Submit => drop(worker.submit("new.4.200").await),
        Verb::SubmitLarge => drop(worker.submit(LARGE).await),
        Verb::Claim => drop(worker.claim(3).await),
        Verb::Settle => {
            let ends = [processed(9_000), failed(), retry(Duration::ZERO)];
            worker.settle(each(held, ends)).await;
        }
        Verb::Cancel => {
            worker.cancel(id_of(SECOND)).await;
        }
        Verb::Prune => {
            worker.prune(1).await;
            std::thread::sleep(IDLE);
        }
    }
}

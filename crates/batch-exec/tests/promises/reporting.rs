use std::time::Duration;

use batch_core::id::RunId;
use batch_core::ordinal::Ordinal;
use tokio::time::{Instant, sleep};

use super::yard::Yard;
use batch_exec::executor::{Outcome, RunContext, RunProgress};

const SECOND: Duration = Duration::from_secs(1);

/// Ten pages, a second each.
async fn read(run: RunContext) -> Result<Outcome, batch_exec::ExecutorError> {
    for page in 0..10 {
        run.progress(page, 10, format!("page {page}"));
        sleep(SECOND).await;
    }
    Ok(Outcome::done_without_output())
}

#[tokio::test(start_paused = true)]
async fn what_a_run_reports_is_seen_while_it_is_executed_and_gone_afterwards() {
    let yard = Yard::new().await;
    let dispatcher = yard.dispatcher().workflow("w", read).start();
    let dispatcher = dispatcher.await.unwrap();
    let mut watch = dispatcher.watch_progress();
    let batch = yard.submit("w", 1).await;
    let run = RunId::new(batch, Ordinal::new(0));
    assert_eq!(dispatcher.progress(run), None);
    for page in 0..10 {
        let seen = watch.next().await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].run, seen[0].attempt.get()), (run, 1));
        let expected = RunProgress::new(page, 10, format!("page {page}"));
        assert_eq!(seen[0].progress, expected);
        assert_eq!(dispatcher.progress(run), Some(expected));
    }
    yard.finished(batch).await;
    assert_eq!(dispatcher.progress(run), None);
    dispatcher.shutdown().await.unwrap();
    assert_eq!(watch.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn pictures_come_at_a_bounded_rate_and_the_last_report_is_in_one() {
    let yard = Yard::new().await;
    let eager = |run: RunContext| async move {
        for n in 1..=5_000 {
            run.progress(n, 5_000, "");
            sleep(Duration::from_millis(1)).await;
        }
        std::future::pending().await
    };
    let dispatcher = yard.dispatcher().workflow("w", eager).start();
    let dispatcher = dispatcher.await.unwrap();
    let mut watch = dispatcher.watch_progress();
    let start = Instant::now();
    yard.submit("w", 1).await;
    let mut pictures = 0_u32;
    loop {
        let seen = watch.next().await.unwrap();
        pictures += 1;
        if seen[0].progress.done == 5_000 {
            break;
        }
    }
    let most = start.elapsed().as_millis() / 100 + 1;
    assert!(u128::from(pictures) <= most, "{pictures} in {most} tenths");
    assert!(pictures >= 20, "{pictures}");
    dispatcher.shutdown_now().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_report_after_the_attempt_is_seen_by_nobody() {
    let yard = Yard::new().await;
    let (sender, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let work = move |run: RunContext| {
        sender.send(run).unwrap();
        async { Ok(Outcome::done_without_output()) }
    };
    let dispatcher = yard.dispatcher().workflow("w", work).start();
    let dispatcher = dispatcher.await.unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let run = kept.recv().await.unwrap();
    run.progress(1, 1, "late");
    assert_eq!(dispatcher.progress(run.id()), None);
    dispatcher.shutdown().await.unwrap();
}

//! A small host and the tests it has of itself, with the test kit and without waiting.
//!
//! In a host of your own the second half stands behind `#[cfg(test)]`, each function is a
//! `#[tokio::test]`, and `batch-exec` has the feature `testing` under `[dev-dependencies]`.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use batch_core::request::{BatchRequest, Input};
use batch_core::time::ManualClock;
use batch_exec::testing::{
    Fault, FaultyStorage, RecordingSink, Script, ScriptedExecutor, StorageMethod, TestEngine, When,
};
use batch_exec::{Executor, ExecutorError, Outcome, RetryPolicy, RunContext, async_trait};

/// What the host sends mail with.
#[async_trait]
trait Post: Send + Sync {
    async fn send(&self, to: &str) -> Result<(), String>;
}

/// The host's executor: one mail a run.
struct SendMail {
    post: Arc<dyn Post>,
}

#[async_trait]
impl Executor for SendMail {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let to = run.text()?;
        if !to.contains('@') {
            return Ok(Outcome::fail("NO_ADDRESS", format!("{to:?} is no address")));
        }
        self.post.send(to).await?;
        Ok(Outcome::done(to))
    }
}

// ---- what would stand behind #[cfg(test)] ----

type Tested = Result<(), Box<dyn Error>>;

/// A post office that is closed in the morning.
struct ClosedAtFirst(std::sync::atomic::AtomicU32);

#[async_trait]
impl Post for ClosedAtFirst {
    async fn send(&self, _: &str) -> Result<(), String> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0..2 => Err("the post office is closed".into()),
            _ => Ok(()),
        }
    }
}

fn mails(to: &[&str]) -> Vec<Input> {
    to.iter().copied().map(Input::text).collect()
}

async fn a_mail_is_sent_again_when_the_post_was_closed() -> Tested {
    let post = Arc::new(ClosedAtFirst(0.into()));
    let test = TestEngine::builder()
        .workflow("send-mail", SendMail { post })
        .open()
        .await?;
    let inputs = mails(&["a@example.com", "b@example.com", "nobody"]);
    let batch = test.engine().submit("send-mail", inputs).await?;
    test.drain_all().await?;
    let check = test.check(batch.id()).await;
    check.finished().processed(2).failed_with(2, "NO_ADDRESS");
    check.output(0, "a@example.com").attempts(0, 2);
    Ok(())
}

async fn the_audit_log_hears_of_every_mail_though_it_was_down() -> Tested {
    let audit = RecordingSink::new();
    let test = TestEngine::builder()
        .workflow("send-mail", ScriptedExecutor::new(Script::Ok))
        .sink("audit", audit.clone())
        .open()
        .await?;
    audit.fail_next(3);
    let inputs = mails(&["a@example.com", "b@example.com"]);
    test.engine().submit("send-mail", inputs).await?;
    test.drain_all().await?;
    let sent = audit
        .names()
        .into_iter()
        .filter(|name| *name == "run.processed");
    assert_eq!(sent.count(), 2);
    Ok(())
}

async fn a_mail_that_hangs_is_given_up_after_a_minute() -> Tested {
    let test = TestEngine::builder()
        .workflow("send-mail", ScriptedExecutor::new(Script::Hang))
        .run_timeout(Duration::from_secs(60))
        .retry(RetryPolicy::NEVER)
        .open()
        .await?;
    let inputs = mails(&["a@example.com"]);
    let batch = test.engine().submit("send-mail", inputs).await?;
    test.drain_all().await?;
    test.check(batch.id())
        .await
        .finished()
        .failed_with(0, "TIMED_OUT");
    Ok(())
}

async fn no_mail_is_sent_twice_when_the_disk_fails_during_a_submit() -> Tested {
    let clock = ManualClock::default();
    let store = FaultyStorage::in_memory(&clock);
    let executor = ScriptedExecutor::new(Script::Ok);
    let test = TestEngine::builder()
        .storage(Arc::clone(&store) as _, clock)
        .workflow("send-mail", executor.clone())
        .open()
        .await?;
    store.plan(When::next(StorageMethod::Insert), Fault::InDoubtDone);
    let request = BatchRequest::new("send-mail")
        .inputs(mails(&["a@example.com"]))
        .idempotency_key("2026-11-23");
    let first = test.engine().submit_batch(request.clone()).await;
    assert!(first.is_err(), "the host is told that it does not know");
    store.reopened();
    test.engine().submit_batch(request).await?;
    test.drain_all().await?;
    assert_eq!(executor.calls().len(), 1);
    Ok(())
}

/// Runs the tests. Paused, tokio's time runs as fast as it can: the minute takes no minute.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Tested {
    tokio::time::pause();
    a_mail_is_sent_again_when_the_post_was_closed().await?;
    the_audit_log_hears_of_every_mail_though_it_was_down().await?;
    a_mail_that_hangs_is_given_up_after_a_minute().await?;
    no_mail_is_sent_twice_when_the_disk_fails_during_a_submit().await?;
    println!("4 tests of a host passed");
    Ok(())
}

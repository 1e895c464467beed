use std::time::{Duration, Instant};

use batch_core::request::Input;
use batch_exec::dispatcher::Dispatcher;
use batch_exec::executor::{Outcome, RunContext};
use tokio::sync::mpsc;

use crate::{Broken, Opened, WORKFLOW};

/// How long everything is idle before a run is submitted.
pub const IDLE: Duration = Duration::from_millis(2);

/// How long one run waited for its executor when nothing else was to do.
#[derive(Debug, Clone, Copy)]
pub struct Pickup {
    /// Since its submit was called: what is stored first, and the claim, are in it.
    pub since_call: Duration,
    /// Since its submit returned; zero where the executor was faster.
    pub since_return: Duration,
}

/// Submits one run after the other to an idle dispatcher.
///
/// # Errors
///
/// When the store refuses.
pub async fn pickup(opened: &Opened, runs: u64, bytes: usize) -> Result<Vec<Pickup>, Broken> {
    let (sender, mut begun) = mpsc::unbounded_channel();
    let executor = move |_: RunContext| {
        // The receiver is gone only when nobody measures any more.
        let _ = sender.send(Instant::now());
        async { Ok(Outcome::done(())) }
    };
    let dispatcher = Dispatcher::builder(&opened.engine)
        .workflow(WORKFLOW, executor)
        .start()
        .await?;
    let mut found = Vec::new();
    for n in 0..runs {
        let input = Input::text(format!("{n:0bytes$}"));
        tokio::time::sleep(IDLE).await;
        let called = Instant::now();
        let handle = opened.engine.submit(WORKFLOW, [input]).await?;
        let returned = Instant::now();
        let at = begun.recv().await.ok_or("the dispatcher has stopped")?;
        found.push(Pickup {
            since_call: at.saturating_duration_since(called),
            since_return: at.saturating_duration_since(returned),
        });
        handle.wait().await?;
    }
    dispatcher.shutdown().await?;
    Ok(found)
}

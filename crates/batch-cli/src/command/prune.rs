use std::io::{self, Write};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Result;
use batch_core::engine::Engine;
use batch_core::storage::PruneRequest;
use batch_core::time::Timestamp;
use serde::Serialize;

use crate::args::PruneArgs;
use crate::ending::Ending;
use crate::output::{Format, print_one};

/// How many batches one step deletes.
const STEP: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// What is gone, as it is printed.
#[derive(Debug, Default, Serialize)]
struct PruneRecord {
    batches: u64,
}

/// Deletes old finished batches, step by step until none is left.
pub(crate) async fn prune(args: PruneArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let before = ago(engine.clock().now().wall, args.older_than);
    let pruned = prune_all(&engine, PruneRequest::new(before, STEP)).await?;
    match args.view.format {
        Format::Json => print_one(&pruned, Format::Json)?,
        Format::Table => writeln!(io::stdout(), "batches pruned: {}", pruned.batches)?,
    }
    Ok(Ending::Succeeded)
}

async fn prune_all(engine: &Engine, mut request: PruneRequest) -> Result<PruneRecord> {
    let mut all = PruneRecord::default();
    loop {
        let pruned = engine.prune(request).await?;
        all.batches += u64::from(pruned.batches);
        request.after = pruned.next;
        if pruned.is_done() {
            return Ok(all);
        }
    }
}

/// So long before a moment; nothing is older than 1970.
fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let then = now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH);
    then.max(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use batch_core::memory::MemoryStorage;
    use batch_core::request::Input;

    use super::*;

    #[tokio::test]
    async fn more_batches_than_one_step_deletes_are_deleted_all_the_same() {
        let engine = Engine::open(MemoryStorage::new()).await.unwrap();
        engine.ensure_deployed("w".parse().unwrap()).await.unwrap();
        let count = u64::from(STEP.get()) * 2 + 1;
        for _ in 0..count {
            let batch = engine.submit("w", [Input::text("x")]).await.unwrap();
            engine.cancel_batch(batch.id()).await.unwrap();
        }
        let later = engine.clock().now().wall + Duration::from_secs(60);
        let pruned = prune_all(&engine, PruneRequest::new(later, STEP)).await;
        assert_eq!(pruned.unwrap().batches, count);
    }

    #[test]
    fn an_age_beyond_all_time_is_the_beginning_of_1970() {
        let now = Timestamp::from_second(90).unwrap();
        let minute = Timestamp::from_second(30).unwrap();
        assert_eq!(ago(now, Duration::from_secs(60)), minute);
        assert_eq!(ago(now, Duration::from_secs(91)), Timestamp::UNIX_EPOCH);
        assert_eq!(ago(now, Duration::MAX), Timestamp::UNIX_EPOCH);
    }
}

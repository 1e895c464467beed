use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use batch_core::id::{BatchId, WorkflowId};
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::run::{Failure, Output};
use batch_core::sled::SledStorage;
use batch_core::storage::{
    CancelTarget, ClaimRequest, Disposition, InsertReply, NewBatch, PruneRequest, Settled,
    Settlement, Storage, WorkflowChange,
};
use batch_core::time::Timestamp;
use batch_core::valid::validate;
use fastrand::Rng;

use super::{Line, WORKFLOW};

/// Works on a store for so many steps and reports every acknowledgement on `out`, at once.
pub async fn work(store: &Path, seed: u64, steps: u32, out: &mut impl Write) {
    let storage = SledStorage::open(store).unwrap();
    let id = WorkflowId::new(WORKFLOW).unwrap();
    let change = WorkflowChange::EnsureDeployed;
    storage.change_workflow(id, change).await.unwrap();
    say(out, &Line::Opened);
    let mut child = Child {
        storage,
        random: Rng::with_seed(seed),
        last: None,
        seed,
    };
    for step in 0..steps {
        child.step(step, out).await;
    }
}

fn say(out: &mut impl Write, line: &Line) {
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

struct Child {
    storage: SledStorage,
    random: Rng,
    last: Option<BatchId>,
    seed: u64,
}

impl Child {
    async fn step(&mut self, step: u32, out: &mut impl Write) {
        match self.random.u32(0..20) {
            0..=3 => self.submit(step, out).await,
            4 => self.cancel(out).await,
            5 => self.prune().await,
            _ => self.run_some(out).await,
        }
    }

    async fn submit(&mut self, step: u32, out: &mut impl Write) {
        // The same under the same key, however far an earlier process with this seed came.
        let mut content = Rng::with_seed(self.seed ^ u64::from(step));
        let count = content.u32(1..60);
        let bytes = content.usize(0..3_000);
        let key = format!("{}-{step}", self.seed);
        let input = |n| Input::text(format!("{n:0bytes$}")).with_secret("token", "hunter2");
        let request = BatchRequest::new(WORKFLOW)
            .idempotency_key(&*key)
            .inputs((0..count).map(input));
        let content = validate(request, &Limits::default()).unwrap();
        let id = BatchId::generate();
        let reply = self.storage.insert(NewBatch::single(id, content)).await;
        let id = match reply.unwrap() {
            InsertReply::Stored => id,
            InsertReply::Replayed(first) => first,
            other => panic!("{key}: {other:?}"),
        };
        self.last = Some(id);
        say(out, &Line::Stored(id, count as usize, key));
    }

    async fn cancel(&mut self, out: &mut impl Write) {
        if let Some(batch) = self.last.take() {
            let target = CancelTarget::Batch(batch);
            self.storage.cancel(target).await.unwrap();
            say(out, &Line::Cancelled(batch));
        }
    }

    /// Prunes nothing that is checked later, and goes through the motions.
    async fn prune(&mut self) {
        let request = PruneRequest::new(Timestamp::UNIX_EPOCH, NonZeroU32::MIN);
        self.storage.prune(request).await.unwrap();
    }

    async fn run_some(&mut self, out: &mut impl Write) {
        let limit = NonZeroU32::new(self.random.u32(1..20)).unwrap();
        let request = ClaimRequest::new(vec![WorkflowId::new(WORKFLOW).unwrap()], limit);
        let runs = self.storage.claim(request).await.unwrap().runs;
        let mut claims = Vec::new();
        let mut settlements = Vec::new();
        for run in runs {
            claims.push(run.claim.run());
            settlements.push(Settlement::new(run.claim, self.disposition()));
        }
        let replies = self.storage.settle(settlements).await.unwrap();
        for (run, reply) in claims.into_iter().zip(replies) {
            match reply {
                Settled::Applied(state) if state.is_ended() => say(out, &Line::Ended(run, state)),
                _ => {}
            }
        }
    }

    fn disposition(&mut self) -> Disposition {
        let failure = || Failure::new("RANDOM", "for a test");
        match self.random.u32(0..8) {
            0 => Disposition::Released,
            1 => Disposition::Retry {
                after: Duration::from_millis(self.random.u64(0..20)),
                failure: failure(),
            },
            2 => Disposition::Failed {
                failure: failure(),
                output: None,
            },
            3 => {
                let large = "x".repeat(self.random.usize(0..20_000));
                let output = Some(Output::new(&large).unwrap());
                Disposition::Processed { output }
            }
            _ => Disposition::Processed { output: None },
        }
    }
}

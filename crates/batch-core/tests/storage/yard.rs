use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId, WorkflowId};
use batch_core::journal::{Entry, Sequence};
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input, Limits, RunUpdate};
use batch_core::run::{Failure, Output, Run};
use batch_core::storage::{
    ClaimRequest, ClaimedRun, Disposition, InsertReply, NewBatch, RunQuery, Settled, Settlement,
    Storage, StorageError, UpdateReply, WorkflowChange,
};
use batch_core::time::ManualClock;
use batch_core::valid::{ValidBatch, validate, validate_update};

use super::faulty_kv::FaultyKv;

/// A storage under test, with the map below it and the clock beside it.
pub struct Yard {
    pub kv: FaultyKv,
    pub clock: ManualClock,
    storage: Option<KvStorage<FaultyKv>>,
}

pub fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

pub fn request(inputs: u32) -> BatchRequest {
    let input = |n| Input::text(format!("text {n}")).with_name(format!("input {n}"));
    BatchRequest::new("w").inputs((0..inputs).map(input))
}

pub fn valid(request: BatchRequest) -> ValidBatch {
    validate(request, &Limits::default()).unwrap()
}

pub fn run_id(batch: BatchId, ordinal: u32) -> RunId {
    RunId::new(batch, Ordinal::new(ordinal))
}

pub fn processed() -> Disposition {
    Disposition::Processed { output: None }
}

pub fn output(text: &str) -> Disposition {
    let output = Some(Output::new(&text).unwrap());
    Disposition::Processed { output }
}

pub fn retry(seconds: u64) -> Disposition {
    Disposition::Retry {
        after: Duration::from_secs(seconds),
        failure: Failure::new("FLAKY", "for a test"),
    }
}

pub fn needs_review() -> Disposition {
    Disposition::NeedsReview {
        note: "for a test".into(),
        output: Some(Output::new(&"so far").unwrap()),
    }
}

impl Yard {
    /// The store that a map holds, opened.
    pub fn on(kv: FaultyKv) -> Self {
        let mut yard = Self {
            kv,
            clock: ManualClock::default(),
            storage: None,
        };
        yard.open().unwrap();
        yard
    }

    /// An open store with the workflow `w`, one version deployed.
    pub async fn new() -> Self {
        let yard = Self::on(FaultyKv::new());
        let change = WorkflowChange::EnsureDeployed;
        let made = yard.storage().change_workflow(workflow(), change).await;
        made.unwrap();
        yard
    }

    pub fn storage(&self) -> &dyn Storage {
        self.storage.as_ref().expect("the store is open")
    }

    pub fn open(&mut self) -> Result<(), StorageError> {
        self.storage = None;
        let mut options = KvOptions::default();
        options.clock = Arc::new(self.clock.clone());
        self.storage = Some(KvStorage::start(self.kv.clone(), options)?);
        Ok(())
    }

    pub fn close(&mut self) {
        self.storage = None;
    }

    /// Stores a batch of so many texts.
    pub async fn submit(&self, inputs: u32) -> BatchId {
        self.submit_request(request(inputs)).await
    }

    pub async fn submit_request(&self, request: BatchRequest) -> BatchId {
        let id = BatchId::generate();
        let batch = NewBatch::single(id, valid(request));
        let reply = self.storage().insert(batch).await.unwrap();
        assert_eq!(reply, InsertReply::Stored);
        id
    }

    pub async fn claim(&self, limit: u32) -> Vec<ClaimedRun> {
        let limit = NonZeroU32::new(limit).unwrap();
        let request = ClaimRequest::new(vec![workflow()], limit);
        self.storage().claim(request).await.unwrap().runs
    }

    pub async fn settle(&self, run: ClaimedRun, disposition: Disposition) -> Settled {
        let settlement = Settlement::new(run.claim, disposition);
        let replies = self.storage().settle(vec![settlement]).await.unwrap();
        replies[0]
    }

    pub async fn run(&self, batch: BatchId, ordinal: u32) -> Run {
        let run = self.storage().run(run_id(batch, ordinal)).await.unwrap();
        run.expect("it is there")
    }

    /// Gives a run metadata of about so many bytes.
    pub async fn try_update(
        &self,
        batch: BatchId,
        ordinal: u32,
        bytes: usize,
    ) -> Result<UpdateReply, StorageError> {
        let mut limits = Limits::default();
        limits.metadata_bytes = 2 << 20;
        let update = RunUpdate::new().merge_json(format!(r#"{{"x":"{}"}}"#, "x".repeat(bytes)));
        let update = validate_update(Ordinal::new(ordinal), update, &limits).unwrap();
        let run = run_id(batch, ordinal);
        self.storage().update_run(run, update).await
    }

    pub async fn update(&self, batch: BatchId, ordinal: u32, bytes: usize) {
        let reply = self.try_update(batch, ordinal, bytes).await.unwrap();
        assert!(matches!(reply, UpdateReply::Updated(_)), "{reply:?}");
    }

    /// Claims and settles until nothing is left to claim; gives how many were.
    pub async fn work_off(&self) -> usize {
        let mut done = 0;
        loop {
            let runs = self.claim(64).await;
            if runs.is_empty() {
                return done;
            }
            done += runs.len();
            for run in runs {
                self.settle(run, processed()).await;
            }
        }
    }

    pub async fn batch(&self, id: BatchId) -> Batch {
        self.storage()
            .batch(id)
            .await
            .unwrap()
            .expect("it is there")
    }

    /// All runs that fit a query, page by page.
    pub async fn runs(&self, mut query: RunQuery) -> Vec<Run> {
        let mut all = Vec::new();
        loop {
            let page = self.storage().runs(query.clone()).await.unwrap();
            all.extend(page.items);
            match page.next {
                Some(next) => query.page.token = Some(next),
                None => return all,
            }
        }
    }

    pub async fn runs_of(&self, batch: BatchId) -> Vec<Run> {
        let mut query = RunQuery::default();
        query.batch = Some(batch);
        self.runs(query).await
    }

    /// The whole journal.
    pub async fn journal(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        let mut after = Sequence::START;
        loop {
            let limit = NonZeroU32::new(3).unwrap();
            let page = self.storage().journal(after, limit).await.unwrap();
            let Some(last) = page.entries.last() else {
                return all;
            };
            after = last.sequence;
            all.extend(page.entries);
        }
    }
}

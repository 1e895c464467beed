use tokio::sync::{oneshot, watch};

use super::belongings::Belongings;
use super::machine::{Machine, PreparedBatch, Staged};
use super::owner::{Answer, Committed, Owner, in_doubt};
use super::prepare::{InputForm, prepare};
use super::yard::Yard;
use super::{KvOptions, KvTraits, OrderedKv};
use crate::failpoint::{Failpoint, reach};
use crate::id::BatchId;
use crate::journal::Sequence;
use crate::storage::{
    ClaimRequest, Claimed, Durability, ErrorKind, InsertReply, NewBatch, StorageError,
};
use crate::time::Moment;

/// No commit of a batch's inputs has more than about this many bytes.
const SLICE_BYTES: usize = 1 << 20;

/// A full [`Storage`](crate::storage::Storage) on an ordered map of bytes.
///
/// A map that keeps nothing is run by its callers under a lock. Any other has a
/// thread of its own that commits in groups: what arrives while one commit is
/// synced shares the next. Dropping the storage waits for the last commit, and leaves
/// what is held to the next opening, as a death does.
/// [`close`](crate::storage::Storage::close) gives it back, and works while others still have
/// the storage.
#[derive(Debug)]
pub struct KvStorage<K: OrderedKv> {
    owner: Owner<K>,
    traits: KvTraits,
    /// What a record's share in one value is, in bytes.
    share: usize,
    form: InputForm,
    fingerprint_key: [u8; 32],
    head: watch::Receiver<Sequence>,
}

impl<K: OrderedKv> KvStorage<K> {
    /// Opens the store that a map holds, or makes a new one.
    ///
    /// Claims of a process that died are taken back here, at once.
    ///
    /// # Errors
    ///
    /// When the map cannot be read or written, or what it holds is damaged. `Invalid` where
    /// [`SizeBound::store`](super::SizeBound::store) is set for a map that cannot tell its size.
    pub fn start(kv: K, options: KvOptions) -> Result<Self, StorageError> {
        reach(Failpoint::MapOpened);
        let traits = kv.traits();
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|e| StorageError::io("draw random bytes for a new store", e))?;
        let now = options.clock.now();
        let mut machine = Machine::open(kv, key, options.key_retention, now)?;
        machine.bound_size(options.size)?;
        machine.commit(now)?;
        reach(Failpoint::OpeningCommitted);
        let (sender, head) = watch::channel(machine.sequence());
        let fingerprint_key = *machine.fingerprint_key();
        let share = machine.stage().share();
        let form = match machine.stage().map().unencoded() {
            Some(_) => InputForm::Unencoded,
            None => InputForm::Encoded,
        };
        let yard = Yard::new(machine, options.clock, sender);
        let owner = match traits.description.durability {
            Durability::None => Owner::inline(yard),
            _ => Owner::thread(yard)?,
        };
        Ok(Self {
            owner,
            traits,
            share,
            form,
            fingerprint_key,
            head,
        })
    }

    /// Closes the store and waits until its map is free.
    pub(super) async fn let_go(&self) -> Result<(), StorageError> {
        let (sender, receiver) = oneshot::channel();
        self.owner.close(sender);
        // Where nobody answers, it is closed already.
        receiver.await.unwrap_or(Ok(()))
    }

    pub(super) const fn traits(&self) -> &KvTraits {
        &self.traits
    }

    /// Makes of a batch what the machine stores, on the caller's thread.
    pub(super) fn prepare(&self, batch: NewBatch) -> Result<PreparedBatch, StorageError> {
        prepare(batch, self.share, self.form, &self.fingerprint_key)
    }

    pub(super) fn head(&self) -> watch::Receiver<Sequence> {
        self.head.clone()
    }

    /// Runs an operation and waits until its group is durable.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut Machine<K>, Moment) -> Result<R, StorageError> + Send + 'static,
    ) -> Result<R, StorageError> {
        let (sender, receiver) = oneshot::channel();
        self.owner.post(Box::new(move |machine, now| {
            let outcome = operation(machine, now);
            Box::new(move |committed: &Committed| {
                let answer = match (outcome, committed) {
                    (Err(error), _) => Err(error),
                    (Ok(_), Err(cause)) => Err(in_doubt("make a write durable", cause)),
                    (Ok(reply), Ok(())) => Ok(reply),
                };
                // A caller who is gone has dropped the receiver.
                drop(sender.send(answer));
            }) as Answer
        }));
        receiver.await.map_err(|_| closed())?
    }

    /// Claims; runs whose claimer is gone by then are given back.
    pub(super) async fn call_claim(&self, request: ClaimRequest) -> Result<Claimed, StorageError> {
        let (sender, receiver) = oneshot::channel();
        self.owner.claim(request, sender);
        let parcel = receiver.await.map_err(|_| closed())??;
        parcel.open().ok_or_else(closed)
    }

    /// Stores a batch whose inputs are too many bytes for one commit.
    pub(super) async fn insert_in_slices(
        &self,
        mut batch: PreparedBatch,
    ) -> Result<InsertReply, StorageError> {
        let (batch_back, answered) = self
            .call(move |machine, _| {
                let reply = machine.preview(&batch)?;
                Ok((batch, reply))
            })
            .await?;
        if let Some(reply) = answered {
            return Ok(reply);
        }
        batch = batch_back;
        let id = batch.id;
        let mut orphans = Orphans {
            owner: &self.owner,
            batch: Some(id),
        };
        loop {
            let slice = batch.belongings.cut(SLICE_BYTES);
            if batch.belongings.is_empty() {
                batch.belongings = slice;
                break;
            }
            self.call(move |machine, _| machine.stage_slice(id, slice))
                .await?;
        }
        let reply = self
            .call(move |machine, now| machine.insert(batch, Staged::Yes, now))
            .await;
        if reply.is_ok() {
            orphans.batch = None;
        }
        reply
    }

    /// Whether a batch has to be stored in slices.
    pub(super) fn needs_slices(belongings: &Belongings) -> bool {
        belongings.bytes() > SLICE_BYTES
    }
}

/// Staged slices that have no header yet. Dropped with a batch, it has them cleared away.
struct Orphans<'a, K: OrderedKv> {
    owner: &'a Owner<K>,
    batch: Option<BatchId>,
}

impl<K: OrderedKv> Drop for Orphans<'_, K> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch {
            self.owner.post(Box::new(move |machine, _| {
                machine.abandon(batch);
                Box::new(|_: &Committed| ())
            }));
        }
    }
}

pub(super) fn closed() -> StorageError {
    StorageError::new(ErrorKind::Closed, "reach the store")
}

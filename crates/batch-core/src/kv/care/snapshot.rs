use super::Copied;
use super::copy_source::{RECORDS_A_STEP, changed_records, follow, last_piece, next_records};
use super::copy_target::CopyTarget;
use super::copy_thread::CopyThread;
use crate::kv::followers::Follower;
use crate::kv::{KvStorage, OrderedKv};
use crate::storage::StorageError;

/// After so many steps behind the changes, the rest is taken in one: a store that changes
/// faster than the copy is written would never be caught up with.
const CATCHING_UP: u32 = 64;

impl<K: OrderedKv> KvStorage<K> {
    /// Copies the store into an empty map while it goes on working.
    ///
    /// The copy is the whole store as of one commit: of every batch that was acknowledged
    /// before the call all that there is, and of what happens meanwhile everything up to that
    /// commit. It is read in steps of some dozens of records, between which the store serves
    /// others, and written by a thread of its own; what changes meanwhile is copied again. It
    /// takes memory for the keys of what changes.
    ///
    /// The map may be one of another kind: this is how a store moves from one backend to
    /// another. Runs that are held here count as interrupted there when the copy is opened,
    /// as if the process had died. Two stores with the same batches both execute them: run
    /// one of them only.
    ///
    /// Until the copy is whole its map opens as no store.
    ///
    /// # Errors
    ///
    /// - `Invalid` when the map is not empty. Nothing in it is then changed.
    /// - `Damaged` when a record of this store cannot be read.
    /// - `Refusing` after a write to this store has failed: open it again.
    /// - What the map says where it cannot be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the copying; what is in the map then opens as no store. This
    /// store is not changed.
    pub async fn snapshot<T: OrderedKv>(&self, to: T) -> Result<Copied<T>, StorageError> {
        let writer = CopyThread::start(CopyTarget::new(to))?;
        writer.with(CopyTarget::begin).await?;
        let follower = Follower::default();
        let following = follower.clone();
        self.call(move |machine, _| {
            machine.check_writable("copy the store")?;
            follow(machine.stage_mut(), &following)
        })
        .await?;
        loop {
            let following = follower.clone();
            let records = self
                .call(move |machine, _| {
                    machine.check_writable("copy the store")?;
                    next_records(machine.stage(), &following)
                })
                .await?;
            let Some(records) = records else {
                break;
            };
            writer.with(move |target| target.write(records)).await?;
        }
        self.catch_up(&writer, &follower).await?;
        self.finish_copy(writer, follower).await
    }

    /// Copies again what has changed, until little is left.
    async fn catch_up<T: OrderedKv>(
        &self,
        writer: &CopyThread<T>,
        follower: &Follower,
    ) -> Result<(), StorageError> {
        for _ in 0..CATCHING_UP {
            if follower.changed() <= RECORDS_A_STEP {
                break;
            }
            let following = follower.clone();
            let records = self
                .call(move |machine, _| {
                    machine.check_writable("copy the store")?;
                    changed_records(machine.stage(), &following)
                })
                .await?;
            writer.with(move |target| target.write(records)).await?;
        }
        Ok(())
    }

    async fn finish_copy<T: OrderedKv>(
        &self,
        writer: CopyThread<T>,
        follower: Follower,
    ) -> Result<Copied<T>, StorageError> {
        let last = self
            .call(move |machine, _| {
                machine.check_writable("copy the store")?;
                last_piece(machine.stage(), &follower)
            })
            .await?;
        writer
            .end(move |mut target| {
                target.write(last.records)?;
                target.finish(&last.head)
            })
            .await
    }
}

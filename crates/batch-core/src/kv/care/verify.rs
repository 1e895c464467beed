use super::VerifyReport;
use super::audit::Audit;
use super::progress::Progress;
use crate::kv::{KvStorage, OrderedKv};
use crate::storage::StorageError;

/// Checks the store in a map that nobody has open as a store. Writes nothing.
///
/// Damage is a finding and no error. Runs on the calling thread.
///
/// # Errors
///
/// When the map cannot be read.
pub fn verify_map(map: &impl OrderedKv) -> Result<VerifyReport, StorageError> {
    let mut audit = Audit::new();
    while audit.step(map)? == Progress::More {}
    Ok(audit.into_report())
}

impl<K: OrderedKv> KvStorage<K> {
    /// Checks the whole store while it goes on working: every value against its checksum, and
    /// all that must agree against one another.
    ///
    /// Damage is a finding and no error. The work is done in steps of a few hundred values, a
    /// batch or a submission, between which the store serves others; what is stored after the
    /// check has begun need not be looked at. It reads everything once or twice, and takes
    /// memory for how the runs of each batch ended, as intervals.
    ///
    /// # Errors
    ///
    /// When the map cannot be read. `Refusing` after a write has failed: open the store again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the check. It has changed nothing.
    pub async fn verify(&self) -> Result<VerifyReport, StorageError> {
        let mut audit = Audit::new();
        loop {
            let (back, progress) = self
                .call(move |machine, _| {
                    machine.check_writable("check the store")?;
                    let progress = audit.step(machine.stage().map())?;
                    Ok((audit, progress))
                })
                .await?;
            audit = back;
            if progress == Progress::Done {
                return Ok(audit.into_report());
            }
        }
    }
}

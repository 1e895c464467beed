/// When opening a store looks at every page of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RedbCheck {
    /// At every opening, which reads the whole file: damage anywhere is an error there and then.
    #[default]
    Everything,
    /// Only after the process that had the store open died, and then only with
    /// [`RedbRepair::Walk`](super::RedbRepair::Walk). What was closed in order is trusted.
    ///
    /// Damage done to the file since shows when a record is read: records carry
    /// checksums, and counts of what belongs to them.
    AfterDeath,
}

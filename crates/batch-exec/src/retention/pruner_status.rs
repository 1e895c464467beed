/// What a pruner has done so far, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PrunerStatus {
    /// How many batches it has deleted.
    pub batches: u64,
    /// How many journal entries it has deleted.
    pub entries: u64,
    /// How many times it has gone over the whole store.
    pub passes: u64,
    /// How many of its calls have failed since the last that did not.
    pub failures: u32,
    /// What the last call that failed said; `None` once one has succeeded.
    pub last_error: Option<String>,
}

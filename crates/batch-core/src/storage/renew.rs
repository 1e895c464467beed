/// What became of a claim that its holder wants to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Renewal {
    /// It lasts for another lease.
    Kept,
    /// It lasts for another lease, and the run was asked to stop.
    CancelAsked,
    /// It is no longer current: stop working, nothing that is settled will count.
    Lost,
}

/// How far a dispatcher has been told to stop. It only ever goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Stop {
    /// Not at all.
    #[default]
    No,
    /// Let what runs come to its end, within the grace.
    Gracefully,
    /// Drop what runs.
    Now,
}

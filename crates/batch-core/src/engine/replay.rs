/// How a handle came by what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// This submit stored it.
    New,
    /// An earlier submit with the same key and content stored it; this one found it.
    ///
    /// Of a submission it says so about the first batch. Later ones may be new.
    Replayed,
    /// Nothing was submitted: the handle was made from an id.
    Existing,
}

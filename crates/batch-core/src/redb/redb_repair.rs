/// How redb finds its free pages again after the process that had the store open died.
///
/// It may change from one opening to the next: an opening goes by what the last commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RedbRepair {
    /// By a walk through the whole file, which checks every page on the way. One sync a commit.
    ///
    /// The walk takes as long as it takes to read the file.
    #[default]
    Walk,
    /// By a record of them in every commit. Two syncs a commit, so about half as many
    /// commits a second. Opening checks nothing and costs the same whatever the store
    /// holds, unless [`RedbCheck::Everything`](super::RedbCheck::Everything) asks for more.
    Record,
}

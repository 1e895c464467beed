use std::fmt;

/// A place in a durable write, in an opening or in a closing at which a test can end the process.
///
/// Kept in the order in which a store meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Failpoint {
    /// The directory of the store is there.
    DirectoryMade,
    /// The store is locked.
    LockTaken,
    /// A store is being made: its mark is written, under another name.
    NewMarkMade,
    /// What a creation that was cut short had left is gone.
    LeftoversCleared,
    /// The database's file is there, and empty.
    DataFileMade,
    /// The mark of a store that was made before is read.
    MarkRead,
    /// sled: all rows are checked, and the sled that read them is closed.
    SledChecked,
    /// sled or redb is open, and has recovered where it had to.
    DatabaseOpened,
    /// The database has all that the mark asks for.
    DatabaseChecked,
    /// What a new database holds is durable.
    DataSynced,
    /// The names in a new store and above it are durable.
    NamesSynced,
    /// A new store has its mark, and counts as whole.
    MarkNamed,
    /// All that a store held when it was opened again is durable.
    ReopeningSynced,
    /// The number of the last commit is in the mark again.
    MarkRecorded,
    /// The map is open, and no record in it has been read.
    MapOpened,
    /// The head is read.
    HeadRead,
    /// Sinks, what is left to tidy and live batches are read.
    StateRead,
    /// The new generation is staged, and what the dead held has been taken back.
    InterruptionsStaged,
    /// The opening is committed.
    OpeningCommitted,
    /// All writes of a group are staged.
    GroupStaged,
    /// sled: a batch is ready to be applied.
    SledPrepared,
    /// sled: a batch is applied, and not written.
    SledApplied,
    /// sled: a batch is written to the file, and not synced.
    SledFlushed,
    /// sled: a batch is synced, and not marked.
    SledSynced,
    /// sled: a batch is marked.
    SledMarked,
    /// redb: a transaction has begun.
    RedbBegun,
    /// redb: all rows of a transaction are written, and it is not committed.
    RedbStaged,
    /// redb: a transaction is committed and synced, and not marked.
    RedbSynced,
    /// redb: a transaction is marked.
    RedbMarked,
    /// log: the file of a segment is there, durably, and has no commit.
    LogSegmentMade,
    /// log: a commit is written, and not synced.
    LogWritten,
    /// log: a commit is synced, and not marked.
    LogSynced,
    /// log: the file of a segment of which nothing is needed any more is gone.
    LogSegmentDropped,
    /// log: a commit is marked.
    LogMarked,
    /// The map has said that the group is durable; memory has not followed.
    GroupCommitted,
    /// Readers are told how far the journal goes; nobody has an answer.
    HeadAnnounced,
    /// Every caller of the group has an answer.
    GroupAnswered,
    /// A step of tidying is staged.
    TidyingStaged,
    /// The thread that owned the store has ended; the store is not closed.
    OwnerEnded,
    /// The mark of a store that is closed is durable; the database is not closed.
    MarkClosed,
}

impl Failpoint {
    /// All of them.
    pub const ALL: [Self; 40] = [
        Self::DirectoryMade,
        Self::LockTaken,
        Self::NewMarkMade,
        Self::LeftoversCleared,
        Self::DataFileMade,
        Self::MarkRead,
        Self::SledChecked,
        Self::DatabaseOpened,
        Self::DatabaseChecked,
        Self::DataSynced,
        Self::NamesSynced,
        Self::MarkNamed,
        Self::ReopeningSynced,
        Self::MarkRecorded,
        Self::MapOpened,
        Self::HeadRead,
        Self::StateRead,
        Self::InterruptionsStaged,
        Self::OpeningCommitted,
        Self::GroupStaged,
        Self::SledPrepared,
        Self::SledApplied,
        Self::SledFlushed,
        Self::SledSynced,
        Self::SledMarked,
        Self::RedbBegun,
        Self::RedbStaged,
        Self::RedbSynced,
        Self::RedbMarked,
        Self::LogSegmentMade,
        Self::LogWritten,
        Self::LogSynced,
        Self::LogSegmentDropped,
        Self::LogMarked,
        Self::GroupCommitted,
        Self::HeadAnnounced,
        Self::GroupAnswered,
        Self::TidyingStaged,
        Self::OwnerEnded,
        Self::MarkClosed,
    ];
}

impl fmt::Display for Failpoint {
    /// The name of the variant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

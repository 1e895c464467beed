/// What became of the wish to deliver something once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redelivery {
    /// It is pending, due at once, behind what is pending of its run and its batch.
    Accepted,
    /// It is to be delivered as it is.
    AlreadyPending,
    /// The receiver wants nothing; [`enable`](super::WebhookSink::enable) it first.
    Disabled,
    /// Nobody knows it any more.
    Unknown,
}

use super::Fact;

impl Fact {
    /// The names of the events that [`expand`](super::expand) may make of it.
    ///
    /// A reader that wants none of them need not expand it.
    #[must_use]
    pub const fn event_names(&self) -> &'static [&'static str] {
        match self {
            Self::Created => &["batch.created"],
            Self::Paused => &["batch.paused"],
            Self::Resumed => &["batch.resumed"],
            Self::Started(_) => &["run.started"],
            Self::Ended(_) => &[
                "run.processed",
                "run.failed",
                "run.cancelled",
                "run.rejected",
            ],
            Self::Retrying(_) => &["run.retrying"],
            Self::NeedsReview(_) => &["run.needs_review"],
            Self::Reviewed(_) => &["run.processed", "run.rejected"],
            Self::Released(_) => &["run.released"],
            Self::Snoozed(_) => &["run.snoozed"],
            Self::Interrupted(_) => &["run.interrupted"],
            Self::Cancelling(_) => &["run.cancelling"],
            Self::Swept(_) => &["run.cancelled"],
            Self::Expired(_) => &["run.failed"],
            Self::Updated(_) => &["run.updated"],
            Self::Deleted(_) => &["run.deleted"],
            Self::BatchDeleted => &["batch.deleted"],
            Self::Finished { .. } => &["batch.succeeded", "batch.cancelled", "batch.finished"],
        }
    }
}

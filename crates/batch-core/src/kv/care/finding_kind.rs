use std::fmt;

/// What is wrong, as a [`Finding`](super::Finding) says it.
///
/// `…Missing` is something that others say exists and that is not there; `…Astray` is
/// something that is there and that nothing accounts for; `…Wrong` is a contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A value does not match its checksum, or its record is none that this program can read.
    Unreadable,
    /// A record spans several values, and one of them is missing.
    PartMissing,
    /// A value that belongs to no record.
    PartAstray,
    /// A key that this program never makes.
    KeyUnknown,
    /// What is here is the beginning of a copy that was cut short.
    CopyUnfinished,
    /// There are records, and no head.
    HeadMissing,
    /// The head contradicts itself or what there is.
    HeadWrong,
    /// Parts of a batch are there, or tell of it, and its header is not.
    HeaderMissing,
    /// A batch has neither ended nor a record of its runs.
    LiveMissing,
    /// A batch has ended and still has a record of where its runs wait.
    LiveAstray,
    /// Inputs of a batch are missing.
    InputsMissing,
    /// Inputs are stored that the batch does not have.
    InputsAstray,
    /// A page of run records is missing, or the record of a run on it.
    RecordMissing,
    /// A run has a record that it cannot have.
    RecordAstray,
    /// A run is in two places at once.
    RunWrong,
    /// An output is missing that a run's record tells of.
    OutputMissing,
    /// An output is there that no run's record tells of.
    OutputAstray,
    /// Secrets of runs that have not ended are missing.
    SecretsMissing,
    /// Secrets are there of a run that has none, or has ended.
    SecretsAstray,
    /// What a run has recorded of its steps is missing.
    StepsMissing,
    /// Recorded steps are there of a run that has none, or has ended.
    StepsAstray,
    /// Counts are not what a recount gives.
    CountsWrong,
    /// A finished batch is not in the index by which batches are pruned.
    IndexMissing,
    /// The index names a batch that did not finish then.
    IndexAstray,
    /// A batch is not listed under its submission, or that has no record.
    SubmissionMissing,
    /// A submission's record is not what its batches say.
    SubmissionWrong,
    /// The record of a batch's idempotency key is missing.
    KeyMissing,
    /// An idempotency key leads to no batch that has it.
    KeyAstray,
    /// A batch is of a workflow or a version that the catalogue does not have.
    WorkflowMissing,
    /// Journal entries are missing.
    JournalMissing,
    /// Journal entries stand where none should be.
    JournalAstray,
    /// The journal contradicts itself, or what the batches say.
    JournalWrong,
    /// A sink's position is outside the journal.
    SinkWrong,
    /// A note of what is still to be deleted, where nothing is.
    TidyAstray,
}

impl FindingKind {
    /// All kinds.
    pub const ALL: [Self; 34] = [
        Self::Unreadable,
        Self::PartMissing,
        Self::PartAstray,
        Self::KeyUnknown,
        Self::CopyUnfinished,
        Self::HeadMissing,
        Self::HeadWrong,
        Self::HeaderMissing,
        Self::LiveMissing,
        Self::LiveAstray,
        Self::InputsMissing,
        Self::InputsAstray,
        Self::RecordMissing,
        Self::RecordAstray,
        Self::RunWrong,
        Self::OutputMissing,
        Self::OutputAstray,
        Self::SecretsMissing,
        Self::SecretsAstray,
        Self::StepsMissing,
        Self::StepsAstray,
        Self::CountsWrong,
        Self::IndexMissing,
        Self::IndexAstray,
        Self::SubmissionMissing,
        Self::SubmissionWrong,
        Self::KeyMissing,
        Self::KeyAstray,
        Self::WorkflowMissing,
        Self::JournalMissing,
        Self::JournalAstray,
        Self::JournalWrong,
        Self::SinkWrong,
        Self::TidyAstray,
    ];

    /// The name that programs see, such as `header-missing`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::PartMissing => "part-missing",
            Self::PartAstray => "part-astray",
            Self::KeyUnknown => "key-unknown",
            Self::CopyUnfinished => "copy-unfinished",
            Self::HeadMissing => "head-missing",
            Self::HeadWrong => "head-wrong",
            Self::HeaderMissing => "header-missing",
            Self::LiveMissing => "live-missing",
            Self::LiveAstray => "live-astray",
            Self::InputsMissing => "inputs-missing",
            Self::InputsAstray => "inputs-astray",
            Self::RecordMissing => "record-missing",
            Self::RecordAstray => "record-astray",
            Self::RunWrong => "run-wrong",
            Self::OutputMissing => "output-missing",
            Self::OutputAstray => "output-astray",
            Self::SecretsMissing => "secrets-missing",
            Self::SecretsAstray => "secrets-astray",
            Self::StepsMissing => "steps-missing",
            Self::StepsAstray => "steps-astray",
            Self::CountsWrong => "counts-wrong",
            Self::IndexMissing => "index-missing",
            Self::IndexAstray => "index-astray",
            Self::SubmissionMissing => "submission-missing",
            Self::SubmissionWrong => "submission-wrong",
            Self::KeyMissing => "key-missing",
            Self::KeyAstray => "key-astray",
            Self::WorkflowMissing => "workflow-missing",
            Self::JournalMissing => "journal-missing",
            Self::JournalAstray => "journal-astray",
            Self::JournalWrong => "journal-wrong",
            Self::SinkWrong => "sink-wrong",
            Self::TidyAstray => "tidy-astray",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

use std::sync::atomic::{AtomicU64, Ordering};

/// What has to be met somewhere: a model in which it never happens shows little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A submit was answered with the batch of an earlier one.
    Replayed,
    /// A late worker was refused.
    LateRefused,
    /// Claims ran out and were taken back.
    TakenBack,
    /// A held run was cancelled and its worker settled.
    CancelObeyed,
    /// The process died after the sink had sent and before it had marked.
    DiedBeforeMark,
    /// The sink sent something twice.
    SentTwice,
    /// A commit failed and had written everything.
    InDoubt,
    /// A run that waited for a retry was claimed again.
    Retried,
    /// A run was claimed in quarantine.
    Quarantined,
    /// The batch finished.
    Finished,
    /// A person answered a run in review. Met only where runs go into review.
    Reviewed,
}

impl Sight {
    pub(super) const ALL: [Self; 11] = [
        Self::Replayed,
        Self::LateRefused,
        Self::TakenBack,
        Self::CancelObeyed,
        Self::DiedBeforeMark,
        Self::SentTwice,
        Self::InDoubt,
        Self::Retried,
        Self::Quarantined,
        Self::Finished,
        Self::Reviewed,
    ];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Replayed => "a submit is answered with the batch of an earlier one",
            Self::LateRefused => "a late worker is refused",
            Self::TakenBack => "a claim that ran out is taken back",
            Self::CancelObeyed => "a worker settles a run that was cancelled under it",
            Self::DiedBeforeMark => {
                "the process dies after the sink has sent and before it has marked"
            }
            Self::SentTwice => "the sink sends an event twice",
            Self::InDoubt => "a failed commit has written everything",
            Self::Retried => "a run is claimed again that waited for its retry",
            Self::Quarantined => "a suspect is claimed in quarantine",
            Self::Finished => "the batch finishes",
            Self::Reviewed => "a person answers a run in review",
        }
    }
}

/// How often each sight was met, by all threads of a checker.
#[derive(Debug, Default)]
pub(super) struct Sights {
    met: [AtomicU64; Sight::ALL.len()],
}

impl Sights {
    pub(super) fn note(&self, sight: Sight) {
        self.met[sight as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn times(&self, sight: Sight) -> u64 {
        self.met[sight as usize].load(Ordering::Relaxed)
    }
}

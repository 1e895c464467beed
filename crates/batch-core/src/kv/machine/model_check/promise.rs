/// What holds in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    Conservation,
    OneClaim,
    OneEnd,
    Counts,
    Fencing,
    OneKey,
    Whole,
    Journal,
    Finished,
    NoLateClaim,
    Attempts,
    Sink,
    Durable,
    FailStop,
    Answers,
    Ends,
}

impl Promise {
    pub(super) const ALL: [Self; 16] = [
        Self::Conservation,
        Self::OneClaim,
        Self::OneEnd,
        Self::Counts,
        Self::Fencing,
        Self::OneKey,
        Self::Whole,
        Self::Journal,
        Self::Finished,
        Self::NoLateClaim,
        Self::Attempts,
        Self::Sink,
        Self::Durable,
        Self::FailStop,
        Self::Answers,
        Self::Ends,
    ];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Conservation => "every run stands somewhere, and nowhere twice",
            Self::OneClaim => "a run has at most one live claim",
            Self::OneEnd => "a run ends once, and its end never changes",
            Self::Counts => "counts equal a recount",
            Self::Fencing => "a claim that was lost changes nothing",
            Self::OneKey => "one key never makes two batches",
            Self::Whole => "a batch is there whole or not at all",
            Self::Journal => "the journal is in order, without gaps, and only grows",
            Self::Finished => "a batch finishes once, after the end of its last run",
            Self::NoLateClaim => {
                "nothing is claimed after its end, after a cancel or before its time"
            }
            Self::Attempts => "attempts and interruptions are counted",
            Self::Sink => "a sink sees every event at least once, in order",
            Self::Durable => "what is durable stays",
            Self::FailStop => {
                "after a failed commit nothing is written until the store is opened again"
            }
            Self::Answers => "a store opens and answers",
            Self::Ends => "from every state the batch can be brought to its end",
        }
    }
}

/// How much of everything a model has.
///
/// What is not bounded here is not bounded at all: deaths, time,
/// renewals, cancels and repeated submits come as often as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bounds {
    /// How many runs the batch has.
    pub runs: u32,
    /// How many claims are held in time together.
    pub workers: u32,
    /// A worker asks for a retry in attempts below this one only.
    pub attempts: u32,
    /// A day is left when a run is interrupted more often than this.
    pub interruptions: u32,
    pub commits: Commits,
    pub reviews: Reviews,
}

/// Whether runs go into review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reviews {
    /// No executor asks for a person.
    Never,
    /// Any may, and people answer whatever they like at any moment.
    May,
}

/// Whether a commit can fail.
///
/// The days are the same: a commit that failed and wrote nothing comes to a death
/// before it, one that failed and wrote everything to a death after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Commits {
    /// The process dies between commits only.
    Succeed,
    /// Any commit may fail, in either way, and the process dies of it.
    MayFail,
}

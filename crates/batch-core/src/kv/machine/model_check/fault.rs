use super::step::Deed;

/// How a variant is broken, around rules that stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Claims are told apart by their run only: whoever settles it has the current one.
    NoFencing,
    /// Where the runs of a batch stand, their counts included, is written in a commit of its own.
    CountsApart,
    /// Nobody looks whether a key was used before.
    NoKeyLookup,
    /// A batch's inputs are written in a second commit.
    FanOutInTwo,
    /// The sink moves its cursor before it sends.
    MarksFirst,
}

impl Fault {
    /// Which kind of record a second commit writes, where this deed takes two.
    pub(super) const fn second_commit(self, deed: Deed) -> Option<u8> {
        match (self, deed) {
            (Self::FanOutInTwo, Deed::Submit) => Some(b'i'),
            (Self::CountsApart, Deed::Submit) => None,
            (Self::CountsApart, _) => Some(b'c'),
            _ => None,
        }
    }
}

//! Where the keys of users and our own lie in sled's one tree.
//!
//! | key of the user | key in sled |
//! |---|---|
//! | | `00 00 …`: ours |
//! | empty | `00 01` |
//! | `00 x…` | `00 02 x…` |
//! | any other | itself |
//!
//! The order of the keys stays, each range maps to one range, and none holds a key of ours.
//! Keys that begin with another byte than zero are neither changed nor copied.

use std::borrow::Cow;

use crate::kv::KeyRange;

/// Holds the [`LastCommit`](super::last_commit::LastCommit).
pub(super) const LAST: [u8; 3] = [0, 0, 0];

/// Holds the bytes of all that is stored, as of the last commit: a key of the fence.
pub(super) const BYTES: [u8; 3] = [0, 0, 1];

/// The first key that may be a user's.
pub(super) const FIRST_OF_USERS: [u8; 2] = EMPTY;

const EMPTY: [u8; 2] = [0, 1];
const ZERO: [u8; 2] = [0, 2];

/// How many keys keep [`LAST`] away from the keys of users.
///
/// sled splits a leaf of more than 16 keys in half and merges one of fewer than
/// four. So the leaf of the last commit is small, and writing it with each commit
/// does not rewrite the values of others.
const FENCE: u8 = 40;

/// The keys between [`LAST`] and those of users.
pub(super) fn fence() -> impl Iterator<Item = [u8; 3]> {
    (1..=FENCE).map(|n| [0, 0, n])
}

/// A user's key as sled has it.
pub(super) fn inward(key: &[u8]) -> Cow<'_, [u8]> {
    match key {
        [] => Cow::Borrowed(&EMPTY),
        [0, rest @ ..] => Cow::Owned([&ZERO, rest].concat()),
        _ => Cow::Borrowed(key),
    }
}

/// A key in sled as the user knows it.
pub(super) fn outward(key: &[u8]) -> Vec<u8> {
    match key {
        [0, 1] => Vec::new(),
        [0, 2, rest @ ..] => [&[0], rest].concat(),
        _ => key.to_vec(),
    }
}

/// A user's range as sled has it.
pub(super) fn inward_range(range: &KeyRange) -> KeyRange {
    KeyRange {
        start: inward(&range.start).into_owned(),
        end: range.end.as_deref().map(|end| inward(end).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![0_u8..3, any::<u8>()], 0..5)
    }

    proptest! {
        #[test]
        fn keys_keep_their_order_and_come_back_as_they_were(a in key(), b in key()) {
            prop_assert_eq!(a.cmp(&b), inward(&a).cmp(&inward(&b)));
            prop_assert_eq!(outward(&inward(&a)), a);
        }

        #[test]
        fn no_key_of_a_user_is_ours(a in key()) {
            let inner = inward(&a);
            prop_assert!(inner.as_ref() != LAST);
            prop_assert!(fence().all(|ours| inner.as_ref() > ours.as_slice()));
        }
    }
}

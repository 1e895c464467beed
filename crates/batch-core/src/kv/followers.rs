use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::care::Walk;
use super::key::{self, Key};
use super::key_list::KeyList;

/// Those who copy a map while it changes, and want to know which records do.
///
/// Nobody has to be told that one is gone: who drops its [`Follower`] follows no more.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug, Default)]
pub(super) struct Followers(Vec<Weak<Mutex<Changed>>>);

/// The end of a copier.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower(Arc<Mutex<Changed>>);

/// What a copier has still to read.
#[derive(Debug, Default)]
struct Changed {
    /// The keys that there were when it began, less those that it has read.
    walk: Walk,
    /// Records written since. The head is left out: it changes with every commit and is copied
    /// last.
    keys: BTreeSet<Key>,
}

impl Followers {
    /// From here on a copier is told what changes.
    pub(super) fn add(&mut self, follower: &Follower) {
        self.0.push(Arc::downgrade(&follower.0));
    }

    /// Tells all of them what a commit has written.
    pub(super) fn tell(&mut self, keys: &KeyList) {
        self.0.retain(|follower| match follower.upgrade() {
            Some(changed) => {
                changed.lock().note(keys);
                true
            }
            None => false,
        });
    }
}

impl Follower {
    pub(super) fn walk(&self) -> Walk {
        self.0.lock().walk.clone()
    }

    pub(super) fn set_walk(&self, walk: Walk) {
        self.0.lock().walk = walk;
    }

    /// How many records have changed since the copier began.
    pub(super) fn changed(&self) -> usize {
        self.0.lock().keys.len()
    }

    /// Takes at most so many of the records that have changed.
    pub(super) fn take(&self, most: usize) -> Vec<Key> {
        let mut changed = self.0.lock();
        let rest = match changed.keys.iter().nth(most).cloned() {
            Some(next) => changed.keys.split_off(&next),
            None => BTreeSet::new(),
        };
        let taken = std::mem::replace(&mut changed.keys, rest);
        taken.into_iter().collect()
    }
}

impl Changed {
    fn note(&mut self, values: &KeyList) {
        let head = key::head();
        for value in values.iter() {
            let record = &value[..value.len().saturating_sub(2)];
            if record != head && !self.keys.contains(record) {
                self.keys.insert(record.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first values of records.
    fn values_of<const N: usize>(records: [&[u8]; N]) -> KeyList {
        let values = records.map(|record| [record, &[0, 0]].concat());
        let mut list = KeyList::default();
        list.refill(values.iter().map(Vec::as_slice));
        list
    }

    #[test]
    fn a_follower_hears_once_of_what_changes_and_never_of_the_head() {
        let mut followers = Followers::default();
        let follower = Follower::default();
        followers.tell(&values_of([b"before"]));
        followers.add(&follower);
        followers.tell(&values_of([b"a", b"a", b"k", b"m", b"x"]));
        assert_eq!(follower.take(2), [b"a", b"k"]);
        assert_eq!(follower.changed(), 1);
        assert_eq!(follower.take(2), [b"x"]);
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let mut followers = Followers::default();
        followers.add(&Follower::default());
        followers.tell(&values_of([b"a"]));
        assert!(followers.0.is_empty());
    }
}

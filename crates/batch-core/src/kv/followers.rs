use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::care::Walk;
use super::key::{self, Key};

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
    pub(super) fn tell(&mut self, keys: &[Key]) {
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
    fn note(&mut self, values: &[Key]) {
        let head = key::head();
        for value in values {
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

    fn value_of(record: &[u8]) -> Key {
        [record, &[0, 0]].concat()
    }

    #[test]
    fn a_follower_hears_once_of_what_changes_and_never_of_the_head() {
        let mut followers = Followers::default();
        let follower = Follower::default();
        followers.tell(&[value_of(b"before")]);
        followers.add(&follower);
        followers.tell(&[b"a", b"a", b"k", b"m", b"x"].map(|key| value_of(key)));
        assert_eq!(follower.take(2), [b"a", b"k"]);
        assert_eq!(follower.changed(), 1);
        assert_eq!(follower.take(2), [b"x"]);
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let mut followers = Followers::default();
        followers.add(&Follower::default());
        followers.tell(&[value_of(b"a")]);
        assert!(followers.0.is_empty());
    }
}

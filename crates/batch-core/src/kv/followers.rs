use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::key::{self, Key};

/// Those who copy a map while it changes, and want to know which records do.
///
/// Nobody has to be told that one is gone: who drops its [`Follower`] follows no more.
#[derive(Debug, Default)]
pub(super) struct Followers(Vec<Weak<Mutex<Changed>>>);

/// The end of a copier.
#[derive(Debug, Clone, Default)]
pub(super) struct Follower(Arc<Mutex<Changed>>);

/// How far a copier has come, and what has changed since behind it.
#[derive(Debug, Default)]
struct Changed {
    copied: Copied,
    /// Records, the head left out: it changes with every commit and is copied last.
    keys: BTreeSet<Key>,
}

/// The records that a copier has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Copied {
    /// Those before this key.
    Before(Key),
    /// All that there were.
    All,
}

impl Default for Copied {
    fn default() -> Self {
        Self::Before(Key::new())
    }
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
    pub(super) fn copied(&self) -> Copied {
        self.0.lock().copied.clone()
    }

    pub(super) fn set_copied(&self, copied: Copied) {
        self.0.lock().copied = copied;
    }

    /// How many records have changed behind the copier.
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
            let behind = match &self.copied {
                Copied::Before(next) => record < next.as_slice(),
                Copied::All => true,
            };
            if behind && record != head && !self.keys.contains(record) {
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
    fn a_follower_hears_of_what_changes_behind_it_once() {
        let mut followers = Followers::default();
        let follower = Follower::default();
        followers.add(&follower);
        follower.set_copied(Copied::Before(b"k".to_vec()));
        let written = [b"a", b"a", b"k", b"x", b"m"].map(|key| value_of(key));
        followers.tell(&written);
        assert_eq!(follower.take(9), [b"a"]);
        follower.set_copied(Copied::All);
        followers.tell(&written);
        assert_eq!(follower.take(2), [b"a", b"k"]);
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

use std::collections::BTreeMap;
use std::fmt;

use super::place::Place;
use crate::kv::KeyRange;

/// Where the value of each key is. In memory, and made anew whenever the log is opened.
#[derive(Default)]
pub(super) struct Index {
    places: BTreeMap<Box<[u8]>, Place>,
}

/// How many keys there are, and none of them: they are the users'.
impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Index").field(&self.places.len()).finish()
    }
}

impl Index {
    pub(super) fn get(&self, key: &[u8]) -> Option<Place> {
        self.places.get(key).copied()
    }

    /// Keys in a range and where their values are, in key order.
    pub(super) fn range(
        &self,
        range: &KeyRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Place)> {
        self.places
            .range::<[u8], _>(range.bounds())
            .map(|(key, place)| (&**key, *place))
    }

    /// Says where the value of a key is, or that it has none; gives where it was.
    pub(super) fn set(&mut self, key: Box<[u8]>, place: Option<Place>) -> Option<Place> {
        match place {
            Some(place) => self.places.insert(key, place),
            None => self.places.remove(&key),
        }
    }
}

//! Commits whose result is known: commit `n` is the same whenever it is made.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use batch_core::kv::{KeyRange, OrderedKv, WriteBatch};
use batch_core::storage::SortOrder;

use crate::backend::{Kv, VALUE_LIMIT};

pub(crate) type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Holds the number of the last commit of the script.
const LAST: &[u8] = b"last";

/// A repeatable source of choices.
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn bytes(&mut self, size: usize) -> Vec<u8> {
        let words = (0..size.div_ceil(8)).flat_map(|_| self.next().to_le_bytes());
        words.take(size).collect()
    }
}

/// Commit `n`, from 1 on: new values of all sizes, some over old keys, and some deletes.
pub(crate) fn batch(n: u64) -> WriteBatch {
    let mut choices = Choices(n);
    let mut batch = WriteBatch::new();
    for _ in 0..=choices.below(40) {
        let key = format!("k/{:03}", choices.below(300)).into_bytes();
        if choices.below(4) == 0 {
            batch.delete(key);
        } else {
            let size = choices.below(VALUE_LIMIT as u64 + 1);
            batch.put(key, choices.bytes(size as usize));
        }
    }
    batch.put(LAST.to_vec(), n.to_be_bytes().to_vec());
    batch
}

/// Commit `n` of a queue of which little is kept: 3,000 keys in, 3,000 out.
pub(crate) fn wide_batch(n: u64) -> WriteBatch {
    const KEPT: u64 = 3;
    let name = |n: u64, key: u16| [&n.to_be_bytes()[..], &key.to_be_bytes()].concat();
    let mut batch = WriteBatch::new();
    for key in 0..3_000 {
        batch.put(name(n, key), vec![n as u8; 300]);
        if let Some(old) = n.checked_sub(KEPT) {
            batch.delete(name(old, key));
        }
    }
    batch
}

/// What a map holds after the first `n` commits.
pub(crate) fn after(n: u64) -> Content {
    let mut content = Content::new();
    for number in 1..=n {
        apply(&mut content, batch(number));
    }
    content
}

pub(crate) fn apply(content: &mut Content, batch: WriteBatch) {
    for (key, value) in batch {
        match value {
            Some(value) => content.insert(key, value),
            None => content.remove(&key),
        };
    }
}

pub(crate) fn content(kv: &Kv) -> Result<Content, batch_core::kv::KvError> {
    let all = KeyRange::prefix(b"");
    let pairs = kv.scan(&all, SortOrder::Ascending, NonZeroUsize::MAX)?;
    Ok(pairs.into_iter().map(|p| (p.key, p.value)).collect())
}

/// How many commits of the script a content holds, if it is whole.
pub(crate) fn commits_in(content: &Content) -> Result<u64, String> {
    let last = content.get(LAST).map_or(0, |value| {
        u64::from_be_bytes(value.as_slice().try_into().expect("eight bytes"))
    });
    if *content == after(last) {
        Ok(last)
    } else {
        Err(format!("the content is not that of commit {last}"))
    }
}

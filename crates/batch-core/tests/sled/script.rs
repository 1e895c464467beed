//! Commits whose result is known: commit `n` is the same whenever it is made.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use batch_core::kv::{KeyRange, OrderedKv, WriteBatch};
use batch_core::sled::{SledKv, SledOptions};
use batch_core::storage::SortOrder;

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
            let size = choices.below(SledKv::VALUE_LIMIT as u64 + 1);
            let value = (0..size).map(|_| choices.next() as u8).collect();
            batch.put(key, value);
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

/// Small, so that many stores can be made.
pub(crate) fn options() -> SledOptions {
    SledOptions {
        cache_bytes: 1 << 20,
        ballast_bytes: 0,
        ..SledOptions::default()
    }
}

pub(crate) fn content(kv: &SledKv) -> Result<Content, batch_core::kv::KvError> {
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

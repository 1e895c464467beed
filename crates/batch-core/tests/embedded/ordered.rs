use std::num::NonZeroUsize;
use std::ops::Bound;

use batch_core::kv::{KeyRange, OrderedKv, WriteBatch};
use batch_core::storage::SortOrder;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::backend::{VALUE_LIMIT, open};
use crate::script::{Content, apply, content};

fn key() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![0_u8..3, Just(b'k'), Just(255)];
    vec(byte, 0..4)
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(Vec<u8>, Option<Vec<u8>>)>),
    Scan(KeyRange, SortOrder, NonZeroUsize),
    Get(Vec<u8>),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![vec(any::<u8>(), 0..9), vec(any::<u8>(), VALUE_LIMIT)];
    let writes = vec((key(), proptest::option::weighted(0.8, value)), 0..30);
    let order = prop_oneof![Just(SortOrder::Ascending), Just(SortOrder::Descending)];
    let range =
        (key(), proptest::option::of(key())).prop_map(|(start, end)| KeyRange { start, end });
    let limit = prop_oneof![1_usize..5, Just(usize::MAX)];
    prop_oneof![
        4 => writes.prop_map(Step::Commit),
        4 => (range, order, limit)
            .prop_map(|(range, order, limit)| Step::Scan(range, order, NonZeroUsize::new(limit).unwrap())),
        2 => key().prop_map(Step::Get),
        1 => Just(Step::Reopen),
    ]
}

fn expected(model: &Content, range: &KeyRange, order: SortOrder, limit: usize) -> Vec<Vec<u8>> {
    let end = range.end.clone().map_or(Bound::Unbounded, Bound::Excluded);
    if range.end.as_ref().is_some_and(|end| *end <= range.start) {
        return Vec::new();
    }
    let mut keys: Vec<_> = model
        .range((Bound::Included(range.start.clone()), end))
        .map(|(key, _)| key.clone())
        .collect();
    if order == SortOrder::Descending {
        keys.reverse();
    }
    keys.truncate(limit);
    keys
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_answers_like_a_sorted_map_and_so_it_does_when_opened_again(steps in vec(step(), 1..30)) {
        let dir = tempfile::tempdir().unwrap();
        let mut kv = open(dir.path()).unwrap();
        let mut model = Content::new();
        for step in steps {
            match step {
                Step::Commit(writes) => {
                    let mut batch = WriteBatch::new();
                    for (key, value) in writes {
                        match value {
                            Some(value) => batch.put(key, value),
                            None => batch.delete(key),
                        }
                    }
                    apply(&mut model, batch.clone());
                    kv.commit(batch).unwrap();
                }
                Step::Scan(range, order, limit) => {
                    let found = kv.scan(&range, order, limit).unwrap();
                    prop_assert!(found.iter().all(|pair| model[&pair.key] == pair.value));
                    let keys: Vec<_> = found.into_iter().map(|pair| pair.key).collect();
                    prop_assert_eq!(keys, expected(&model, &range, order, limit.get()));
                }
                Step::Get(key) => prop_assert_eq!(kv.get(&key).unwrap(), model.get(&key).cloned()),
                Step::Reopen => {
                    drop(kv);
                    kv = open(dir.path()).unwrap();
                }
            }
        }
        prop_assert_eq!(content(&kv).unwrap(), model);
    }
}

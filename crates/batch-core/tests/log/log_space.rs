//! What the log keeps of what was overwritten and deleted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use batch_core::kv::{OrderedKv, WriteBatch};
use batch_core::log::{LogKv, LogOptions};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::backend::{open, options};
use crate::data_files::data_files;
use crate::script::{Choices, Content, after, apply, batch, content};

fn taken(store: &Path) -> u64 {
    let files = data_files(store);
    files
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

/// What a content takes in a log, without heads of commits.
fn live(content: &Content) -> u64 {
    let bytes = content
        .iter()
        .map(|(key, value)| 12 + key.len() + value.len());
    bytes.sum::<usize>() as u64
}

/// Twice what is live, half of it again while it is carried on, and a few segments.
fn most(live: u64) -> u64 {
    live * 5 / 2 + 6 * options().segment_bytes
}

#[test]
fn a_log_of_which_most_is_dead_is_carried_on_and_what_it_holds_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let mut model = Content::new();
    let mut written = 0;
    for n in 1..=400 {
        let next = batch(n);
        written += next.bytes() as u64;
        apply(&mut model, next.clone());
        kv.commit(next).unwrap();
        let (taken, most) = (taken(dir.path()), most(live(&model)));
        assert!(taken <= most, "{taken} of at most {most} after commit {n}");
    }
    assert!(written > 10 * taken(dir.path()), "{written}");
    assert!(!dir.path().join("0000000001.log").exists());
    drop(kv);
    assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), after(400));
}

/// The cold values stand in the oldest segments, and whatever dies does so behind them.
#[test]
fn what_never_changes_is_carried_past_what_does_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let mut choices = Choices(5);
    let mut cold = WriteBatch::new();
    for n in 0..200 {
        cold.put(format!("cold {n}").into_bytes(), choices.bytes(1_500));
    }
    let mut model = Content::new();
    apply(&mut model, cold.clone());
    kv.commit(cold).unwrap();
    for n in 0..2_000_u32 {
        let mut hot = WriteBatch::new();
        hot.put(b"hot".to_vec(), choices.bytes(700));
        hot.put(
            b"queue".iter().copied().chain(n.to_be_bytes()).collect(),
            choices.bytes(300),
        );
        if let Some(old) = n.checked_sub(20) {
            hot.delete(b"queue".iter().copied().chain(old.to_be_bytes()).collect());
        }
        apply(&mut model, hot.clone());
        kv.commit(hot).unwrap();
        let (taken, most) = (taken(dir.path()), most(live(&model)));
        assert!(taken <= most, "{taken} of at most {most} after commit {n}");
    }
    assert_eq!(content(&kv).unwrap(), model);
    drop(kv);
    assert_eq!(content(&open(dir.path()).unwrap()).unwrap(), model);
}

#[test]
fn an_emptied_log_comes_down_to_a_few_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    for n in 1..=60 {
        kv.commit(batch(n)).unwrap();
    }
    let mut everything = WriteBatch::new();
    after(60).into_keys().for_each(|key| everything.delete(key));
    kv.commit(everything).unwrap();
    for _ in 0..20 {
        let mut little = WriteBatch::new();
        little.put(b"k".to_vec(), b"v".to_vec());
        kv.commit(little).unwrap();
    }
    assert!(
        taken(dir.path()) <= 3 * options().segment_bytes,
        "{}",
        taken(dir.path())
    );
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u8, Option<u16>)>),
    Reopen(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let value = proptest::option::weighted(0.75, 0_u16..3_000);
    prop_oneof![
        12 => vec((any::<u8>(), value), 1..12).prop_map(Step::Commit),
        1 => (200_u64..6_000).prop_map(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_stays_a_sorted_map_across_segments_compaction_and_openings(steps in vec(step(), 1..120)) {
        let dir = tempfile::tempdir().unwrap();
        let options = |segment_bytes| LogOptions { segment_bytes };
        let mut kv = LogKv::open_with(dir.path(), &options(500)).unwrap();
        let mut model = BTreeMap::new();
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Commit(writes) => {
                    let mut batch = WriteBatch::new();
                    for (key, value) in writes {
                        match value {
                            Some(bytes) => batch.put(vec![key], vec![n as u8; bytes.into()]),
                            None => batch.delete(vec![key]),
                        }
                    }
                    apply(&mut model, batch.clone());
                    kv.commit(batch).unwrap();
                }
                Step::Reopen(segment_bytes) => {
                    drop(kv);
                    kv = LogKv::open_with(dir.path(), &options(segment_bytes)).unwrap();
                    prop_assert_eq!(&content(&kv).unwrap(), &model);
                }
            }
        }
        prop_assert_eq!(content(&kv).unwrap(), model);
    }
}

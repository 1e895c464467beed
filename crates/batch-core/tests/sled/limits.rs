use batch_core::kv::{OrderedKv, WriteBatch};
use batch_core::sled::SledKv;
use batch_core::storage::ErrorKind;

use crate::backend::open;
use crate::script::content;

#[test]
fn a_value_above_the_limit_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(b"a".to_vec(), b"small".to_vec());
    batch.put(b"b".to_vec(), vec![7; kv.traits().preferred_value + 1]);

    let error = kv.commit(batch).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("3601 bytes"), "{error}");
    assert!(content(&kv).unwrap().is_empty());
}

#[test]
fn a_long_key_counts_toward_the_limit_of_key_and_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(vec![7; SledKv::PAIR_LIMIT + 1], Vec::new());
    assert_eq!(kv.commit(batch).unwrap_err().kind(), ErrorKind::Invalid);
}

/// Files in `blobs` are never synced.
#[test]
fn the_largest_pairs_make_no_file_that_is_not_synced() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    for round in 0..10_u16 {
        let mut batch = WriteBatch::new();
        for n in 0..500_u16 {
            let mut key = vec![b'k'; SledKv::PAIR_LIMIT - SledKv::VALUE_LIMIT - 2];
            key.extend(n.to_be_bytes());
            batch.put(key, vec![round as u8; SledKv::VALUE_LIMIT]);
        }
        kv.commit(batch).unwrap();
    }
    let blobs = std::fs::read_dir(dir.path().join("blobs")).unwrap();
    assert_eq!(blobs.count(), 0);
}

use batch_core::kv::{OrderedKv, WriteBatch};
use batch_core::log::LogKv;
use batch_core::storage::ErrorKind;

use crate::backend::open;
use crate::script::content;

#[test]
fn a_pair_above_the_limit_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(b"a".to_vec(), b"small".to_vec());
    batch.put(b"b".to_vec(), vec![7; LogKv::PAIR_LIMIT]);

    let error = kv.commit(batch).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(content(&kv).unwrap().is_empty());
    let mut next = WriteBatch::new();
    next.put(b"a".to_vec(), b"small".to_vec());
    kv.commit(next).unwrap();
}

#[test]
fn keys_and_values_of_every_size_come_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let mut kv = open(dir.path()).unwrap();
    let sizes = [0, 1, 255, 4_096, 65_535, 65_536, 1 << 20];
    let mut batch = WriteBatch::new();
    for size in sizes {
        batch.put(vec![b'k'; size], vec![b'v'; (1 << 20) - size]);
    }
    kv.commit(batch).unwrap();
    drop(kv);

    let kv = open(dir.path()).unwrap();

    for size in sizes {
        let value = kv.get(&vec![b'k'; size]).unwrap();
        assert_eq!(value, Some(vec![b'v'; (1 << 20) - size]), "{size}");
    }
}

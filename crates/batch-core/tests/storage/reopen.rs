use std::num::NonZeroUsize;

use batch_core::kv::{KeyRange, OrderedKv, WriteBatch};
use batch_core::storage::{ErrorKind, SortOrder};

use super::yard::Yard;

#[tokio::test]
async fn a_missing_record_is_damage_and_never_an_emptier_store() {
    let mut yard = Yard::new().await;
    yard.submit(40).await;
    yard.submit(1).await;
    yard.work_off().await;
    yard.submit(40).await;
    yard.close();
    let everything = KeyRange::prefix(b"");
    let all = yard
        .kv
        .scan(&everything, SortOrder::Ascending, NonZeroUsize::MAX)
        .unwrap();
    let mut silent = Vec::new();
    for lost in all {
        let mut writes = WriteBatch::new();
        writes.delete(lost.key.clone());
        yard.kv.tamper(writes);
        if !notices(&mut yard).await {
            silent.push(String::from_utf8_lossy(&lost.key[..1]).into_owned());
        }
        yard.close();
        let mut writes = WriteBatch::new();
        writes.put(lost.key, lost.value);
        yard.kv.tamper(writes);
    }
    // What is left unnoticed by reading: indexes (f, u, v) and names (q, s, t, w) that
    // nothing counts, and the header of a finished batch (b). A full check looks at those.
    silent.sort();
    silent.dedup();
    let allowed = ["b", "f", "u", "v", "w"];
    assert!(
        silent.iter().all(|k| allowed.contains(&k.as_str())),
        "{silent:?}"
    );
}

/// Whether opening the store and reading all runs and the journal meets damage.
async fn notices(yard: &mut Yard) -> bool {
    match yard.open() {
        Err(error) => error.kind() == ErrorKind::Damaged,
        Ok(()) => {
            let runs = yard.storage().runs(Default::default()).await;
            let limit = std::num::NonZeroU32::new(10_000).unwrap();
            let start = batch_core::journal::Sequence::START;
            let journal = yard.storage().journal(start, limit).await;
            let damaged = |kind| kind == Some(ErrorKind::Damaged);
            damaged(runs.err().map(|e| e.kind())) || damaged(journal.err().map(|e| e.kind()))
        }
    }
}

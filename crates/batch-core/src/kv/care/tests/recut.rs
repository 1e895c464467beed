use super::ground::{SharedKv, claim_one, record_step, submit, with_secrets};
use crate::kv::care::verify_map;
use crate::kv::{KvOptions, KvStorage};
use crate::memory::MemoryKv;
use crate::storage::{CancelTarget, Disposition, Settlement, Storage};

/// What is done with a run whose steps were cut anew.
#[derive(Debug, Clone, Copy)]
enum End {
    Settled,
    Cancelled,
    StepAndSettled,
}

#[tokio::test]
async fn steps_that_a_copy_has_cut_anew_go_with_the_end_of_their_run() {
    for end in [End::Settled, End::Cancelled, End::StepAndSettled] {
        let large = MemoryKv::with_preferred_value(16 << 10);
        let storage = KvStorage::start(large, KvOptions::default()).unwrap();
        super::ground::deploy(&storage).await;
        let batch = submit(&storage, with_secrets(2)).await;
        let claim = claim_one(&storage).await;
        let run = claim.run();
        record_step(&storage, &claim, "charge").await;
        let settlement = Settlement::new(claim, Disposition::Released);
        storage.settle(vec![settlement]).await.unwrap();
        let map = storage.snapshot(SharedKv::new()).await.unwrap().map;
        let storage = KvStorage::start(map.clone(), KvOptions::default()).unwrap();
        if matches!(end, End::Cancelled) {
            let target = CancelTarget::Run(run);
            storage.cancel(target).await.unwrap();
        } else {
            let claim = claim_one(&storage).await;
            assert_eq!(claim.run(), run);
            if matches!(end, End::StepAndSettled) {
                record_step(&storage, &claim, "ship").await;
            }
            let done = Disposition::Processed { output: None };
            let settlement = Settlement::new(claim, done);
            storage.settle(vec![settlement]).await.unwrap();
        }
        assert!(!storage.batch(batch).await.unwrap().unwrap().is_finished());
        let report = verify_map(&map).unwrap();
        assert!(report.is_sound(), "{end:?}: {report}");
    }
}

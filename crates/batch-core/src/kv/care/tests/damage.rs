use super::ground::{Ground, sink, workflow};
use crate::id::{BatchId, IdempotencyKey, SubmissionId};
use crate::journal::{Fact, Sequence};
use crate::kv::care::{FindingKind, verify_map};
use crate::kv::key;
use crate::kv::record::{
    BatchHeader, Head, IdempotencyRecord, JournalRecord, LiveRecord, RunPage, RunRecord,
    SubmissionRecord, Tidy, timestamp,
};
use crate::ordinal::Ordinal;
use crate::run::RunState;

const SUBMITTED: u32 = 40;

fn idempotent(text: &str) -> Vec<u8> {
    key::idempotency(&IdempotencyKey::new(text).unwrap(), 0)
}

fn submission(batch: BatchId) -> SubmissionId {
    SubmissionId::of_first_batch(batch)
}

/// The sequence of the last entry.
fn last(ground: &Ground) -> Sequence {
    let stage = crate::kv::stage::Stage::new(ground.map.clone());
    let head: Option<Head> = stage.get_record(&key::head(), String::new).unwrap();
    head.unwrap().sequence
}

/// The keys of the records of the journal, first to last.
fn journal_keys(ground: &Ground) -> Vec<Vec<u8>> {
    let range = key::journal_from(Sequence::START);
    let keys = ground.map.dump().into_iter().map(|kv| kv.key);
    keys.filter(|key| key.starts_with(&range.start[..1]) && key.ends_with(&[0, 0]))
        .map(|key| key[..key.len() - 2].to_vec())
        .collect()
}

/// Damages a store so that exactly this is wrong with it, or this among others.
#[expect(clippy::too_many_lines, reason = "one arm for each kind")]
fn damage(ground: &Ground, kind: FindingKind) {
    use FindingKind as K;
    let Ground {
        map,
        finished,
        half,
        cancelled,
        ..
    } = ground;
    let (finished, half, cancelled) = (*finished, *half, *cancelled);
    let part = |key: Vec<u8>, n: u16| [key.as_slice(), &n.to_be_bytes()].concat();
    match kind {
        K::Unreadable => map.flip(&part(key::header(half), 0)),
        K::PartMissing => map.delete(&part(key::inputs(finished, Ordinal::new(1)), 2)),
        K::PartAstray => {
            let value = crate::kv::record::frame(&part(key::head(), 1), 1, b"x");
            map.put(part(key::head(), 1), value);
        }
        K::KeyUnknown => map.put(b"?what".to_vec(), b"x".to_vec()),
        K::CopyUnfinished => map.write(&key::unfinished(), b""),
        K::HeadMissing => map.delete(&key::head()),
        K::HeadWrong => map.edit(&key::head(), |head: &mut Head| head.live += 1),
        K::HeaderMissing => map.delete(&key::header(half)),
        K::LiveMissing => map.delete(&key::live(half)),
        K::LiveAstray => map.write_record(&key::live(finished), &LiveRecord::untouched(3)),
        K::InputsMissing => map.delete(&key::inputs(finished, Ordinal::new(1))),
        K::InputsAstray => {
            let chunk = [3u32.to_le_bytes(), 0u32.to_le_bytes()].concat();
            map.write(&key::inputs(finished, Ordinal::new(3)), &chunk);
        }
        K::RecordMissing => map.delete(&key::page(half, 0)),
        K::RecordAstray => map.edit(&key::page(half, 0), |page: &mut RunPage| {
            page.put(Ordinal::new(7), RunRecord::default());
        }),
        K::RunWrong => map.edit(&key::live(half), |live: &mut LiveRecord| {
            live.held.insert(Ordinal::new(SUBMITTED - 1));
        }),
        K::OutputMissing => map.delete(&key::output(finished, Ordinal::new(2))),
        K::OutputAstray => map.write(&key::output(half, Ordinal::new(0)), b"\"x\""),
        K::SecretsMissing => map.delete(&key::secrets(half, Ordinal::new(30))),
        K::SecretsAstray => map.write_record(
            &key::secrets(finished, Ordinal::new(0)),
            &crate::request::Secrets::default(),
        ),
        K::StepsMissing => map.delete(&key::steps(half, Ordinal::new(4))),
        K::StepsAstray => map.write_record(
            &key::steps(finished, Ordinal::new(0)),
            &crate::run::Steps::default(),
        ),
        K::CountsWrong => map.edit(&key::live(half), |live: &mut LiveRecord| {
            live.ended.processed += 1;
        }),
        K::IndexMissing => map.delete(&key::all_finished().start),
        K::IndexAstray => map.write(&key::finished(timestamp(5), finished), b""),
        K::SubmissionMissing => map.delete(&key::submission(submission(half))),
        K::SubmissionWrong => map.edit(
            &key::submission(submission(half)),
            |submission: &mut SubmissionRecord| submission.inputs += 1,
        ),
        K::KeyMissing => map.delete(&idempotent("half")),
        K::KeyAstray => map.edit(&idempotent("half"), |record: &mut IdempotencyRecord| {
            record.batch = cancelled;
        }),
        K::WorkflowMissing => map.delete(&key::workflow(&workflow())),
        K::JournalMissing => map.delete(&journal_keys(ground)[3]),
        K::JournalAstray => {
            let record = JournalRecord {
                first: Sequence::new(1),
                at: 0,
                entries: vec![(half, Fact::Created)],
            };
            map.write_record(&key::journal(Sequence::new(1)), &record);
        }
        K::JournalWrong => {
            let entry = &journal_keys(ground)[1];
            map.edit(entry, |record: &mut JournalRecord| {
                record.entries[0].1 = Fact::Created;
            });
        }
        K::SinkWrong => {
            let position = (sink(), Sequence::new(last(ground).get() + 1));
            map.write_record(&key::sink(&sink()), &position);
        }
        K::TidyAstray => map.write_record(&key::tidy(half), &Tidy::Pruned),
    }
}

#[tokio::test]
async fn each_kind_of_damage_is_found_as_what_it_is() {
    for kind in FindingKind::ALL {
        let ground = Ground::new().await;
        damage(&ground, kind);
        let report = verify_map(&ground.map).unwrap();
        let kinds: Vec<_> = report.findings.iter().map(|found| found.kind).collect();
        assert!(kinds.contains(&kind), "{kind} is not found:\n{report}");
        assert_eq!(ground.storage.verify().await.unwrap(), report);
    }
}

#[tokio::test]
async fn a_finding_names_the_batch_and_says_what_is_wrong() {
    let ground = Ground::new().await;
    damage(&ground, FindingKind::CountsWrong);
    let report = verify_map(&ground.map).unwrap();
    let text = report.to_string();
    let expected = format!(
        "{}: it counts 3 processed, 1 failed, and a recount gives 2 processed, 1 failed",
        ground.half
    );
    assert_eq!(text.lines().next(), Some(expected.as_str()));
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("damaged, 1 finding: 3 batches with 63 runs"));
}

#[tokio::test]
async fn every_value_that_is_missing_or_flipped_is_found() {
    let ground = Ground::new().await;
    drop(ground.storage);
    for kv in ground.map.dump() {
        ground.map.flip(&kv.key);
        let report = verify_map(&ground.map).unwrap();
        assert!(!report.is_sound(), "flipped {}", kv.key.escape_ascii());
        ground.map.delete(&kv.key);
        let report = verify_map(&ground.map).unwrap();
        // Whatever only one record tells of is gone without a trace: a sink that was removed,
        // a key that was to be forgotten leaves its record.
        let silent = kv.key.starts_with(&key::sinks().start);
        assert_eq!(
            report.is_sound(),
            silent,
            "deleted {}",
            kv.key.escape_ascii()
        );
        ground.map.put(kv.key, kv.value);
    }
}

#[tokio::test]
async fn an_end_that_the_journal_does_not_tell_is_found() {
    let ground = Ground::new().await;
    let header = key::header(ground.cancelled);
    ground.map.edit(&header, |header: &mut BatchHeader| {
        header.end.as_mut().unwrap().sequence = Sequence::new(3);
    });
    let page = key::page(ground.half, 0);
    ground.map.edit(&page, |page: &mut RunPage| {
        page.record_mut(Ordinal::new(2)).end = Some(RunState::Processed);
    });
    let report = verify_map(&ground.map).unwrap();
    let wrong = |finding: &&crate::kv::care::Finding| finding.kind == FindingKind::JournalWrong;
    assert_eq!(report.findings.iter().filter(wrong).count(), 2, "{report}");
}

#[tokio::test]
async fn a_run_in_review_of_which_no_record_says_why_is_found() {
    let ground = Ground::new().await;
    let page = key::page(ground.half, 0);
    ground.map.edit(&page, |page: &mut RunPage| {
        page.record_mut(Ordinal::new(6)).review = None;
    });
    let report = verify_map(&ground.map).unwrap().to_string();
    assert!(
        report.contains("it is in review, and no record says why"),
        "{report}"
    );
}

#[tokio::test]
async fn secrets_of_a_run_in_review_are_found() {
    let ground = Ground::new().await;
    let secrets = key::secrets(ground.half, Ordinal::new(6));
    ground.map.write(&secrets, b"{}");
    let report = verify_map(&ground.map).unwrap().to_string();
    assert!(
        report.contains("it is in review, and its secrets are still there"),
        "{report}"
    );
}

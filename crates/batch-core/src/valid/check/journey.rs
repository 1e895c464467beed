//! Whole batches, from request to batch or refusal.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::refusal::{refusal, refusal_within};
use super::validate;
use crate::request::{BatchRequest, Input, Limits, RawMetadata, VersionSelector};
use crate::valid::{Problem, Source};

/// The faults that an input can have, in turn.
fn faulty(turn: usize) -> Input {
    let text = Input::text("t");
    match turn % 12 {
        0 => Input::default(),
        1 => Input::file_url("ftp://example.com"),
        2 => Input::file_url("https://u:p@example.com"),
        3 => Input::file_id(""),
        4 => Input::text("a\0b"),
        5 => text.with_name("a\u{1b}"),
        6 => text.with_file_name("../a"),
        7 => text.with_metadata_json("{\"a\":1,\"a\":2}"),
        8 => text.with_metadata_json("[1]"),
        9 => text.with_metadata(json!({"a": "x".repeat(10_240)})),
        10 => text.with_secret("", "v"),
        // Five problems at once.
        _ => Input::file_url("x")
            .with_file_name("")
            .with_name("")
            .with_metadata_json("{")
            .with_secret("k", "\0"),
    }
}

fn ordinals(problems: &[Problem]) -> Vec<usize> {
    let ordinal = |p: &Problem| p.ordinal.unwrap().get().try_into().unwrap();
    problems.iter().map(ordinal).collect()
}

#[test]
fn of_1000_inputs_the_37_bad_ones_are_all_reported_by_their_ordinals() {
    let bad: BTreeSet<usize> = (0..37).map(|n| 11 + n * 26).collect();
    let inputs = (0..1_000).map(|n| match bad.range(..n).count() {
        turn if bad.contains(&n) => faulty(turn),
        _ => Input::text(format!("invoice {n}")).with_metadata(json!({"n": n})),
    });
    let problems = refusal(BatchRequest::new("count-words").inputs(inputs));

    let ordinals = ordinals(&problems);
    assert!(ordinals.is_sorted());
    assert_eq!(ordinals.iter().copied().collect::<BTreeSet<_>>(), bad);
    assert_eq!(problems.len(), 37 + 3 * 4, "three of them have five");
}

#[test]
fn every_problem_of_one_input_is_reported_in_the_order_of_its_fields() {
    let problems = refusal(BatchRequest::new("w").input(faulty(11)));
    let paths: Vec<_> = problems.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/file/url",
            "/file/name",
            "/name",
            "/metadata",
            "/secrets/k"
        ]
    );
}

#[test]
fn a_valid_batch_holds_what_was_given() {
    let request = BatchRequest::new("w")
        .version(VersionSelector::Draft)
        .priority(1)
        .idempotency_key("k")
        .input(Input::file_url("https://example.com/a").with_file_name("a.pdf"))
        .input(Input::file_id("/b").with_name("b"))
        .input(
            Input::text("c")
                .with_metadata_json("{ \"c\": 3 }")
                .with_secret("s", "v"),
        );
    let batch = validate(request, &Limits::default()).unwrap();

    assert_eq!(batch.workflow().as_str(), "w");
    assert_eq!(batch.version(), VersionSelector::Draft);
    assert_eq!(batch.priority().get(), 1);
    assert_eq!(batch.idempotency_key().unwrap().as_str(), "k");
    let [a, b, c] = batch.inputs() else {
        panic!("three inputs: {batch:?}")
    };
    let url = "https://example.com/a".to_owned();
    let name = Some("a.pdf".to_owned());
    assert_eq!(a.source(), &Source::Url { url, name });
    assert_eq!(b.source(), &Source::File { id: "/b".into() });
    assert_eq!(b.name(), Some("b"));
    assert_eq!(c.metadata().as_json(), "{\"c\":3}");
    assert_eq!(c.secrets().get("s"), Some("v"));
}

#[test]
fn a_text_is_moved_and_not_copied() {
    let text = "x".repeat(300);
    let place = text.as_ptr();
    let batch = validate(
        BatchRequest::new("w").input(Input::text(text)),
        &Limits::default(),
    );
    match batch.unwrap().inputs()[0].source() {
        Source::Text { text, .. } => assert_eq!(text.as_ptr(), place),
        other => panic!("a text: {other:?}"),
    }
}

fn metadata() -> impl Strategy<Value = RawMetadata> {
    prop_oneof![
        any::<String>().prop_map(RawMetadata::Json),
        "[\\[\\]{}\":,0-9eE.\\\\ua \\x00-]{0,40}".prop_map(RawMetadata::Json),
        vec(any::<(String, Option<f64>)>(), 0..4).prop_map(|members| {
            let members = members
                .into_iter()
                .map(|(key, number)| (key, json!(number)));
            RawMetadata::Value(serde_json::Value::Object(members.collect()))
        }),
    ]
}

prop_compose! {
    fn input()(
        file_url in option::weighted(0.3, "(https?:/?/?)?[a-z.@:\\\\/\\x00é]{0,12}"),
        file_id in option::weighted(0.3, any::<String>()),
        text in option::weighted(0.5, any::<String>()),
        file_name in option::weighted(0.3, any::<String>()),
        name in option::weighted(0.3, any::<String>()),
        metadata in option::weighted(0.5, metadata()),
        secrets in vec(any::<(String, String)>(), 0..3),
    ) -> Input {
        let input = Input { file_url, file_id, text, file_name, name, metadata, ..Input::default() };
        secrets.into_iter().fold(input, |input, (name, value)| input.with_secret(name, value))
    }
}

prop_compose! {
    fn request()(
        workflow in ".{0,4}",
        priority in -1..103_i64,
        key in option::of(any::<String>()),
        inputs in vec(input(), 0..5),
    ) -> BatchRequest {
        let mut request = BatchRequest::new(workflow).priority(priority).inputs(inputs);
        request.idempotency_key = key;
        request
    }
}

/// Limits so small that every one of them is reached.
fn tight() -> impl Strategy<Value = Limits> {
    vec(0..24_usize, 9).prop_map(|n| Limits {
        inputs: u32::try_from(n[0] / 4).unwrap(),
        metadata_bytes: n[1],
        metadata_depth: n[2] / 8,
        text_bytes: n[3],
        batch_bytes: n[4] * 8,
        name_bytes: n[5],
        url_bytes: n[6],
        file_id_bytes: n[7],
        secrets: n[8] / 8,
        secret_bytes: n[8],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_request_makes_validation_panic(request in request(), limits in tight()) {
        let count = request.inputs.len();
        match validate(request, &limits) {
            Ok(batch) => prop_assert_eq!(batch.inputs().len(), count),
            Err(refused) => prop_assert!(!refused.problems().is_empty()),
        }
    }

    #[test]
    fn an_input_is_refused_in_a_batch_exactly_if_it_is_refused_alone(inputs in vec(input(), 1..6)) {
        let alone = |input: &Input| refusal(BatchRequest::new("w").input(input.clone()));
        let bad: BTreeSet<_> = (0..inputs.len()).filter(|n| !alone(&inputs[*n]).is_empty()).collect();
        let limits = Limits::default();
        let problems = refusal_within(BatchRequest::new("w").inputs(inputs), &limits);
        prop_assert_eq!(ordinals(&problems).into_iter().collect::<BTreeSet<_>>(), bad);
    }
}

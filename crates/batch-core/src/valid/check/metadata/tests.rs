//! Promises about metadata, from the outside.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::refusal::{codes, problems_of, refusal_within};
use super::check_metadata::MAX_DEPTH;
use crate::request::{BatchRequest, Input, Limits, RawMetadata};
use crate::valid::{Metadata, ProblemCode, validate};

fn given(metadata: impl Into<RawMetadata>) -> Input {
    Input::text("t").with_metadata(metadata)
}

fn text(json: &str) -> Input {
    Input::text("t").with_metadata_json(json)
}

fn kept(input: Input) -> Metadata {
    let batch = validate(BatchRequest::new("w").input(input), &Limits::default()).unwrap();
    batch.inputs()[0].metadata().clone()
}

fn message(input: Input) -> String {
    let problems = problems_of(input);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_string()
}

fn at(path: &str, code: ProblemCode) -> [(String, ProblemCode); 1] {
    [(path.to_owned(), code)]
}

/// An object that is nested this deep.
fn nested(depth: usize) -> String {
    let arrays = depth - 1;
    format!("{{\"a\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays))
}

/// An array in an array, this deep, in an object.
fn nested_value(depth: usize) -> Value {
    let array = (2..depth).fold(json!([]), |inner, _| Value::Array(vec![inner]));
    Value::Object(Map::from_iter([("a".to_owned(), array)]))
}

/// An object of this many bytes.
fn of_bytes(bytes: usize) -> String {
    format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8))
}

#[test]
fn an_input_without_metadata_has_an_empty_object() {
    assert_eq!(kept(Input::text("t")).as_json(), "{}");
}

#[test]
fn text_is_made_compact_and_keeps_the_order_of_its_keys() {
    let given = "\u{20}{ \"z\" : [ 1 , { } , [ ] , null ] ,\n\t\"a\" : { \"c\" : true , \"b\" : false } }\r\n";
    let compact = r#"{"z":[1,{},[],null],"a":{"c":true,"b":false}}"#;
    assert_eq!(kept(text(given)).as_json(), compact);
}

#[test]
fn numbers_keep_their_digits() {
    let json = r#"{"a":[1.50,1E2,-0,0.1234567890123456789,18446744073709551615]}"#;
    assert_eq!(kept(text(json)).as_json(), json);
}

#[test]
fn a_float_reads_back_to_its_last_digit() {
    let value = json!({"a": -1.4158867459745747e237});
    assert_eq!(Value::Object(kept(given(value.clone())).to_map()), value);
}

#[test]
fn strings_get_the_one_spelling_that_a_value_has() {
    let written = text(r#"{"\u0061\/":"\u00e9\u000a\u001f\"\\"}"#);
    let value = given(json!({"a/": "é\n\u{1f}\"\\"}));
    assert_eq!(kept(written), kept(value));
}

#[test]
fn a_value_gives_the_text_that_serde_json_gives() {
    let value = json!({"a": [1, -2, 1.5, "x\"\n", null, true, {}, []], "b": {"c": [[{"d": 1}]]}});
    assert_eq!(kept(given(value.clone())).as_json(), value.to_string());
}

#[test]
fn json_that_is_no_object_is_refused_by_its_kind() {
    for (json, kind) in [
        ("[]", "an array"),
        (" \"a\"", "a string"),
        ("true", "a boolean"),
        ("null", "null"),
        ("-1", "a number"),
    ] {
        let line = format!("input 0 at /metadata: {kind}, must be an object");
        assert_eq!(message(text(json)), line);
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(message(given(value)), line);
    }
}

#[test]
fn a_text_that_is_no_json_is_refused_with_the_place() {
    for (json, reason) in [
        ("", "a value expected at byte 0"),
        ("{", "a key expected at byte 1"),
        ("{\"a\"}", "':' expected at byte 4"),
        ("{\"a\":}", "a value expected at byte 5"),
        ("{\"a\":1,}", "a key expected at byte 7"),
        ("{\"a\":1]", "',' or '}' expected at byte 6"),
        ("{\"a\":[1 2]}", "',' or ']' expected at byte 8"),
        ("{\"a\":[,]}", "a value expected at byte 6"),
        ("{} {}", "the end expected at byte 3"),
        ("{\"a\":nul}", "a value expected at byte 5"),
        ("{\"a\":01}", "',' or '}' expected at byte 6"),
        (
            "{\"a\":\"\n\"}",
            "an escaped control character expected at byte 6",
        ),
        (
            "{\"a\":\"\0\"}",
            "an escaped control character expected at byte 6",
        ),
        (
            "{\"a\":\"\\ud800\"}",
            "a string of valid escapes expected at byte 5",
        ),
        ("\u{feff}{}", "a value expected at byte 0"),
        ("{'a':1}", "a key expected at byte 1"),
        ("{\"a\":NaN}", "a value expected at byte 5"),
    ] {
        assert_eq!(
            message(text(json)),
            format!("input 0 at /metadata: no JSON: {reason}")
        );
        assert_eq!(codes(text(json)), at("/metadata", ProblemCode::InvalidJson));
    }
}

#[test]
fn metadata_has_at_most_10240_bytes_once_compact() {
    for bytes in [10_239, 10_240] {
        assert_eq!(codes(text(&of_bytes(bytes))), []);
        assert_eq!(
            codes(given(
                serde_json::from_str::<Value>(&of_bytes(bytes)).unwrap()
            )),
            []
        );
    }
    let line = "input 0 at /metadata: 10241 bytes, at most 10240";
    assert_eq!(message(text(&of_bytes(10_241))), line);
    let value: Value = serde_json::from_str(&of_bytes(10_241)).unwrap();
    assert_eq!(message(given(value)), line);
}

#[test]
fn white_space_does_not_count_up_to_8_times_the_limit() {
    let padded = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
    assert_eq!(codes(text(&padded(81_919))), []);
    assert_eq!(codes(text(&padded(81_920))), []);
    let line = "input 0 at /metadata: 81921 bytes as given, at most 81920 (10240 once compact)";
    assert_eq!(message(text(&padded(81_921))), line);
}

#[test]
fn a_value_far_beyond_the_limit_is_refused_without_being_written_whole() {
    let line = "input 0 at /metadata: over 81920 bytes, at most 10240";
    assert_eq!(message(given(json!({"a": "x".repeat(1_000_000)}))), line);
    assert_eq!(message(given(json!({"a": vec![1; 100_000]}))), line);
    assert_eq!(message(given(json!({"x".repeat(100_000): 1}))), line);
}

#[test]
fn metadata_is_nested_at_most_64_deep() {
    for depth in [1, 2, 63, 64] {
        let json = if depth == 1 {
            "{}".into()
        } else {
            nested(depth)
        };
        assert_eq!(codes(text(&json)), []);
    }
    for depth in [65, 127, 128, 129, 4_000] {
        let line = format!("input 0 at /metadata: nested {depth} deep, at most 64");
        assert_eq!(message(text(&nested(depth))), line);
        assert_eq!(message(given(nested_value(depth))), line);
    }
}

#[test]
fn text_that_only_opens_is_too_deep_and_no_json() {
    let codes = codes(text(&"{\"a\":".repeat(16_000)));
    let both = [ProblemCode::InvalidJson, ProblemCode::TooDeep];
    assert_eq!(
        codes.iter().map(|(_, code)| *code).collect::<Vec<_>>(),
        both
    );
}

#[test]
fn a_value_nested_a_million_deep_is_refused_without_overflowing_the_stack() {
    let codes = codes(given(nested_value(1_000_000)));
    let both = [ProblemCode::TooLarge, ProblemCode::TooDeep];
    assert_eq!(
        codes.iter().map(|(_, code)| *code).collect::<Vec<_>>(),
        both
    );
}

#[test]
fn a_deep_value_that_is_not_checked_any_more_does_not_overflow_the_stack() {
    let inputs = [Input::default(), given(nested_value(1_000_000))];
    let limits = Limits {
        inputs: 1,
        ..Limits::default()
    };
    let problems = refusal_within(BatchRequest::new("w").inputs(inputs), &limits);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn whatever_the_limit_metadata_is_never_deeper_than_can_be_read_back() {
    let limits = Limits {
        metadata_depth: usize::MAX,
        ..Limits::default()
    };
    let request = |depth| BatchRequest::new("w").input(text(&nested(depth)));
    let batch = validate(request(MAX_DEPTH), &limits).unwrap();
    assert_eq!(batch.inputs()[0].metadata().to_map().len(), 1);
    let problems = refusal_within(request(MAX_DEPTH + 1), &limits);
    assert_eq!(
        (problems[0].code, problems[0].limit),
        (ProblemCode::TooDeep, Some(127))
    );
}

#[test]
fn equal_keys_are_refused_at_any_depth_with_their_path() {
    for (json, path) in [
        (r#"{"a":1,"a":1}"#, "/metadata/a"),
        (r#"{"a":1,"\u0061":2}"#, "/metadata/a"),
        (r#"{"":1,"":2}"#, "/metadata/"),
        (
            r#"{"a":[0,{"b":{"c/~":1,"x":2,"c/~":3}}]}"#,
            "/metadata/a/1/b/c~1~0",
        ),
        (
            r#"{"a":{"k":1},"b":[[{"k":1,"k":2}]]}"#,
            "/metadata/b/0/0/k",
        ),
        (r#"[{},{"k":1,"k":2}]"#, "/metadata/1/k"),
    ] {
        let codes = codes(text(json));
        assert!(
            codes.contains(&at(path, ProblemCode::DuplicateKey)[0]),
            "{json}: {codes:?}"
        );
    }
}

#[test]
fn equal_keys_of_different_objects_are_fine() {
    assert_eq!(
        codes(text(r#"{"a":{"a":1,"b":{"a":2}},"b":[{"a":1},{"a":1}]}"#)),
        []
    );
}

#[test]
fn a_key_that_stands_there_often_is_one_problem() {
    let json = format!("{{{}}}", ["\"a\":1"; 5].join(","));
    assert_eq!(
        message(text(&json)),
        "input 0 at /metadata/a: the key stands there 5 times"
    );
}

#[test]
fn thousands_of_equal_keys_are_listed_in_part() {
    let members: Vec<_> = (0..2_000).map(|n| format!("\"k{}\":1", n / 2)).collect();
    let problems = problems_of(text(&format!("{{{}}}", members.join(","))));
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].path, "");
}

#[test]
fn nul_is_refused_in_keys_and_strings_with_its_path() {
    let json = r#"{"a":["x",{"b":"1\u0000"}],"\u0000":1}"#;
    let both = [
        ("/metadata/a/1/b".to_owned(), ProblemCode::InvalidCharacter),
        ("/metadata/\0".to_owned(), ProblemCode::InvalidCharacter),
    ];
    assert_eq!(codes(text(json)), both);
    let value: Value = serde_json::from_str(json).unwrap();
    assert_eq!(codes(given(value)).len(), 2);
}

#[test]
fn other_control_characters_are_fine_in_metadata() {
    assert_eq!(codes(given(json!({"a\n": "\u{1}\t\r\n\u{7f}"}))), []);
}

#[test]
fn integers_of_64_bits_pass_and_larger_ones_are_not_rounded_but_refused() {
    for number in [
        "18446744073709551615",
        "-9223372036854775808",
        "9223372036854775808",
    ] {
        assert_eq!(codes(text(&format!("{{\"a\":{number}}}"))), []);
    }
    for number in [
        "18446744073709551616",
        "-9223372036854775809",
        &"9".repeat(400),
    ] {
        let refused = at("/metadata/a/0", ProblemCode::OutOfRange);
        assert_eq!(
            codes(text(&format!("{{\"a\":[{number}]}}"))),
            refused,
            "{number}"
        );
    }
}

#[test]
fn floats_beyond_64_bits_are_refused() {
    for number in [
        "1.7976931348623157e308",
        "1e-999",
        "1e19",
        "18446744073709551616.0",
    ] {
        assert_eq!(codes(text(&format!("{{\"a\":{number}}}"))), [], "{number}");
    }
    for number in ["1e309", "-1e999", "1.0E400"] {
        let refused = at("/metadata/a", ProblemCode::OutOfRange);
        assert_eq!(
            codes(text(&format!("{{\"a\":{number}}}"))),
            refused,
            "{number}"
        );
    }
}

#[test]
fn no_problem_of_metadata_hides_another() {
    let long = "x".repeat(10_240);
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    let json = format!(r#"{{"a":1,"a":1e999,"n":"\u0000","d":{deep},"l":"{long}"}}"#);
    let found: Vec<_> = codes(text(&json))
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    let all = [
        ProblemCode::OutOfRange,
        ProblemCode::InvalidCharacter,
        ProblemCode::DuplicateKey,
        ProblemCode::TooLarge,
        ProblemCode::TooDeep,
    ];
    assert_eq!(found, all);
}

#[test]
fn the_paths_of_problems_are_bounded_however_long_the_keys() {
    let key = "k".repeat(70_000);
    let members = (0..200).map(|n| format!("\"{n}\":\"\\u0000\""));
    let json = format!(
        "{{\"{key}\":{{{}}}}}",
        members.collect::<Vec<_>>().join(",")
    );
    let problems = problems_of(text(&json));
    assert!(problems.len() > 100 && problems.iter().all(|p| p.path.len() <= 1_024));
}

#[test]
fn metadata_of_one_input_leaves_no_trace_in_the_next() {
    let broken = "{\"a\":[1,{\"b\":1,\"b\":";
    let inputs = [text(broken), text("{ \"b\": 1 }"), given(json!({"c": 1}))];
    let problems = refusal_within(BatchRequest::new("w").inputs(inputs), &Limits::default());
    assert!(
        problems.iter().all(|p| p.ordinal.unwrap().get() == 0),
        "{problems:?}"
    );
}

/// JSON values of every kind.
fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[^\\x00]{0,8}".prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[^\\x00]{0,4}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[^\\x00]{0,4}", value(), 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Texts that are often nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        8 => "[\\[\\]{},:]",
        4 => Just("\"a\":".to_owned()),
        3 => "\"[a-c\\\\u0d8\"\n]{0,6}\"",
        3 => "-?[0-9.eE+-]{1,5}",
        2 => prop::sample::select(vec!["true", "false", "null", "1e999", " ", "\n", "\"\\ud83d\\ude00\"", "é"])
            .prop_map(str::to_owned),
    ];
    let tokens = prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat());
    prop_oneof![
        tokens.clone(),
        tokens.prop_map(|inner| format!("{{\"a\":[{inner}]}}")),
        (object(), any::<prop::sample::Index>(), any::<char>()).prop_map(|(value, at, c)| {
            let mut chars: Vec<char> = value.to_string().chars().collect();
            let at = at.index(chars.len());
            chars[at] = c;
            chars.into_iter().collect()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_accepted_value_parses_back_to_itself(value in object()) {
        let metadata = kept(given(value.clone()));
        prop_assert_eq!(metadata.as_json(), value.to_string());
        prop_assert_eq!(Value::Object(metadata.to_map()), value);
    }

    #[test]
    fn an_indented_text_gives_the_same_metadata_as_its_value(value in object()) {
        let indented = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(kept(text(&indented)), kept(given(value)));
    }

    #[test]
    fn what_is_json_is_what_serde_json_takes_for_it(json in nearly_json()) {
        let codes: Vec<_> = codes(text(&json)).into_iter().map(|(_, code)| code).collect();
        let refused = codes.contains(&ProblemCode::InvalidJson);
        match serde_json::from_str::<Value>(&json) {
            Ok(_) => prop_assert!(!refused, "{json:?}: {codes:?}"),
            Err(_) => prop_assert!(refused || codes.contains(&ProblemCode::OutOfRange), "{json:?}"),
        }
    }

    #[test]
    fn an_accepted_text_parses_back_to_the_same_object(json in nearly_json()) {
        let request = BatchRequest::new("w").input(text(&json));
        if let Ok(batch) = validate(request, &Limits::default()) {
            let map = batch.inputs()[0].metadata().to_map();
            prop_assert_eq!(Value::Object(map), serde_json::from_str::<Value>(&json).unwrap());
        }
    }

    #[test]
    fn two_keys_are_equal_exactly_if_they_decode_to_the_same(
        a in "[ab]{1,2}", b in "[ab]{1,2}", escape in any::<bool>(),
    ) {
        let spelled: String = if escape {
            b.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()
        } else {
            b.clone()
        };
        let codes = codes(text(&format!("{{\"{a}\":1,\"{spelled}\":2}}")));
        prop_assert_eq!(codes.is_empty(), a != b);
    }
}

#[test]
fn a_great_many_keys_that_differ_pass() {
    let members: Vec<_> = (0..1_000).map(|n| format!("\"{n}\":0")).collect();
    assert_eq!(codes(text(&format!("{{{}}}", members.join(",")))), []);
}

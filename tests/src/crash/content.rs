use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::valid::{ValidBatch, validate};

use super::WORKFLOW;

/// How many runs, of how many bytes each, the batch under a key has: `name.runs.bytes`.
pub(super) fn size(key: &str) -> (usize, usize) {
    let mut parts = key.rsplit('.').map(|part| part.parse().unwrap());
    let bytes = parts.next().unwrap();
    (parts.next().unwrap(), bytes)
}

/// What is submitted under a key: the same each time, whoever asks.
pub(super) fn content(key: &str) -> ValidBatch {
    let (runs, bytes) = size(key);
    let input =
        |n| Input::text(format!("{n} {}", "x".repeat(bytes))).with_secret("token", "hunter2");
    let mut request = BatchRequest::new(WORKFLOW)
        .idempotency_key(key)
        .inputs((0..runs).map(input));
    if key.starts_with("fresh") {
        request = request.priority(1);
    }
    validate(request, &Limits::default()).unwrap()
}

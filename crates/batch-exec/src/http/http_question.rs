use std::collections::BTreeMap;

use batch_core::valid::Source;
use serde::Serialize;
use serde_json::value::RawValue;

use super::SecretsSent;
use crate::executor::RunContext;

/// What is posted.
#[derive(Serialize)]
struct Question<'a> {
    run: String,
    batch: String,
    submission: String,
    workflow: &'a str,
    version: String,
    attempt: u32,
    idempotency_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
    input: InputSent<'a>,
    metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum InputSent<'a> {
    Text(&'a str),
    Url(&'a str),
    FileId(&'a str),
}

/// The JSON text for a run; `None` where its input is of a kind that this version does not know.
pub(super) fn question(run: &RunContext, secrets: SecretsSent) -> Option<Vec<u8>> {
    let input = match run.source() {
        Source::Text { text, .. } => InputSent::Text(text),
        Source::Url { url, .. } => InputSent::Url(url),
        Source::File { id } => InputSent::FileId(id),
        _ => return None,
    };
    let secrets = match secrets {
        SecretsSent::InTheBody => run.secrets().iter().collect(),
        SecretsSent::No => BTreeMap::new(),
    };
    let question = Question {
        run: run.id().to_string(),
        batch: run.batch().to_string(),
        submission: run.submission().to_string(),
        workflow: run.workflow().as_str(),
        version: run.version().to_string(),
        attempt: run.attempt().get(),
        idempotency_key: run.idempotency_key(),
        name: run.name(),
        file_name: run.file_name(),
        input,
        metadata: RawValue::from_string(run.metadata().as_json().to_owned()).ok(),
        secrets,
    };
    serde_json::to_vec(&question).ok()
}

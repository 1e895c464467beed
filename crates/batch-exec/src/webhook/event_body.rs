use batch_core::journal::{Event, EventKind, RunEvent};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{DeliveryId, SignatureScheme};

/// The text that is sent for an event; without the run's name and metadata where it
/// would have more than `most` bytes.
pub(super) fn event_body(event: &Event, scheme: SignatureScheme, most: usize) -> String {
    let whole = envelope(event, scheme, &data(event, Detail::Whole));
    if whole.len() <= most {
        return whole;
    }
    envelope(event, scheme, &data(event, Detail::Thin))
}

/// How much of the run's input is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Whole,
    Thin,
}

fn envelope(event: &Event, scheme: SignatureScheme, data: &RawValue) -> String {
    let (id, name, at) = (
        DeliveryId::of(event).to_string(),
        event.kind.name(),
        event.at,
    );
    let parts = match scheme {
        SignatureScheme::StandardWebhooks => [
            ("type", quoted(name)),
            ("timestamp", quoted(&at.to_string())),
            ("data", data.to_owned()),
        ],
        SignatureScheme::Extend => [
            ("eventId", quoted(&id)),
            ("eventType", quoted(name)),
            ("payload", data.to_owned()),
        ],
    };
    object(&parts)
}

/// What happened, the same under both schemes.
fn data(event: &Event, detail: Detail) -> Box<RawValue> {
    let mut fields = vec![
        ("sequence", raw(&json!(event.id.sequence.get()))),
        ("at", quoted(&event.at.to_string())),
        ("batch", quoted(&event.batch.to_string())),
        ("submission", quoted(&event.submission.to_string())),
        ("workflow", quoted(event.workflow.as_str())),
        ("version", quoted(&event.version.to_string())),
    ];
    if let Some(run) = event.kind.run() {
        fields.push(("run", run_object(run, detail)));
    }
    let extra = extra(&event.kind);
    fields.extend(
        extra
            .iter()
            .map(|(name, value)| (name.as_str(), raw(value))),
    );
    as_raw(object(&fields))
}

fn run_object(run: &RunEvent, detail: Detail) -> Box<RawValue> {
    let mut fields = vec![("id", quoted(&run.id.to_string()))];
    if let Some(attempt) = run.attempt {
        fields.push(("attempt", raw(&json!(attempt.get()))));
    }
    if detail == Detail::Thin {
        fields.push(("truncated", raw(&json!(true))));
        return as_raw(object(&fields));
    }
    if let Some(name) = &run.name {
        fields.push(("name", quoted(name)));
    }
    fields.push(("metadata", as_raw(run.metadata.as_json().to_owned())));
    as_raw(object(&fields))
}

/// What only some kinds of events carry.
fn extra(kind: &EventKind) -> Map<String, Value> {
    let failure = |failure: &batch_core::run::Failure| json!({"reason": failure.reason(), "message": failure.message()});
    let fields = match kind {
        EventKind::BatchFinished { counts, state } | EventKind::BatchProgress { counts, state } => {
            json!({"counts": counts, "state": state})
        }
        EventKind::BatchSucceeded { counts } | EventKind::BatchCancelled { counts } => {
            json!({"counts": counts})
        }
        EventKind::RunFailed(_, why) => json!({"failure": failure(why)}),
        EventKind::RunRetrying {
            failure: why,
            due_at,
            ..
        } => {
            json!({"failure": failure(why), "due_at": due_at.to_string()})
        }
        EventKind::RunNeedsReview { note, .. } => json!({"note": note}),
        EventKind::RunRejected { note, reviewer, .. } => {
            json!({"note": note, "reviewer": reviewer})
        }
        EventKind::RunSnoozed { due_at, .. } => json!({"due_at": due_at.to_string()}),
        _ => json!({}),
    };
    match fields {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// An object with its members in this order, whose values are text of JSON and stay as they are.
fn object(members: &[(&str, Box<RawValue>)]) -> String {
    let mut text = String::from("{");
    for (n, (name, value)) in members.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        text.push_str(&format!("{comma}\"{name}\":{}", value.get()));
    }
    text.push('}');
    text
}

fn quoted(text: &str) -> Box<RawValue> {
    raw(&Value::from(text))
}

fn raw(value: &Value) -> Box<RawValue> {
    as_raw(value.to_string())
}

fn as_raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).expect("it was printed as JSON, or checked when it was submitted")
}

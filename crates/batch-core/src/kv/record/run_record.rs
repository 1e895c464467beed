use serde::{Deserialize, Serialize};

use super::input_writer::{MAP, write_text};
use super::plain_writer::{write_millis, write_name, write_number, write_word};
use super::write_plain;
use crate::run::{Failure, Note, Reviewer, RunState};

/// What happened to a run so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct RunRecord {
    /// How it ended; `None` while it has not.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<RunState>,
    /// How many attempts have ended.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// How often its holder died.
    #[serde(rename = "i", default, skip_serializing_if = "is_zero")]
    pub interruptions: u32,
    /// How often it was snoozed.
    #[serde(rename = "z", default, skip_serializing_if = "is_zero")]
    pub snoozes: u32,
    /// How many steps it has recorded. They stand under a key of their own.
    #[serde(rename = "y", default, skip_serializing_if = "is_zero")]
    pub steps: u32,
    /// When the latest attempt began.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    /// When it may be claimed again.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
    /// Why the latest attempt failed.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What the executor gave back.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputPlace>,
    /// The review that it is in, or was in.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewRecord>,
}

impl RunRecord {
    /// Writes it as serde does. One of a run that just ended has no call for each field.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let Self {
            end: Some(end),
            attempts: attempts @ 1..,
            interruptions: 0,
            snoozes: 0,
            steps: 0,
            started_at: Some(started_at),
            ended_at: Some(ended_at),
            due_at: None,
            failure: None,
            output: None | Some(OutputPlace::Inline(_)),
            review: None,
        } = self
        else {
            return write_plain(bytes, self);
        };
        let output = self.output.as_ref().and_then(OutputPlace::inline);
        bytes.push(MAP | (4 + u8::from(output.is_some())));
        write_name(bytes, b'e');
        write_word(bytes, end.as_str());
        write_name(bytes, b'n');
        write_number(bytes, (*attempts).into());
        write_name(bytes, b's');
        write_millis(bytes, *started_at);
        write_name(bytes, b't');
        write_millis(bytes, *ended_at);
        if let Some(json) = output {
            write_name(bytes, b'o');
            bytes.push(MAP | 1);
            write_name(bytes, b'h');
            write_text(bytes, json);
        }
    }
}

/// What is kept of a review. The verdict is how the run ended, and when it ended its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct ReviewRecord {
    /// When the executor asked.
    #[serde(rename = "t")]
    pub asked_at: i64,
    /// Why.
    #[serde(rename = "n")]
    pub note: Note,
    /// What was added to the answer.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub answer_note: Option<Note>,
    /// Who answered.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<Reviewer>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Where the output of a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) enum OutputPlace {
    /// Here.
    #[serde(rename = "h")]
    Inline(String),
    /// Under a key of its own.
    #[serde(rename = "a")]
    Apart,
}

impl OutputPlace {
    /// The most bytes of an output that is kept in the run's record.
    pub(in crate::kv) const INLINE_BYTES: usize = 160;

    fn inline(&self) -> Option<&str> {
        match self {
            Self::Inline(json) => Some(json),
            Self::Apart => None,
        }
    }
}

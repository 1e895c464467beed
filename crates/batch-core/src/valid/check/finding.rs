use crate::valid::ProblemCode;

/// What a rule found, before it is known where.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) code: ProblemCode,
    pub(super) message: String,
    pub(super) limit: Option<u64>,
}

impl Finding {
    pub(super) fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            limit: None,
        }
    }

    pub(super) fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(u64::try_from(limit).unwrap_or(u64::MAX));
        self
    }

    /// `12044 bytes, at most 10240`
    pub(super) fn too_large(actual: usize, limit: usize) -> Self {
        let message = format!("{actual} bytes, at most {limit}");
        Self::new(ProblemCode::TooLarge, message).limit(limit)
    }

    /// `1001 inputs, at most 1000`
    pub(super) fn too_many(actual: usize, noun: &str, limit: usize) -> Self {
        let message = format!("{actual} {noun}, at most {limit}");
        Self::new(ProblemCode::TooMany, message).limit(limit)
    }

    /// `empty, at least 1 byte`
    pub(super) fn empty() -> Self {
        Self::new(ProblemCode::Empty, "empty, at least 1 byte").limit(1)
    }

    /// `the control character U+000A at byte 1`
    pub(super) fn character(kind: &str, character: char, at: usize) -> Self {
        let point = u32::from(character);
        let message = format!("the {kind} U+{point:04X} at byte {at}");
        Self::new(ProblemCode::InvalidCharacter, message)
    }
}

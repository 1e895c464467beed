use super::metadata::{Scratch, check_metadata, dismantle};
use super::source::{self, Given};
use super::{Problems, name, secrets};
use crate::ordinal::Ordinal;
use crate::request::{Input, RawMetadata, Secrets};
use crate::valid::ValidInput;

/// Checks the inputs of one batch, one after the other.
#[derive(Debug)]
pub(super) struct InputCheck<'p, 'l> {
    problems: &'p mut Problems<'l>,
    scratch: Scratch,
    tally: Tally,
    faulty: usize,
    /// After so many faulty inputs no more are checked. A batch of a legal size never gets there
    /// before its last input.
    max_faulty: usize,
}

/// What is known of the inputs together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// How many were checked.
    pub(super) checked: usize,
    /// The bytes of those that were checked; metadata that was refused counts for nothing.
    pub(super) bytes: usize,
}

impl<'p, 'l> InputCheck<'p, 'l> {
    pub(super) fn new(problems: &'p mut Problems<'l>) -> Self {
        let max_faulty = usize::try_from(problems.limits().inputs).unwrap_or(usize::MAX);
        Self {
            problems,
            scratch: Scratch::default(),
            tally: Tally::default(),
            faulty: 0,
            max_faulty,
        }
    }

    /// Checks the input at this place.
    ///
    /// Gives back nothing only where a problem was added, to it or to those before it.
    pub(super) fn check(&mut self, place: usize, input: Input) -> Option<ValidInput> {
        if self.faulty > 0 && self.faulty >= self.max_faulty {
            discard(input.metadata);
            return None;
        }
        let ordinal = Ordinal::new(u32::try_from(place).unwrap_or(u32::MAX));
        self.problems.turn_to(Some(ordinal));
        let valid = self.check_parts(input);
        self.tally.checked += 1;
        self.faulty += usize::from(self.problems.count() > 0);
        valid
    }

    fn check_parts(&mut self, input: Input) -> Option<ValidInput> {
        self.weigh(&input);
        let Input {
            file_url: url,
            file_id: id,
            text,
            file_name,
            name,
            metadata,
            secrets,
        } = input;
        let given = Given {
            url,
            id,
            text,
            name: file_name,
        };
        let source = source::check(self.problems, given);
        if let Some(name) = &name {
            let limit = self.problems.limits().name_bytes;
            name::check(self.problems, || "/name".into(), name, limit);
        }
        let metadata = self.check_metadata(metadata);
        secrets::check(self.problems, &secrets);
        Some(ValidInput::new(source?, name, metadata?, secrets))
    }

    fn check_metadata(&mut self, raw: Option<RawMetadata>) -> Option<crate::valid::Metadata> {
        let Some(raw) = raw else {
            return Some(crate::valid::Metadata::default());
        };
        let metadata = check_metadata(self.problems, &mut self.scratch, raw)?;
        self.tally.bytes += metadata.as_json().len();
        Some(metadata)
    }

    fn weigh(&mut self, input: &Input) {
        let texts = [
            &input.file_url,
            &input.file_id,
            &input.text,
            &input.file_name,
            &input.name,
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        self.tally.bytes += texts + secret_bytes(&input.secrets);
    }

    /// Ends the check: what follows is about the batch.
    pub(super) fn finish(self) -> Tally {
        self.problems.turn_to(None);
        self.tally
    }
}

fn secret_bytes(secrets: &Secrets) -> usize {
    secrets
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum()
}

fn discard(metadata: Option<RawMetadata>) {
    if let Some(RawMetadata::Value(value)) = metadata {
        dismantle(value);
    }
}

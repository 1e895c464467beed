use super::metadata::{Scratch, check_metadata, dismantle};
use super::{Problems, name, secrets, source};
use crate::ordinal::Ordinal;
use crate::request::{Input, RawMetadata, Secrets};
use crate::valid::{Metadata, ValidInput};

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

    /// Checks the input at this place, and makes its metadata compact.
    ///
    /// It stays an [`Input`]: only where none of a batch has a problem, [`passed`] is made of each.
    pub(super) fn check(&mut self, place: usize, input: &mut Input) {
        if self.faulty > 0 && self.faulty >= self.max_faulty {
            return discard(input.metadata.take());
        }
        let ordinal = Ordinal::new(u32::try_from(place).unwrap_or(u32::MAX));
        self.problems.turn_to(Some(ordinal));
        self.check_parts(input);
        self.tally.checked += 1;
        if self.problems.count() > 0 {
            self.faulty += 1;
        }
    }

    #[inline]
    fn check_parts(&mut self, input: &mut Input) {
        self.weigh(input);
        source::check(self.problems, input);
        if let Some(name) = &input.name {
            let limit = self.problems.limits().name_bytes;
            name::check(self.problems, || "/name".into(), name, limit);
        }
        if let Some(raw) = input.metadata.take() {
            input.metadata = self.check_metadata(raw);
        }
        if !input.secrets.is_empty() {
            self.tally.bytes += secret_bytes(&input.secrets);
            secrets::check(self.problems, &input.secrets);
        }
    }

    fn check_metadata(&mut self, raw: RawMetadata) -> Option<RawMetadata> {
        let metadata = check_metadata(self.problems, &mut self.scratch, raw)?;
        self.tally.bytes += metadata.as_json().len();
        metadata.into_json().map(RawMetadata::Json)
    }

    fn weigh(&mut self, input: &Input) {
        let bytes = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let source = bytes(&input.file_url) + bytes(&input.file_id) + bytes(&input.text);
        self.tally.bytes += source + bytes(&input.file_name) + bytes(&input.name);
    }

    /// Ends the check: what follows is about the batch.
    pub(super) fn finish(self) -> Tally {
        self.problems.turn_to(None);
        self.tally
    }
}

/// The valid input of one that was checked and has no problem.
pub(super) fn passed(input: Input) -> ValidInput {
    let source = source::choose(input.file_url, input.file_id, input.text, input.file_name)
        .expect("fields that make no source are a problem");
    let metadata = match input.metadata {
        None => Metadata::default(),
        Some(RawMetadata::Json(json)) => Metadata::from_checked(json),
        Some(RawMetadata::Value(_)) => unreachable!("the check leaves metadata as text"),
    };
    ValidInput::new(source, input.name, metadata, input.secrets)
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

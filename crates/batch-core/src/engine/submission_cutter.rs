use std::io;

use crate::request::{Input, Limits, RawMetadata};
use crate::storage::QueueBound;

/// Cuts a stream of inputs into batches by number and by bytes.
///
/// A batch is given out only when the input after it has come: so the last
/// one is known to be the last. The same inputs under the same limits are always
/// cut at the same places; continuing a submission rests on that.
#[derive(Debug)]
pub(super) struct SubmissionCutter {
    most_inputs: usize,
    most_bytes: usize,
    inputs: Vec<Input>,
    bytes: usize,
}

impl SubmissionCutter {
    pub(super) fn new(limits: &Limits, queue_bound: Option<QueueBound>) -> Self {
        let most = u64::from(limits.inputs);
        let most = queue_bound.map_or(most, |bound| bound.get().min(most));
        Self {
            most_inputs: usize::try_from(most).unwrap_or(usize::MAX).max(1),
            most_bytes: limits.batch_bytes,
            inputs: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes the next input; gives the batch before it where the input begins a new one.
    ///
    /// An input larger than a batch may be becomes a batch of its own, for validation to refuse.
    pub(super) fn push(&mut self, input: Input) -> Option<Vec<Input>> {
        let bytes = weigh(&input);
        let together = self.bytes.saturating_add(bytes);
        let full = self.inputs.len() >= self.most_inputs || together > self.most_bytes;
        let before = if full && !self.inputs.is_empty() {
            self.bytes = bytes;
            Some(std::mem::take(&mut self.inputs))
        } else {
            self.bytes = together;
            None
        };
        self.inputs.push(input);
        before
    }

    /// The last batch. It has no inputs where none came.
    pub(super) fn finish(self) -> Vec<Input> {
        self.inputs
    }
}

/// At least as many bytes as validation counts for this input.
fn weigh(input: &Input) -> usize {
    let texts = [
        &input.file_url,
        &input.file_id,
        &input.text,
        &input.file_name,
        &input.name,
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let metadata = match &input.metadata {
        // Validation takes white space out and changes nothing else.
        Some(RawMetadata::Json(json)) => json.len(),
        Some(RawMetadata::Value(value)) => json_bytes(value),
        None => 2,
    };
    let secrets: usize = input.secrets.iter().map(|(k, v)| k.len() + v.len()).sum();
    texts.saturating_add(metadata).saturating_add(secrets)
}

fn json_bytes(value: &serde_json::Value) -> usize {
    let mut counter = Counter(0);
    // A value has string keys alone and the counter takes everything: this cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cutter(inputs: u32, batch_bytes: usize) -> SubmissionCutter {
        let limits = Limits {
            inputs,
            batch_bytes,
            ..Limits::default()
        };
        SubmissionCutter::new(&limits, None)
    }

    fn cut(mut cutter: SubmissionCutter, inputs: Vec<Input>) -> Vec<Vec<Input>> {
        let mut parts: Vec<_> = inputs.into_iter().filter_map(|i| cutter.push(i)).collect();
        parts.push(cutter.finish());
        parts
    }

    fn texts(number: usize) -> Vec<Input> {
        (0..number).map(|n| Input::text(n.to_string())).collect()
    }

    fn sizes(parts: &[Vec<Input>]) -> Vec<usize> {
        parts.iter().map(Vec::len).collect()
    }

    #[test]
    fn a_full_batch_is_not_given_out_before_the_input_after_it_has_come() {
        let mut cutter = cutter(2, usize::MAX);
        assert_eq!(cutter.push(Input::text("a")), None);
        assert_eq!(cutter.push(Input::text("b")), None);
        let part = cutter.push(Input::text("c")).unwrap();
        assert_eq!(part, ["a", "b"].map(Input::text));
    }

    #[test]
    fn a_multiple_of_the_limit_ends_with_a_full_batch_and_not_with_an_empty_one() {
        let parts = cut(cutter(3, usize::MAX), texts(6));
        assert_eq!(sizes(&parts), [3, 3]);
    }

    #[test]
    fn no_inputs_are_one_batch_without_inputs() {
        assert_eq!(sizes(&cut(cutter(3, usize::MAX), vec![])), [0]);
    }

    #[test]
    fn bytes_cut_before_the_number_does() {
        let inputs = vec![Input::text("x".repeat(40)); 5];
        let parts = cut(cutter(1_000, 100), inputs);
        assert_eq!(sizes(&parts), [2, 2, 1]);
    }

    #[test]
    fn an_input_larger_than_a_batch_stands_alone() {
        let large = Input::text("x".repeat(200));
        let parts = cut(
            cutter(1_000, 100),
            vec![Input::text("a"), large, Input::text("b")],
        );
        assert_eq!(sizes(&parts), [1, 1, 1]);
    }

    #[test]
    fn metadata_given_as_a_value_weighs_what_it_takes_as_json() {
        let input = Input::text("").with_metadata(serde_json::json!({"a": [1, 2]}));
        assert_eq!(weigh(&input), r#"{"a":[1,2]}"#.len());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_reordered_or_over_the_limits(
            lengths in prop::collection::vec(0usize..60, 0..60),
            most in 1u32..8,
            bytes in 70usize..200,
        ) {
            let inputs: Vec<_> = lengths.iter().map(|n| Input::text("x".repeat(*n))).collect();
            let parts = cut(cutter(most, bytes), inputs.clone());
            prop_assert_eq!(parts.concat(), inputs);
            let last = parts.len() - 1;
            for (place, part) in parts.iter().enumerate() {
                prop_assert!(part.len() <= most as usize);
                prop_assert!(part.iter().map(weigh).sum::<usize>() <= bytes);
                prop_assert!(!part.is_empty() || place == last && lengths.is_empty());
            }
        }
    }
}

use batch_core::id::BatchId;
use batch_core::request::{BatchRequest, Input, Limits};
use batch_core::storage::NewBatch;
use batch_core::valid::{InvalidBatch, validate};

use crate::Load;

/// The workflow of all measured batches.
pub const WORKFLOW: &str = "bench";

/// So many texts of so many bytes each, and no two alike where there is room for a number.
pub fn inputs(count: u32, bytes: usize) -> impl Iterator<Item = Input> {
    let fill = "x".repeat(bytes);
    (0..count).map(move |n| {
        let mut text = n.to_string();
        text.truncate(bytes);
        text.reserve_exact(bytes - text.len());
        text.push_str(&fill[text.len()..]);
        Input::text(text)
    })
}

/// What a caller says: a batch of texts, unchecked.
#[must_use]
pub fn request(load: Load) -> BatchRequest {
    BatchRequest::new(WORKFLOW).inputs(inputs(load.inputs, load.bytes))
}

/// A checked batch of so many texts of so many bytes each.
///
/// # Errors
///
/// When that is more than the default limits allow.
pub fn batch(count: u32, bytes: usize) -> Result<NewBatch, InvalidBatch> {
    let request = BatchRequest::new(WORKFLOW).inputs(inputs(count, bytes));
    let content = validate(request, &Limits::default())?;
    Ok(NewBatch::single(BatchId::generate(), content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_have_as_many_bytes_as_asked_for() {
        for bytes in [1, 4, 300] {
            let input = Input::text("x".repeat(bytes));
            let made: Vec<_> = inputs(1_000, bytes).collect();
            assert_eq!(made.len(), 1_000);
            let size = |input: &Input| format!("{input:?}").len();
            assert!(made.iter().all(|made| size(made) == size(&input)));
        }
    }

    #[test]
    fn inputs_differ_from_one_another() {
        let mut made: Vec<_> = inputs(1_000, 300).map(|i| format!("{i:?}")).collect();
        made.sort_unstable();
        made.dedup();
        assert_eq!(made.len(), 1_000);
    }
}

use super::{InputCheck, Problems, batch, fairness, passed, timing};
use crate::request::{BatchRequest, Limits};
use crate::valid::{InvalidBatch, ValidBatch};

/// Checks a whole batch and reports every problem of every input at once.
///
/// Nothing is read, written or fetched. What passes is moved into the
/// [`ValidBatch`], not copied.
///
/// # What is refused
///
/// The numbers are those of [`Limits`]; *NUL* is U+0000.
///
/// | where | what |
/// |---|---|
/// | `/workflow`, `/idempotencyKey` | empty, over 255 bytes, a control character |
/// | `/priority` | outside 1 to 100 |
/// | `/spread` | longer than 366 days |
/// | `/expiresAt` | not after `/notBefore` |
/// | `/fairness` | a key as `/workflow`; a weight outside 1 to 1,000 |
/// | `/inputs` | no input, too many inputs, too many bytes together (secrets included, metadata as compact JSON) |
/// | an input | none or several of url, file id and text |
/// | `/file/url` | empty, too long, white space, a control character, `\`, not absolute, neither `http` nor `https`, no host, user information |
/// | `/file/id` | empty, too long, a control character |
/// | `/file/name` | as `/name`, and `/`, `\`, `.`, `..`; a name without a url or text that it could name |
/// | `/text` | too long, NUL; an empty text is a legal, empty file |
/// | `/name` | empty, too long, a control character |
/// | `/metadata` | no JSON, no object, too large, nested too deep (never deeper than 127); within it equal keys, NUL in a key or string, numbers that 64 bits cannot hold |
/// | `/secrets` | too many, an empty or overlong name, a control character in a name, an overlong value, NUL in a value |
///
/// Metadata keeps the order of its keys and the digits of its numbers.
///
/// # What bounds the report
///
/// One problem never hides another, but a report is no larger than it is useful:
///
/// * An input has at most 100 problems; one more says that there were others.
/// * Of a batch with too many inputs, at most [`Limits::inputs`] faulty ones are reported. The
///   batch's problem says so where checking ended there.
/// * JSON text over 8 times [`Limits::metadata_bytes`] is refused unread, and JSON is read up to
///   its first syntax error.
/// * A path over 1,024 bytes is cut and ends in `…`.
///
/// No message quotes a value, so that a report can be logged. Paths do name keys.
///
/// # Errors
///
/// [`InvalidBatch`] with at least one problem: those of the batch first, then by input in order.
///
/// ```
/// use batch_core::request::{BatchRequest, Input, Limits};
/// use batch_core::valid::validate;
///
/// let request = BatchRequest::new("count-words").inputs([
///     Input::text("invoice 1"),
///     Input::file_url("ftp://example.com/2.pdf").with_name("a\nb"),
///     Input::text("invoice 3").with_metadata_json(r#"{"customer": {"id": 7, "id": 8}}"#),
///     Input::text("invoice 4").with_metadata_json(format!(r#"{{"x": "{}"}}"#, "y".repeat(12_036))),
/// ]);
/// let refused = validate(request, &Limits::default()).unwrap_err();
///
/// assert_eq!(refused.to_string(), "\
/// the batch is refused: 4 problems
/// input 1 at /file/url: the scheme is ftp, must be http or https
/// input 1 at /name: the control character U+000A at byte 1
/// input 2 at /metadata/customer/id: the key stands there 2 times
/// input 3 at /metadata: 12044 bytes, at most 10240");
/// ```
pub fn validate(mut request: BatchRequest, limits: &Limits) -> Result<ValidBatch, InvalidBatch> {
    let mut problems = Problems::new(limits);
    let workflow = batch::check_workflow(&mut problems, &request.workflow);
    let priority = batch::check_priority(&mut problems, request.priority);
    let timing = timing::check_timing(&mut problems, request.timing);
    let share = fairness::check_fairness(&mut problems, request.fairness);
    let key = batch::check_key(&mut problems, request.idempotency_key.as_deref());

    let given = request.inputs.len();
    let mut check = InputCheck::new(&mut problems);
    for (place, input) in request.inputs.iter_mut().enumerate() {
        check.check(place, input);
    }
    let tally = check.finish();
    batch::check_inputs(&mut problems, given, tally);

    problems.refuse()?;
    // In place: a `ValidInput` is no larger than an `Input`.
    let inputs = request.inputs.into_iter().map(passed).collect();
    Ok(ValidBatch {
        workflow: workflow.expect(UNREPORTED),
        version: request.version,
        priority: priority.expect(UNREPORTED),
        timing,
        share,
        idempotency_key: key,
        inputs,
    })
}

/// Each check that gives nothing back has added a problem.
const UNREPORTED: &str = "what was refused was reported";

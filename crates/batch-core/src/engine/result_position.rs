use std::fmt;
use std::str::FromStr;

use crate::id::InvalidId;
use crate::journal::Sequence;
use crate::ordinal::Ordinal;

/// In which order the results of a submission come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResultOrder {
    /// In that of its inputs: a run that takes long holds up those after it.
    #[default]
    Input,
    /// As they end. Runs that end in one commit come in the order of their inputs.
    Completion,
}

/// How far somebody has come with the results of a submission.
///
/// Printed and parsed, so that it can be kept where the results go and outlive the process.
/// Belongs to one submission.
///
/// ```
/// use batch_core::engine::{ResultOrder, ResultPosition};
///
/// let start = ResultPosition::start(ResultOrder::Completion);
/// let kept = start.to_string();
/// assert_eq!(kept.parse::<ResultPosition>()?, start);
/// # Ok::<(), batch_core::id::InvalidId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResultPosition(pub(super) Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The next input.
    Input { part: u32, ordinal: Ordinal },
    /// All of the journal up to an entry has been given, and some runs of the next that matters.
    Completion {
        passed: Sequence,
        of_next: u32,
        given: u64,
    },
}

impl ResultPosition {
    /// Before the first result, in this order.
    #[must_use]
    pub const fn start(order: ResultOrder) -> Self {
        Self(match order {
            ResultOrder::Input => Place::Input {
                part: 0,
                ordinal: Ordinal::new(0),
            },
            ResultOrder::Completion => Place::Completion {
                passed: Sequence::START,
                of_next: 0,
                given: 0,
            },
        })
    }

    /// The order it belongs to.
    #[must_use]
    pub const fn order(self) -> ResultOrder {
        match self.0 {
            Place::Input { .. } => ResultOrder::Input,
            Place::Completion { .. } => ResultOrder::Completion,
        }
    }
}

impl fmt::Display for ResultPosition {
    /// `input.PART.ORDINAL` or `completion.ENTRY.RUNS.GIVEN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Place::Input { part, ordinal } => write!(f, "input.{part}.{ordinal}"),
            Place::Completion {
                passed,
                of_next,
                given,
            } => write!(f, "completion.{passed}.{of_next}.{given}"),
        }
    }
}

impl FromStr for ResultPosition {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse(text).map(Self).ok_or_else(|| {
            let why = "it is no position that results gave";
            InvalidId::new("result position", text, why)
        })
    }
}

fn parse(text: &str) -> Option<Place> {
    let mut fields = text.split('.');
    let order = fields.next()?;
    let numbers: Vec<u64> = fields
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    Some(match (order, numbers.as_slice()) {
        ("input", [part, ordinal]) => Place::Input {
            part: u32::try_from(*part).ok()?,
            ordinal: Ordinal::new(u32::try_from(*ordinal).ok()?),
        },
        ("completion", [passed, of_next, given]) => Place::Completion {
            passed: Sequence::new(*passed),
            of_next: u32::try_from(*of_next).ok()?,
            given: *given,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_position_parses_back_and_nothing_else_does() {
        for text in ["input.3.17", "completion.120.4.567"] {
            let position: ResultPosition = text.parse().unwrap();
            assert_eq!(position.to_string(), text);
        }
        for text in [
            "",
            "input",
            "input.1",
            "input.1.2.3",
            "completion.1.-2.3",
            "end.1.2",
        ] {
            let error = text.parse::<ResultPosition>().unwrap_err().to_string();
            assert!(
                error.contains("it is no position that results gave"),
                "{error}"
            );
        }
    }
}

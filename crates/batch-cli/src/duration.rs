use std::time::Duration;

use thiserror::Error;

/// Units from large to small, in nanoseconds. `ms` stands before `m` and `s`,
/// which it would otherwise be taken for.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no duration, for {reason}; write it like 500ms, 30s, 5m or 1h30m")]
pub(crate) struct InvalidDuration {
    text: String,
    reason: String,
}

/// Reads a duration such as `30s`, `5m`, `1h30m` or `500ms`.
///
/// Each part is a whole number and one of `d`, `h`, `m`, `s`, `ms`; the parts
/// are added up, and their sum is more than nothing.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = |reason: String| InvalidDuration {
        text: text.chars().take(80).collect(),
        reason,
    };
    let too_long = || invalid("it is too long".to_owned());
    let mut rest = text.trim();
    let mut nanos = 0_u64;
    while !rest.is_empty() {
        let (part, after) = parse_part(rest).map_err(&invalid)?;
        nanos = part
            .and_then(|part| nanos.checked_add(part))
            .ok_or_else(too_long)?;
        rest = after;
    }
    match nanos {
        0 => Err(invalid("it is nothing at all".to_owned())),
        nanos => Ok(Duration::from_nanos(nanos)),
    }
}

/// The first number and unit in nanoseconds, `None` where that is too much, and what follows.
fn parse_part(text: &str) -> Result<(Option<u64>, &str), String> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, rest) = text.split_at(digits.unwrap_or(text.len()));
    if number.is_empty() {
        return Err(format!("{rest:?} does not begin with a whole number"));
    }
    if rest.is_empty() {
        return Err(format!("{number:?} has no unit"));
    }
    let unit = UNITS
        .iter()
        .find_map(|(name, nanos)| Some((nanos, rest.strip_prefix(name)?)));
    let (nanos, after) = unit.ok_or_else(|| format!("{rest:?} begins with no unit"))?;
    let number: Option<u64> = number.parse().ok();
    Ok((number.and_then(|number| number.checked_mul(*nanos)), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> u128 {
        parse_duration(text).unwrap().as_millis()
    }

    #[test]
    fn numbers_with_units_are_added_up() {
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("30s"), 30_000);
        assert_eq!(millis("5m"), 300_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("1d1h1m1s1ms"), 90_061_001);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_text_and_the_reason() {
        for (text, reason) in [
            ("5x", "\"x\" begins with no unit"),
            ("90", "\"90\" has no unit"),
            ("s", "\"s\" does not begin with a whole number"),
            ("-5s", "\"-5s\" does not begin with a whole number"),
            ("1.5s", "\".5s\" begins with no unit"),
            ("", "it is nothing at all"),
            ("0s", "it is nothing at all"),
            ("99999999999999999999s", "it is too long"),
            ("9999999d", "it is too long"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert_eq!((error.text.as_str(), error.reason.as_str()), (text, reason));
        }
    }
}

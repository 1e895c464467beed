use serde_json::Number;

/// Why a number cannot be kept as it is.
pub(super) fn number_fault(digits: &str) -> Option<&'static str> {
    let is_integer = !digits.bytes().any(|b| matches!(b, b'.' | b'e' | b'E'));
    if is_integer {
        let fits =
            digits.len() <= 18 || digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok();
        return (!fits).then_some("an integer beyond 64 bits, which cannot be held exactly");
    }
    let fits = digits.parse::<f64>().is_ok_and(f64::is_finite) && digits.parse::<Number>().is_ok();
    (!fits).then_some("a number beyond the range of a 64-bit float")
}

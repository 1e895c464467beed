use batch_core::time::Timestamp;

/// A moment to the millisecond, always with three digits, so that columns line up.
pub(crate) fn shown_at(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_has_three_digits_of_a_second() {
        for (millis, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (3_990, "1970-01-01T00:00:03.990Z"),
            (3_994, "1970-01-01T00:00:03.994Z"),
        ] {
            let at = Timestamp::from_millisecond(millis).unwrap();
            assert_eq!(shown_at(at), shown);
        }
    }
}

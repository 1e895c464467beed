/// So many of a thing, in words: `1 batch`, `2 batches`.
pub(super) fn counted(count: impl Into<u64>, one: &str, many: &str) -> String {
    match count.into() {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_told_in_the_singular() {
        let told = |count: u64| counted(count, "entry", "entries");
        assert_eq!([0, 1, 2].map(told), ["0 entries", "1 entry", "2 entries"]);
    }
}

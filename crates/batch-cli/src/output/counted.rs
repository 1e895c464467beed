/// So many of a thing whose plural ends in s: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_told_in_the_singular() {
        let told = |count| counted(count, "file");
        assert_eq!([0, 1, 2].map(told), ["0 files", "1 file", "2 files"]);
    }
}

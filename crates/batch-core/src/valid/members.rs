/// The members of an object, from compact JSON text that has been checked: key and value, each
/// as it is written.
pub(super) fn members(json: &str) -> Vec<(&str, &str)> {
    let mut members = Vec::new();
    let mut rest = json.strip_prefix('{').unwrap_or("");
    while let Some(key_end) = end_of_value(rest, ':') {
        let (key, value) = (&rest[..key_end], &rest[key_end + 1..]);
        let Some(value_end) = end_of_value(value, ',') else {
            break;
        };
        members.push((key, &value[..value_end]));
        rest = value.get(value_end + 1..).unwrap_or("");
    }
    members
}

/// Where a value ends: at the mark, or at the end of what it stands in.
fn end_of_value(text: &str, mark: char) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0u32, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' | '[' => depth += 1,
            c if depth == 0 && (c == mark || c == '}') => return Some(at),
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_cut_at_their_own_marks_alone() {
        let json = r#"{"a":1,"b,:}\"":{"x":[1,{"y":"}"}]},"":"\\","c":[],"é":null}"#;
        let expected = [
            (r#""a""#, "1"),
            (r#""b,:}\"""#, r#"{"x":[1,{"y":"}"}]}"#),
            (r#""""#, r#""\\""#),
            (r#""c""#, "[]"),
            (r#""é""#, "null"),
        ];
        assert_eq!(members(json), expected);
        assert_eq!(members("{}"), []);
    }
}

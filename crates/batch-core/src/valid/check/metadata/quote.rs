use serde_json::Value;

/// Reads a key back from the compact text.
pub(super) fn unquote(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_default()
}

/// Writes a string as JSON, in the one spelling that `serde_json` has for it.
pub(super) fn push_string(out: &mut String, text: &str) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(&Value::from(text).to_string());
    } else {
        push_plain(out, text);
    }
}

/// Writes a string that needs no escape.
pub(super) fn push_plain(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

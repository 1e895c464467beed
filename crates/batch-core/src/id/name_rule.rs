use super::InvalidId;

/// The most bytes a name may have: as many as the name of a file has on most systems.
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// Checks what every name has in common: 1 to 255 bytes, no control character.
pub(super) fn check_name(kind: &'static str, text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::new(kind, text, "it is empty"));
    }
    if text.len() > MAX_NAME_BYTES {
        let reason = format!("{} bytes, at most {MAX_NAME_BYTES}", text.len());
        return Err(InvalidId::new(kind, text, reason));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(InvalidId::new(
            kind,
            text,
            format!("it holds the control character U+{:04X}", u32::from(c)),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_255_bytes_passes_and_one_of_256_does_not() {
        assert!(check_name("name", &"a".repeat(255)).is_ok());
        assert!(check_name("name", &"a".repeat(256)).is_err());
    }

    #[test]
    fn a_name_with_a_control_character_is_refused_with_its_code_point() {
        let error = check_name("name", "a\u{0}b").unwrap_err();
        assert!(error.to_string().ends_with("U+0000"), "{error}");
    }
}

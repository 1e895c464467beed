/// The most bytes of a path: keys come from the caller, and a problem must not be larger than
/// the fault it tells of.
pub(super) const MAX_PATH_BYTES: usize = 1_024;

/// Builds a JSON pointer (RFC 6901): `~` in a key becomes `~0`, `/` becomes `~1`.
///
/// One that grows beyond [`MAX_PATH_BYTES`] is cut and ends in `…`.
#[derive(Debug)]
pub(super) struct Pointer {
    text: String,
    cut: bool,
}

impl Pointer {
    /// The pointer to a field whose name needs no escape, such as `/metadata`.
    pub(super) fn new(field: &str) -> Self {
        Self {
            text: field.to_owned(),
            cut: false,
        }
    }

    /// Goes down to the member of this name.
    pub(super) fn key(mut self, key: &str) -> Self {
        self.push('/');
        for character in key.chars() {
            match character {
                '~' => self.push_str("~0"),
                '/' => self.push_str("~1"),
                other => self.push(other),
            }
            if self.cut {
                break;
            }
        }
        self
    }

    /// Goes down to the element at this place.
    pub(super) fn index(mut self, index: usize) -> Self {
        self.push_str(&format!("/{index}"));
        self
    }

    /// Whether nothing more can be added.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn into_string(self) -> String {
        self.text
    }

    fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    fn push_str(&mut self, text: &str) {
        if self.cut {
            return;
        }
        if self.text.len() + text.len() + '…'.len_utf8() > MAX_PATH_BYTES {
            self.cut = true;
            self.text.push('…');
        } else {
            self.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tilde_and_slash_are_escaped_and_nothing_else() {
        let pointer = Pointer::new("/metadata").key("a~/b \"é").index(3).key("");
        assert_eq!(pointer.into_string(), "/metadata/a~0~1b \"é/3/");
    }

    #[test]
    fn a_pointer_beyond_its_bound_is_cut_with_an_ellipsis() {
        let pointer = Pointer::new("/metadata").key(&"é".repeat(5_000)).key("b");
        assert!(pointer.is_cut());
        let text = pointer.into_string();
        assert!(
            text.len() <= MAX_PATH_BYTES && text.ends_with('…'),
            "{text}"
        );
    }
}

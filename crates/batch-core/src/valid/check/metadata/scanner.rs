use thiserror::Error;

/// Why a text is no JSON, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no JSON: {expected} expected at byte {at}")]
pub(super) struct Syntax {
    expected: &'static str,
    at: usize,
}

/// A string of a JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Text<'t> {
    /// One that holds nothing that is written as an escape.
    Plain(&'t str),
    /// One that held escapes.
    Decoded(String),
}

/// Reads the tokens of a JSON text.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The first byte of the next token; nothing at the end.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.byte()
    }

    /// Steps over the byte that [`peek`](Self::peek) gave.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Says what should have stood here.
    pub(super) fn expected(&self, expected: &'static str) -> Syntax {
        Syntax {
            expected,
            at: self.at,
        }
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn literal(&mut self) -> Result<&'static str, Syntax> {
        let rest = &self.text[self.at..];
        let literal = ["true", "false", "null"]
            .into_iter()
            .find(|l| rest.starts_with(l));
        let literal = literal.ok_or_else(|| self.expected("a value"))?;
        self.at += literal.len();
        Ok(literal)
    }

    /// Reads a number, as it is written.
    pub(super) fn number(&mut self) -> Result<&'t str, Syntax> {
        let start = self.at;
        self.skip(b"-");
        if self.skip(b"0") == 0 {
            self.digits()?;
        }
        if self.skip(b".") == 1 {
            self.digits()?;
        }
        if self.skip(b"eE") == 1 {
            self.skip(b"+-");
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), Syntax> {
        if !self.byte().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.expected("a digit"));
        }
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// Reads a string, at its opening quote.
    pub(super) fn string(&mut self) -> Result<Text<'t>, Syntax> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            self.skip_plain();
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    // Escaped, these two would end the string or begin an escape; others cannot.
                    self.at += 1;
                    self.skip(b"\"\\");
                }
                Some(_) => return Err(self.expected("an escaped control character")),
                None => return Err(self.expected("the end of the string")),
            }
        }
        self.at += 1;
        let token = &self.text[start..self.at];
        if !escaped {
            return Ok(Text::Plain(&token[1..token.len() - 1]));
        }
        serde_json::from_str(token)
            .map(Text::Decoded)
            .map_err(|_| Syntax {
                expected: "a string of valid escapes",
                at: start,
            })
    }

    /// Skips what stands in a string for itself.
    fn skip_plain(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let special = |b: &u8| (*b < 0x20) | (*b == b'"') | (*b == b'\\');
        // Whole blocks are judged without a branch a byte, which the compiler makes vectors of.
        let is_plain = |block: &&[u8]| !block.iter().fold(false, |any, b| any | special(b));
        let blocks = rest.chunks_exact(16).take_while(is_plain).count();
        let rest = &rest[blocks * 16..];
        self.at += blocks * 16 + rest.iter().position(special).unwrap_or(rest.len());
    }

    /// Skips one byte if it is one of these; says how many were skipped.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let there = self.byte().is_some_and(|b| bytes.contains(&b));
        self.at += usize::from(there);
        usize::from(there)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        let string = Scanner::new("\"a é\u{7f}\" rest").string();
        assert_eq!(string, Ok(Text::Plain("a é\u{7f}")));
    }

    #[test]
    fn escapes_are_decoded() {
        let string = Scanner::new(r#""a\"\\\/\u00e9\ud83d\ude00\n""#).string();
        assert_eq!(string, Ok(Text::Decoded("a\"\\/é😀\n".into())));
    }

    #[test]
    fn a_lone_surrogate_and_an_unknown_escape_are_no_json() {
        for text in [
            r#""\ud800""#,
            r#""\udc00x""#,
            r#""\ud800\u0041""#,
            r#""\x41""#,
            r#""\é""#,
        ] {
            let error = Scanner::new(text).string().unwrap_err();
            let message = "no JSON: a string of valid escapes expected at byte 0";
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_string_that_does_not_end_is_no_json() {
        for text in ["\"", "\"a", "\"a\\", "\"a\\\""] {
            assert!(Scanner::new(text).string().is_err(), "{text}");
        }
    }

    #[test]
    fn no_control_character_stands_for_itself_in_a_string() {
        for c in (0..0x20).map(char::from) {
            // Once in a whole block of sixteen bytes, once behind it.
            for text in [format!("\"{c}{:16}\"", ""), format!("\"{:16}{c}\"", "")] {
                assert!(Scanner::new(&text).string().is_err(), "{text:?}");
            }
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for text in ["0", "-0", "12", "1.50", "1e5", "1E+05", "-1.0e-9"] {
            assert_eq!(Scanner::new(text).number(), Ok(text));
        }
    }

    #[test]
    fn numbers_that_lack_digits_are_no_json() {
        for text in ["-", "1.", ".5", "1e", "1e+", "+1", "-a"] {
            assert!(Scanner::new(text).number().is_err(), "{text}");
        }
    }
}

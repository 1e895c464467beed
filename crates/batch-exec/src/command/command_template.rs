use std::ffi::{OsStr, OsString};
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What stands for the file.
const PLACE: &str = "{}";

/// A program and its arguments, with `{}` where the file goes.
///
/// As text it is split into words as a POSIX shell would, with quotes and
/// backslashes, but nothing is expanded and no shell runs. A file name is never
/// split again. Without any `{}` the file is added at the end.
///
/// ```
/// use batch_exec::command::CommandTemplate;
///
/// let template: CommandTemplate = "convert {} -resize '50 %' {}.png".parse()?;
/// assert_eq!(template.program(), "convert");
/// # Ok::<(), batch_exec::command::InvalidTemplate>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTemplate {
    program: String,
    arguments: Vec<String>,
}

/// A text that is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidTemplate {
    /// There is no word in it.
    #[error("the command is empty")]
    Empty,
    /// A quote has no end, or a backslash nothing after it.
    #[error("the command has a quote without an end, or a backslash at its end")]
    OpenQuote,
    /// A program or an argument cannot hold U+0000.
    #[error("the command holds the character U+0000")]
    Nul,
}

/// A command with the file in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

impl CommandTemplate {
    /// The program, as it is written.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments, as they are written; the file's place among them.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Puts a file in its place.
    pub(super) fn fill(&self, file: &OsStr) -> Filled {
        Filled {
            program: filled(&self.program, file),
            arguments: self
                .arguments
                .iter()
                .map(|word| filled(word, file))
                .collect(),
        }
    }
}

impl FromStr for CommandTemplate {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        if text.contains('\0') {
            return Err(InvalidTemplate::Nul);
        }
        let mut arguments = shlex::split(text).ok_or(InvalidTemplate::OpenQuote)?;
        if arguments.first().is_none_or(String::is_empty) {
            return Err(InvalidTemplate::Empty);
        }
        if !arguments.iter().any(|word| word.contains(PLACE)) {
            arguments.push(PLACE.to_owned());
        }
        let program = arguments.remove(0);
        Ok(Self { program, arguments })
    }
}

impl fmt::Display for CommandTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// A word with the file wherever `{}` stands.
fn filled(word: &str, file: &OsStr) -> OsString {
    let mut parts = word.split(PLACE);
    let mut whole = OsString::from(parts.next().unwrap_or_default());
    for part in parts {
        whole.push(file);
        whole.push(part);
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn words(template: &str, file: &[u8]) -> Vec<Vec<u8>> {
        let template: CommandTemplate = template.parse().unwrap();
        let Filled { program, arguments } = template.fill(OsStr::from_bytes(file));
        std::iter::once(program)
            .chain(arguments)
            .map(|word| word.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn the_file_goes_wherever_its_place_is() {
        let got = words("cp {} --to={}.bak", b"/a b");
        assert_eq!(got, [&b"cp"[..], b"/a b", b"--to=/a b.bak"]);
    }

    #[test]
    fn without_a_place_the_file_comes_last() {
        assert_eq!(words("wc -w", b"/a"), [&b"wc"[..], b"-w", b"/a"]);
    }

    #[test]
    fn a_file_that_is_no_utf8_or_looks_like_a_place_is_passed_as_it_is() {
        assert_eq!(words("wc", b"/\xff{}"), [&b"wc"[..], b"/\xff{}"]);
    }

    #[test]
    fn quotes_and_backslashes_are_a_shells_and_nothing_is_expanded() {
        let got = words(r#"a 'b  c' "d \" $HOME" e\ f '' {}"#, b"/x");
        let expected: [&[u8]; 6] = [b"a", b"b  c", b"d \" $HOME", b"e f", b"", b"/x"];
        assert_eq!(got, expected);
    }

    #[test]
    fn a_text_that_is_no_command_is_refused() {
        let refused = |text: &str| text.parse::<CommandTemplate>().unwrap_err();
        assert_eq!(refused("  "), InvalidTemplate::Empty);
        assert_eq!(refused("''"), InvalidTemplate::Empty);
        assert_eq!(refused("wc 'x"), InvalidTemplate::OpenQuote);
        assert_eq!(refused("wc \\"), InvalidTemplate::OpenQuote);
        assert_eq!(refused("wc \0"), InvalidTemplate::Nul);
    }
}

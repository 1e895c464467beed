use std::ffi::OsString;
use std::fmt::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A path as the text that an input knows its file by.
///
/// Paths are bytes and ids are text: bytes that are no UTF-8, control
/// characters and `%` are written as `%` and two hexadecimal digits, everything
/// else stands as it is. Every path has exactly one id.
///
/// ```
/// use batch_exec::command::FileId;
///
/// let id = FileId::of("/data/50% off.pdf");
/// assert_eq!(id.as_str(), "/data/50%25 off.pdf");
/// assert_eq!(id.to_path().to_str(), Some("/data/50% off.pdf"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(String);

/// A text that is the id of no path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{id:?} is no file id: % must be followed by two hexadecimal digits, at byte {at}")]
pub struct InvalidFileId {
    id: String,
    at: usize,
}

impl FileId {
    /// The id of a path.
    #[must_use]
    pub fn of(path: impl AsRef<Path>) -> Self {
        let mut id = String::new();
        for chunk in path.as_ref().as_os_str().as_bytes().utf8_chunks() {
            for c in chunk.valid().chars() {
                if c == '%' || c.is_control() {
                    let mut buffer = [0; 4];
                    escape(&mut id, c.encode_utf8(&mut buffer).as_bytes());
                } else {
                    id.push(c);
                }
            }
            escape(&mut id, chunk.invalid());
        }
        Self(id)
    }

    /// Reads an id. Bytes that need no `%` may have one all the same.
    ///
    /// # Errors
    ///
    /// [`InvalidFileId`] where a `%` is not followed by two hexadecimal digits.
    pub fn parse(id: &str) -> Result<Self, InvalidFileId> {
        let decoded = decode(id.as_bytes()).map_err(|at| InvalidFileId {
            id: id.to_owned(),
            at,
        })?;
        Ok(Self::of(PathBuf::from(OsString::from_vec(decoded))))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path.
    #[must_use]
    pub fn to_path(&self) -> PathBuf {
        // `of` made the text, so every % in it is followed by two digits.
        let bytes = decode(self.0.as_bytes()).unwrap_or_default();
        PathBuf::from(OsString::from_vec(bytes))
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<FileId> for String {
    fn from(id: FileId) -> Self {
        id.0
    }
}

fn escape(id: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(id, "%{byte:02X}");
    }
}

/// The bytes that an id stands for; the place of a wrong `%` otherwise.
fn decode(id: &[u8]) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(id.len());
    let mut at = 0;
    while let Some(&byte) = id.get(at) {
        if byte == b'%' {
            let pair = id.get(at + 1).zip(id.get(at + 2));
            let value = pair.and_then(|(high, low)| Some(digit(*high)? << 4 | digit(*low)?));
            bytes.push(value.ok_or(at)?);
            at += 3;
        } else {
            bytes.push(byte);
            at += 1;
        }
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(bytes: &[u8]) -> PathBuf {
        PathBuf::from(OsString::from_vec(bytes.to_vec()))
    }

    #[test]
    fn a_common_path_is_its_own_id() {
        let id = FileId::of("/home/ä b/c:d.pdf");
        assert_eq!(id.as_str(), "/home/ä b/c:d.pdf");
    }

    #[test]
    fn percent_control_characters_and_broken_utf8_are_written_as_hex() {
        let id = FileId::of(path(b"/a%\n\xff\x7f"));
        assert_eq!(id.as_str(), "/a%25%0A%FF%7F");
    }

    #[test]
    fn a_percent_without_two_digits_is_refused_with_its_place() {
        for id in ["/a%", "/a%2", "/a%zz", "/a%ä"] {
            let error = FileId::parse(id).unwrap_err();
            assert!(error.to_string().ends_with("at byte 2"), "{error}");
        }
    }

    #[test]
    fn an_id_that_escapes_more_than_it_must_names_the_same_file() {
        let id = FileId::parse("/%61%c3%a4").unwrap();
        assert_eq!(id.as_str(), "/aä");
    }

    proptest! {
        #[test]
        fn every_path_comes_back(bytes: Vec<u8>) {
            let id = FileId::of(path(&bytes));
            prop_assert_eq!(id.to_path(), path(&bytes));
            prop_assert_eq!(FileId::parse(id.as_str()), Ok(id.clone()));
            prop_assert!(!id.as_str().contains(char::is_control));
        }

        #[test]
        fn no_text_makes_parsing_panic(text: String) {
            let _ = FileId::parse(&text);
        }
    }
}

use std::fmt;

/// How many bytes at the beginning of a file are looked at.
pub(super) const SNIFFED_BYTES: usize = 1_024;

/// What a file is, by its first bytes. What a server says of it, or its name, does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentKind {
    /// Nothing at all.
    Empty,
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// TIFF.
    Tiff,
    /// BMP.
    Bmp,
    /// HEIC or AVIF.
    Heif,
    /// ZIP, and what is made of it: Office documents, EPUB, JAR.
    Zip,
    /// The older formats of Office.
    Ole,
    /// gzip.
    Gzip,
    /// RTF.
    Rtf,
    /// HTML.
    Html,
    /// XML other than HTML, SVG among it.
    Xml,
    /// Text that begins as JSON does.
    Json,
    /// Other text in UTF-8.
    Text,
    /// A program.
    Executable,
    /// Anything else.
    Binary,
}

/// Longer beginnings stand before those that they begin with.
const MAGIC: [(&[u8], ContentKind); 20] = [
    (b"%PDF-", ContentKind::Pdf),
    (b"\x89PNG\r\n\x1a\n", ContentKind::Png),
    (b"\xff\xd8\xff", ContentKind::Jpeg),
    (b"GIF87a", ContentKind::Gif),
    (b"GIF89a", ContentKind::Gif),
    (b"II*\0", ContentKind::Tiff),
    (b"MM\0*", ContentKind::Tiff),
    (b"PK\x03\x04", ContentKind::Zip),
    (b"PK\x05\x06", ContentKind::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ContentKind::Ole),
    (b"\x1f\x8b", ContentKind::Gzip),
    (b"{\\rtf", ContentKind::Rtf),
    (b"\x7fELF", ContentKind::Executable),
    (b"MZ", ContentKind::Executable),
    (b"#!", ContentKind::Executable),
    (b"\xcf\xfa\xed\xfe", ContentKind::Executable),
    (b"\xce\xfa\xed\xfe", ContentKind::Executable),
    (b"\xfe\xed\xfa\xcf", ContentKind::Executable),
    (b"\xca\xfe\xba\xbe", ContentKind::Executable),
    (b"\0asm", ContentKind::Executable),
];

impl ContentKind {
    /// What a file is that begins like this; a kilobyte is enough.
    #[must_use]
    pub fn of(beginning: &[u8]) -> Self {
        if beginning.is_empty() {
            return Self::Empty;
        }
        let magic = MAGIC.iter().find(|(magic, _)| beginning.starts_with(magic));
        if let Some((_, kind)) = magic {
            return *kind;
        }
        match beginning {
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Self::WebP,
            [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e' | b'i', ..]
            | [
                _,
                _,
                _,
                _,
                b'f',
                b't',
                b'y',
                b'p',
                b'm',
                b'i',
                b'f',
                b'1',
                ..,
            ]
            | [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Self::Heif,
            // Its size, and four bytes that are always zero.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Self::Bmp,
            _ => of_text(beginning),
        }
    }
}

fn of_text(beginning: &[u8]) -> ContentKind {
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => text,
        // The last character may have been cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return ContentKind::Binary,
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c');
    if text.chars().any(control) {
        return ContentKind::Binary;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let head: String = text
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<body", "<script"]
        .iter()
        .any(|tag| head.starts_with(tag))
    {
        return ContentKind::Html;
    }
    match head.as_bytes() {
        [b'<', b'?' | b'!' | b'a'..=b'z', ..] => ContentKind::Xml,
        [b'{' | b'[', ..] => ContentKind::Json,
        _ => ContentKind::Text,
    }
}

impl fmt::Display for ContentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Pdf => "PDF",
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Heif => "HEIF",
            Self::Zip => "ZIP",
            Self::Ole => "an old Office format",
            Self::Gzip => "gzip",
            Self::Rtf => "RTF",
            Self::Html => "HTML",
            Self::Xml => "XML",
            Self::Json => "JSON",
            Self::Text => "text",
            Self::Executable => "a program",
            Self::Binary => "of no known kind",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (bytes, kind) in [
            (&b""[..], ContentKind::Empty),
            (b"%PDF-1.7\n", ContentKind::Pdf),
            (b"\x89PNG\r\n\x1a\n\0\0", ContentKind::Png),
            (b"\xff\xd8\xff\xe0", ContentKind::Jpeg),
            (b"GIF89a", ContentKind::Gif),
            (b"RIFF\x10\0\0\0WEBPVP8 ", ContentKind::WebP),
            (b"RIFF\x10\0\0\0WAVEfmt ", ContentKind::Binary),
            (b"\0\0\0\x20ftypheic", ContentKind::Heif),
            (b"\0\0\0\x20ftypmp42", ContentKind::Binary),
            (b"PK\x03\x04\x14\0", ContentKind::Zip),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ContentKind::Ole),
            (b"MZ\x90\0", ContentKind::Executable),
            (b"#!/bin/sh\n", ContentKind::Executable),
            (b"BM is the beginning of this", ContentKind::Text),
            (b"  <!DOCTYPE HTML><html>", ContentKind::Html),
            (b"\xef\xbb\xbf<html>", ContentKind::Html),
            (b"<?xml version=\"1.0\"?>", ContentKind::Xml),
            (b"<svg onload=\"x\">", ContentKind::Xml),
            (b"{\"a\": 1}", ContentKind::Json),
            (b"hello", ContentKind::Text),
            ("gr\u{fc}\u{df}e".as_bytes(), ContentKind::Text),
            (b"gr\xfc\xdfe", ContentKind::Binary),
            (b"cut \xc3", ContentKind::Text),
            (b"a\0b", ContentKind::Binary),
        ] {
            assert_eq!(ContentKind::of(bytes), kind, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_of_some_kind(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(ContentKind::of(&bytes) == ContentKind::Empty, bytes.is_empty());
        }
    }
}

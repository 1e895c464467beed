use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Reads paths from a file, or from standard input where it is called `-`.
///
/// One path a line, byte by byte: nothing is trimmed and no quote is special.
/// Empty lines are passed over.
pub(crate) fn read_list(file: &Path) -> Result<Vec<PathBuf>> {
    let standard_input = file == Path::new("-");
    let read = if standard_input {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    let bytes = read.with_context(|| match standard_input {
        true => "cannot read the list of files from standard input".to_owned(),
        false => format!("cannot read the list of files {}", file.display()),
    })?;
    Ok(paths(&bytes))
}

fn paths(bytes: &[u8]) -> Vec<PathBuf> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| OsString::from_vec(line.to_vec()).into())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn each_line_is_a_path_byte_by_byte() {
        let read = paths(b"a\n\n b c \r\n\xff");
        let expected: [&[u8]; 3] = [b"a", b" b c \r", b"\xff"];
        let read: Vec<&[u8]> = read
            .iter()
            .map(|path| path.as_os_str().as_bytes())
            .collect();
        assert_eq!(read, expected);
    }
}

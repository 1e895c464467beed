use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use batch_core::id::RunId;
use serde::Deserialize;

/// The most bytes of a line that is looked at: more than any line of results has.
const LONGEST_LINE: u64 = 4 << 20;

/// What every line of results has.
#[derive(Debug, Deserialize)]
struct Line {
    run: String,
}

/// Whether a file may be replaced by results: it is empty, or its first line is one of results.
pub(crate) fn is_replaceable(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    let file = File::open(path)?.take(LONGEST_LINE);
    BufReader::new(file).read_until(b'\n', &mut first)?;
    Ok(first.is_empty() || is_line_of_results(&first))
}

fn is_line_of_results(bytes: &[u8]) -> bool {
    let line: Result<Line, _> = serde_json::from_slice(bytes);
    line.is_ok_and(|line| line.run.parse::<RunId>().is_ok())
}

#[cfg(test)]
mod tests {
    use batch_core::id::BatchId;
    use batch_core::ordinal::Ordinal;

    use super::*;

    fn may_be_replaced(text: &str) -> bool {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        is_replaceable(file.path()).unwrap()
    }

    #[test]
    fn an_empty_file_and_earlier_results_may_be_replaced() {
        let run = RunId::new(BatchId::generate(), Ordinal::new(0));
        assert!(may_be_replaced(""));
        assert!(may_be_replaced(&format!("{{\"run\":\"{run}\"}}\n")));
    }

    #[test]
    fn anything_else_may_not() {
        for text in [
            "\n",
            "notes\n",
            "{}\n",
            "{\"run\":1}\n",
            "{\"run\":\"x\"}\n",
        ] {
            assert!(!may_be_replaced(text), "{text:?}");
        }
    }
}

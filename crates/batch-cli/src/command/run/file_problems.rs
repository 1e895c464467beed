use std::error::Error;
use std::fmt;

use crate::output::printable;

/// The most files that are named.
const NAMED: usize = 20;

/// Why files cannot be taken: all of them, though not more than twenty are named.
#[derive(Debug, Default)]
pub(crate) struct FileProblems {
    named: Vec<String>,
    count: usize,
}

impl FileProblems {
    /// Adds what is wrong with a file; the sentence names it.
    pub(super) fn add(&mut self, problem: &anyhow::Error) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named
                .push(printable(&format!("{problem:#}")).into_owned());
        }
    }

    /// These problems as an error, if there is any.
    pub(super) fn none_or_refused(self) -> Result<(), Self> {
        match self.count {
            0 => Ok(()),
            _ => Err(self),
        }
    }
}

impl fmt::Display for FileProblems {
    /// A sentence for one file; a line each for several. Nothing in it can command a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (1, [only]) = (self.count, self.named.as_slice()) {
            return f.write_str(only);
        }
        write!(f, "{} files cannot be taken:", self.count)?;
        for problem in &self.named {
            write!(f, "\n  {problem}")?;
        }
        match self.count - self.named.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl Error for FileProblems {}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn text(count: usize) -> String {
        let mut problems = FileProblems::default();
        (0..count).for_each(|n| problems.add(&anyhow!("no {n}\n")));
        problems.none_or_refused().unwrap_err().to_string()
    }

    #[test]
    fn one_file_is_told_in_a_sentence_and_several_one_a_line() {
        assert_eq!(text(1), "no 0\u{fffd}");
        let two = "2 files cannot be taken:\n  no 0\u{fffd}\n  no 1\u{fffd}";
        assert_eq!(text(2), two);
    }

    #[test]
    fn no_more_than_twenty_are_named_and_the_rest_are_counted() {
        let text = text(25);
        assert_eq!(text.lines().count(), 22);
        assert!(text.ends_with("no 19\u{fffd}\n  and 5 more"), "{text}");
    }
}

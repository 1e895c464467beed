use std::fmt;

use crate::command::FileProblems;

/// What went wrong, as one sentence on one line; files that cannot be taken have a line each.
#[derive(Debug)]
pub(crate) struct Complaint(String);

impl Complaint {
    /// An error and its causes, outermost first.
    ///
    /// A cause that the text before it has told already is left out.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(problems) = error.downcast_ref::<FileProblems>() {
            return Self(problems.to_string());
        }
        let mut sentence = String::new();
        for cause in error.chain() {
            let text = one_line(&cause.to_string());
            if sentence.is_empty() {
                sentence = text;
            } else if !sentence.ends_with(&text) {
                sentence = format!("{sentence}: {text}");
            }
        }
        Self(sentence)
    }

    /// What is wrong with the command line.
    pub(crate) fn usage(error: &clap::Error) -> Self {
        let text = error.to_string();
        let paragraph = text.split("\n\n").next().unwrap_or_default();
        let sentence = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
        let words: Vec<&str> = sentence.split_whitespace().collect();
        Self(format!("{} (see batchyard --help)", words.join(" ")))
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several lines as one; nothing in it can command a terminal.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    crate::output::printable(&lines.join("; ")).into_owned()
}

/// Has panics reported in one line, whatever `RUST_BACKTRACE` says.
///
/// sled and redb can panic where their files are damaged; their adapters turn that into
/// an error, which is reported as one, so it is passed over here.
pub(crate) fn report_defects() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location();
        let within = |package: &str| place.is_some_and(|place| place.file().contains(package));
        if within("/sled-0.") || within("/redb-4.") {
            return;
        }
        let text = panic.payload_as_str().unwrap_or("without a message");
        let place = place.map_or_else(String::new, |place| format!(" at {place}"));
        eprintln!(
            "batchyard: a defect in the program{place}: {}",
            one_line(text)
        );
    }));
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn sentence(error: &anyhow::Error) -> String {
        Complaint::of(error).to_string()
    }

    #[test]
    fn causes_follow_in_one_line() {
        let error = Err::<(), _>(anyhow::anyhow!("no\nspace")).context("could not write");
        assert_eq!(sentence(&error.unwrap_err()), "could not write: no; space");
    }

    #[test]
    fn a_cause_that_was_told_already_is_not_told_again() {
        let error = Err::<(), _>(anyhow::anyhow!("no space")).context("could not write: no space");
        assert_eq!(sentence(&error.unwrap_err()), "could not write: no space");
    }

    #[test]
    fn what_would_command_the_terminal_is_replaced() {
        let error = anyhow::anyhow!("red \u{1b}[31m");
        assert!(!sentence(&error).contains('\u{1b}'));
    }
}

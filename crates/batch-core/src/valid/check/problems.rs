use super::Finding;
use crate::ordinal::Ordinal;
use crate::request::Limits;
use crate::valid::{InvalidBatch, Problem, ProblemCode};

/// The most problems of one input that are listed.
///
/// An honest mistake has a handful; thousands of equal keys in one object are listed in part.
pub(super) const MAX_PER_INPUT: usize = 100;

/// Collects problems, those of the batch apart from those of its inputs.
#[derive(Debug)]
pub(super) struct Problems<'l> {
    limits: &'l Limits,
    of_batch: Vec<Problem>,
    of_inputs: Vec<Problem>,
    /// The input that problems are about, `None` for the batch.
    subject: Option<Ordinal>,
    /// How many the subject has, those that are not listed included.
    count: usize,
}

impl<'l> Problems<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            of_batch: Vec::new(),
            of_inputs: Vec::new(),
            subject: None,
            count: 0,
        }
    }

    pub(super) fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// From here on problems are about this input, or about the batch.
    pub(super) fn turn_to(&mut self, subject: Option<Ordinal>) {
        self.subject = subject;
        self.count = 0;
    }

    /// How many problems were found since [`turn_to`](Self::turn_to).
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn add(&mut self, path: impl Into<String>, finding: Finding) {
        self.add_with(|| (path.into(), finding));
    }

    /// Adds a problem whose path is costly to tell: it is asked for only if it is listed.
    pub(super) fn add_with(&mut self, tell: impl FnOnce() -> (String, Finding)) {
        self.count += 1;
        match self.count {
            1..=MAX_PER_INPUT => {
                let (path, finding) = tell();
                self.list(path, finding);
            }
            count if count == MAX_PER_INPUT + 1 => self.list(String::new(), unlisted()),
            _ => {}
        }
    }

    fn list(&mut self, path: String, finding: Finding) {
        let problem = Problem {
            ordinal: self.subject,
            path,
            code: finding.code,
            message: finding.message,
            limit: finding.limit,
        };
        match self.subject {
            Some(_) => self.of_inputs.push(problem),
            None => self.of_batch.push(problem),
        }
    }

    /// The refusal, if there is anything to refuse.
    pub(super) fn refuse(self) -> Result<(), InvalidBatch> {
        let mut all = self.of_batch;
        all.extend(self.of_inputs);
        if all.is_empty() {
            Ok(())
        } else {
            Err(InvalidBatch::new(all))
        }
    }
}

fn unlisted() -> Finding {
    let message = format!("more than {MAX_PER_INPUT} problems, the others are not listed");
    Finding::new(ProblemCode::TooMany, message).limit(MAX_PER_INPUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(count: usize) -> Vec<Problem> {
        let limits = Limits::default();
        let mut problems = Problems::new(&limits);
        problems.turn_to(Some(Ordinal::new(7)));
        (0..count).for_each(|_| problems.add("/name", Finding::empty()));
        problems.turn_to(None);
        problems.add("/workflow", Finding::empty());
        problems.refuse().unwrap_err().into_problems()
    }

    #[test]
    fn problems_of_the_batch_come_first_though_found_last() {
        let paths: Vec<_> = listed(1).into_iter().map(|p| p.path).collect();
        assert_eq!(paths, ["/workflow", "/name"]);
    }

    #[test]
    fn a_hundred_problems_of_one_input_are_all_listed() {
        let last = listed(100).pop().unwrap();
        assert_eq!((listed(100).len(), last.path.as_str()), (101, "/name"));
    }

    #[test]
    fn more_than_a_hundred_problems_of_one_input_end_in_one_that_says_so() {
        let listed = listed(5_000);
        let last = listed.last().unwrap();
        assert_eq!(listed.len(), 102);
        assert_eq!((last.code, last.limit), (ProblemCode::TooMany, Some(100)));
        assert_eq!(last.ordinal, Some(Ordinal::new(7)));
    }
}

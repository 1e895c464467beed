use super::super::{Finding, Problems};
use super::number::number_fault;
use super::quote::{push_plain, push_string, unquote};
use super::scratch::pointer;
use super::{Frame, Kind, Scanner, Scratch, Span, Syntax, Text};
use crate::valid::ProblemCode;

/// One pass over a JSON text: finds problems and writes the text compactly.
#[derive(Debug)]
pub(super) struct Walk<'w, 't, 'l> {
    scanner: Scanner<'t>,
    scratch: &'w mut Scratch,
    problems: &'w mut Problems<'l>,
    deepest: usize,
}

impl<'w, 't, 'l> Walk<'w, 't, 'l> {
    /// The scratch is empty.
    pub(super) fn new(
        text: &'t str,
        scratch: &'w mut Scratch,
        problems: &'w mut Problems<'l>,
    ) -> Self {
        Self {
            scanner: Scanner::new(text),
            scratch,
            problems,
            deepest: 0,
        }
    }

    /// How deep the text is nested, as far as it was read.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Reads the whole text, or up to its first syntax error.
    pub(super) fn run(&mut self) -> Result<(), Syntax> {
        self.check_kind();
        loop {
            self.value()?;
            if !self.advance()? {
                break;
            }
        }
        match self.scanner.peek() {
            None => Ok(()),
            Some(_) => Err(self.scanner.expected("the end")),
        }
    }

    fn check_kind(&mut self) {
        let kind = match self.scanner.peek() {
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            _ => return,
        };
        let finding = Finding::new(
            ProblemCode::NotAnObject,
            format!("{kind}, must be an object"),
        );
        self.problems.add("/metadata", finding);
    }

    /// Reads a scalar, or opens an array or object.
    fn value(&mut self) -> Result<(), Syntax> {
        match self.scanner.peek() {
            Some(b'{') => self.open(Kind::Object),
            Some(b'[') => self.open(Kind::Array),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.scratch.compact.push_str(self.scanner.literal()?),
            None => return Err(self.scanner.expected("a value")),
        }
        Ok(())
    }

    /// Goes on to the next value, closing what ends on the way. False at the end of the root.
    fn advance(&mut self) -> Result<bool, Syntax> {
        while let Some(frame) = self.scratch.frames.last() {
            let kind = frame.kind;
            let fresh = self.scratch.compact.ends_with(['[', '{']);
            match (self.scanner.peek(), kind) {
                (Some(b'}'), Kind::Object) => self.close('}'),
                (Some(b']'), Kind::Array) => self.close(']'),
                (Some(b','), _) if !fresh => {
                    self.separate();
                    self.member(kind)?;
                    return Ok(true);
                }
                _ if fresh => {
                    self.member(kind)?;
                    return Ok(true);
                }
                (_, Kind::Object) => return Err(self.scanner.expected("',' or '}'")),
                (_, Kind::Array) => return Err(self.scanner.expected("',' or ']'")),
            }
        }
        Ok(false)
    }

    fn separate(&mut self) {
        self.scanner.step();
        self.scratch.compact.push(',');
        if let Some(frame) = self.scratch.frames.last_mut() {
            frame.index += 1;
        }
    }

    /// Reads what stands before a value: a key and a colon in an object, nothing in an array.
    fn member(&mut self, kind: Kind) -> Result<(), Syntax> {
        if kind == Kind::Array {
            return Ok(());
        }
        if self.scanner.peek() != Some(b'"') {
            return Err(self.scanner.expected("a key"));
        }
        let start = self.scratch.compact.len();
        let key = self.scanner.string()?;
        let end = self.keep(&key);
        self.scratch.keys.push(Span { start, end });
        self.check_nul(&key);
        if self.scanner.peek() != Some(b':') {
            return Err(self.scanner.expected("':'"));
        }
        self.scanner.step();
        self.scratch.compact.push(':');
        Ok(())
    }

    fn open(&mut self, kind: Kind) {
        self.scanner.step();
        let bracket = if kind == Kind::Object { '{' } else { '[' };
        self.scratch.compact.push(bracket);
        self.scratch.frames.push(Frame {
            kind,
            first_key: self.scratch.keys.len(),
            index: 0,
        });
        self.deepest = self.deepest.max(self.scratch.frames.len());
    }

    fn close(&mut self, bracket: char) {
        self.scanner.step();
        self.scratch.compact.push(bracket);
        if let Some(frame) = self.scratch.frames.pop() {
            self.check_keys(frame.first_key);
            self.scratch.keys.truncate(frame.first_key);
        }
    }

    /// Checks that the keys of the object just closed differ.
    fn check_keys(&mut self, first: usize) {
        let Scratch {
            compact,
            frames,
            keys,
            ..
        } = &mut *self.scratch;
        let (outer, own) = keys.split_at_mut(first);
        own.sort_unstable_by(|a, b| a.of(compact).cmp(b.of(compact)));
        for equal in own.chunk_by(|a, b| a.of(compact) == b.of(compact)) {
            if equal.len() == 1 {
                continue;
            }
            self.problems.add_with(|| {
                let key = unquote(equal[0].of(compact));
                let path = pointer(compact, frames, outer).key(&key).into_string();
                let message = format!("the key stands there {} times", equal.len());
                (path, Finding::new(ProblemCode::DuplicateKey, message))
            });
        }
    }

    fn string(&mut self) -> Result<(), Syntax> {
        let text = self.scanner.string()?;
        self.keep(&text);
        self.check_nul(&text);
        Ok(())
    }

    /// Writes a string and tells where it ends.
    fn keep(&mut self, text: &Text<'_>) -> usize {
        let compact = &mut self.scratch.compact;
        match text {
            Text::Plain(plain) => push_plain(compact, plain),
            Text::Decoded(text) => push_string(compact, text),
        }
        compact.len()
    }

    fn check_nul(&mut self, text: &Text<'_>) {
        // In JSON text NUL is always written as an escape.
        if let Text::Decoded(text) = text
            && let Some(at) = text.find('\0')
        {
            self.report(|| Finding::character("character", '\0', at));
        }
    }

    fn number(&mut self) -> Result<(), Syntax> {
        let digits = self.scanner.number()?;
        self.scratch.compact.push_str(digits);
        if let Some(fault) = number_fault(digits) {
            self.report(|| Finding::new(ProblemCode::OutOfRange, fault));
        }
        Ok(())
    }

    /// Adds a problem of the current value or key.
    fn report(&mut self, finding: impl FnOnce() -> Finding) {
        let Scratch {
            compact,
            frames,
            keys,
            ..
        } = &*self.scratch;
        self.problems
            .add_with(|| (pointer(compact, frames, keys).into_string(), finding()));
    }
}

use std::fmt::Write;
use std::slice;

use serde_json::{Value, map};

use super::quote::push_string;

/// Writes a value as compact JSON, without recursion and up to a bound.
#[derive(Debug)]
pub(super) struct ValueWriter<'o> {
    out: &'o mut String,
    most: usize,
    deepest: usize,
    cut: bool,
}

/// An array or object that is being written.
#[derive(Debug)]
enum Level<'v> {
    Array(slice::Iter<'v, Value>),
    Object(map::Iter<'v>),
}

impl<'o> ValueWriter<'o> {
    /// Writes into an empty text, about `most` bytes and no more.
    pub(super) fn new(out: &'o mut String, most: usize) -> Self {
        Self {
            out,
            most,
            deepest: 0,
            cut: false,
        }
    }

    /// Whether the value was larger than the bound: then its text is not whole.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// How deep the value is nested, as far as it was written.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    pub(super) fn write(&mut self, value: &Value) {
        let mut levels = Vec::new();
        let mut next = Some(value);
        while let Some(value) = next {
            if let Some(level) = self.begin(value) {
                levels.push(level);
                self.deepest = self.deepest.max(levels.len());
            }
            self.cut |= self.out.len() > self.most;
            next = if self.cut {
                None
            } else {
                self.advance(&mut levels)
            };
        }
    }

    /// Writes a scalar, or opens an array or object.
    fn begin<'v>(&mut self, value: &'v Value) -> Option<Level<'v>> {
        match value {
            Value::Array(values) => {
                self.out.push('[');
                return Some(Level::Array(values.iter()));
            }
            Value::Object(map) => {
                self.out.push('{');
                return Some(Level::Object(map.iter()));
            }
            Value::String(text) => self.string(text),
            Value::Number(number) => self.display(number),
            Value::Bool(flag) => self.display(flag),
            Value::Null => self.out.push_str("null"),
        }
        None
    }

    /// Goes to the next value, closing what has ended on the way.
    fn advance<'v>(&mut self, levels: &mut Vec<Level<'v>>) -> Option<&'v Value> {
        loop {
            let next = match levels.last_mut()? {
                Level::Array(values) => values.next().map(|value| (None, value)),
                Level::Object(members) => members.next().map(|(key, value)| (Some(key), value)),
            };
            if let Some((key, value)) = next {
                self.separate(key);
                return Some(value);
            }
            let closing = match levels.pop()? {
                Level::Array(_) => ']',
                Level::Object(_) => '}',
            };
            self.out.push(closing);
        }
    }

    fn separate(&mut self, key: Option<&String>) {
        // No value ends in an opening bracket, so one that stands last has just been opened.
        if !self.out.ends_with(['[', '{']) {
            self.out.push(',');
        }
        if let Some(key) = key {
            self.string(key);
            self.out.push(':');
        }
    }

    fn string(&mut self, text: &str) {
        if text.len() > self.most {
            self.cut = true;
        } else {
            push_string(self.out, text);
        }
    }

    fn display(&mut self, scalar: impl std::fmt::Display) {
        write!(self.out, "{scalar}").expect("a String takes what is written to it");
    }
}

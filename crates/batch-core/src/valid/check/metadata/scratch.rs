use super::super::Pointer;
use super::quote::unquote;

/// What a walk needs on its way, kept from one input to the next so that it allocates once.
#[derive(Debug, Default)]
pub(in crate::valid::check) struct Scratch {
    /// The compact text.
    pub(super) compact: String,
    /// A value, written as text to be read.
    pub(super) written: String,
    /// The arrays and objects that are open, the outermost first.
    pub(super) frames: Vec<Frame>,
    /// The keys of all open objects, as they stand in `compact`, quotes included. `compact` has
    /// one spelling for each key, so equal keys are equal spans.
    pub(super) keys: Vec<Span>,
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.compact.clear();
        self.frames.clear();
        self.keys.clear();
    }
}

/// An array or object that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Where its keys begin in [`Scratch::keys`]; they end where those of the next frame begin.
    pub(super) first_key: usize,
    /// The place of the current element of an array.
    pub(super) index: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Object,
}

/// A part of [`Scratch::compact`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// The pointer to the current member or element of the innermost of these frames.
pub(super) fn pointer(compact: &str, frames: &[Frame], keys: &[Span]) -> Pointer {
    let mut pointer = Pointer::new("/metadata");
    let ends = frames[frames.len().min(1)..]
        .iter()
        .map(|frame| frame.first_key);
    for (frame, end) in frames.iter().zip(ends.chain([keys.len()])) {
        pointer = match frame.kind {
            Kind::Array => pointer.index(frame.index),
            Kind::Object => match keys[frame.first_key..end].last() {
                Some(key) => pointer.key(&unquote(key.of(compact))),
                None => pointer,
            },
        };
        if pointer.is_cut() {
            break;
        }
    }
    pointer
}

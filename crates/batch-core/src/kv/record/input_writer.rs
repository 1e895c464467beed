use crate::valid::{Source, ValidInput};

/// A map of so many members (fewer than 16) begins with this and their number.
pub(super) const MAP: u8 = 0x80;
/// A list of so many items (fewer than 16) begins with this and their number.
pub(super) const LIST: u8 = 0x90;
/// A list of more items, their number in two bytes or in four.
pub(super) const LIST_16: u8 = 0xdc;
pub(super) const LIST_32: u8 = 0xdd;
/// A text of so many bytes (fewer than 32) begins with this and their number.
pub(super) const TEXT: u8 = 0xa0;
/// A longer text, the number of its bytes in one byte, in two or in four.
pub(super) const TEXT_8: u8 = 0xd9;
pub(super) const TEXT_16: u8 = 0xda;
pub(super) const TEXT_32: u8 = 0xdb;
/// The name of a field: a text of one byte.
pub(super) const FIELD: u8 = TEXT | 1;

/// Bytes before the text of a source: the maps of an input, of its source and within, and names.
const HEAD_BYTES: usize = 9;
/// Bytes of the name of a field.
const FIELD_BYTES: usize = 2;

/// Writes an input as MessagePack with named fields.
///
/// Byte for byte what serde makes of it, without a call for each field and header: inputs are
/// most of what a store is given. [`read_input`](super::input_reader::read_input) is the reverse.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputWriter<'i> {
    kind: u8,
    field: u8,
    value: &'i str,
    name: Option<&'i str>,
    label: Option<&'i str>,
    metadata: Option<&'i str>,
    hidden: &'i [String],
}

impl<'i> InputWriter<'i> {
    #[inline]
    pub(super) fn new(input: &'i ValidInput) -> Self {
        let (kind, field, value, name) = match input.source() {
            Source::Text { text, name } => (b't', b't', text, name.as_deref()),
            Source::Url { url, name } => (b'u', b'u', url, name.as_deref()),
            Source::File { id } => (b'f', b'i', id, None),
        };
        let metadata = input.metadata();
        Self {
            kind,
            field,
            value,
            name,
            label: input.name(),
            metadata: (!metadata.is_empty()).then(|| metadata.as_json()),
            hidden: input.secret_names(),
        }
    }

    /// How many bytes it writes.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        let field = |text: Option<&str>| text.map_or(0, |text| FIELD_BYTES + text_bytes(text));
        let fields = field(self.name) + field(self.label) + field(self.metadata);
        HEAD_BYTES + text_bytes(self.value) + fields + self.hidden_bytes()
    }

    #[inline]
    fn hidden_bytes(&self) -> usize {
        let header = match self.hidden.len() {
            0 => return 0,
            1..=0xf => 1,
            0x10..=0xffff => 3,
            _ => 5,
        };
        let names: usize = self.hidden.iter().map(|name| text_bytes(name)).sum();
        FIELD_BYTES + header + names
    }

    /// Writes it behind what is there.
    #[inline]
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.head());
        write_text(bytes, self.value);
        if let Some(name) = self.name {
            write_field(bytes, b'n', name);
        }
        if let Some(label) = self.label {
            write_field(bytes, b'n', label);
        }
        if let Some(metadata) = self.metadata {
            write_field(bytes, b'm', metadata);
        }
        if !self.hidden.is_empty() {
            bytes.extend_from_slice(&[FIELD, b'k']);
            write_list(bytes, self.hidden);
        }
    }

    #[inline]
    fn head(&self) -> [u8; HEAD_BYTES] {
        let labelled = u8::from(self.label.is_some());
        let described = u8::from(self.metadata.is_some());
        let hiding = u8::from(!self.hidden.is_empty());
        let fields = MAP | (1 + labelled + described + hiding);
        let within = MAP | (1 + u8::from(self.name.is_some()));
        let (kind, field) = (self.kind, self.field);
        [
            fields,
            FIELD,
            b's',
            MAP | 1,
            FIELD,
            kind,
            within,
            FIELD,
            field,
        ]
    }
}

fn write_field(bytes: &mut Vec<u8>, field: u8, text: &str) {
    bytes.extend_from_slice(&[FIELD, field]);
    write_text(bytes, text);
}

fn write_list(bytes: &mut Vec<u8>, texts: &[String]) {
    let count = u32::try_from(texts.len()).expect("memory does not hold that many secrets");
    match count {
        0..=0xf => bytes.push(LIST | count as u8),
        0x10..=0xffff => write_header(bytes, LIST_16, (count as u16).to_be_bytes()),
        _ => write_header(bytes, LIST_32, count.to_be_bytes()),
    }
    for text in texts {
        write_text(bytes, text);
    }
}

#[inline]
fn text_bytes(text: &str) -> usize {
    let header = match text.len() {
        0..=0x1f => 1,
        0x20..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    };
    header + text.len()
}

#[inline]
pub(super) fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).expect("limits of texts are far below 4 GiB");
    match length {
        0..=0x1f => bytes.push(TEXT | length as u8),
        0x20..=0xff => bytes.extend_from_slice(&[TEXT_8, length as u8]),
        0x100..=0xffff => write_header(bytes, TEXT_16, (length as u16).to_be_bytes()),
        _ => write_header(bytes, TEXT_32, length.to_be_bytes()),
    }
    bytes.extend_from_slice(text.as_bytes());
}

#[inline]
fn write_header<const N: usize>(bytes: &mut Vec<u8>, mark: u8, number: [u8; N]) {
    bytes.push(mark);
    bytes.extend_from_slice(&number);
}

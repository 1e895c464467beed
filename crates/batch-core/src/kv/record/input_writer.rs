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

/// Writes an input as MessagePack with named fields, behind what is there.
///
/// Byte for byte what serde makes of it, without a call for each field and header: inputs are
/// most of what a store is given. [`read_input`](super::input_reader::read_input) is the reverse.
pub(super) fn write_input(bytes: &mut Vec<u8>, input: &ValidInput) {
    let (label, metadata, hidden) = (input.name(), input.metadata(), input.secret_names());
    let more = [label.is_some(), !metadata.is_empty(), !hidden.is_empty()];
    let fields = 1 + more.into_iter().map(u8::from).sum::<u8>();
    let (kind, field, value, name) = match input.source() {
        Source::Url { url, name } => (b'u', b'u', url, name.as_deref()),
        Source::File { id } => (b'f', b'i', id, None),
        Source::Text { text, name } => (b't', b't', text, name.as_deref()),
    };
    let within = MAP | (1 + u8::from(name.is_some()));
    bytes.extend_from_slice(&[
        MAP | fields,
        FIELD,
        b's',
        MAP | 1,
        FIELD,
        kind,
        within,
        FIELD,
        field,
    ]);
    write_text(bytes, value);
    if let Some(name) = name {
        write_field(bytes, b'n', name);
    }
    if let Some(label) = label {
        write_field(bytes, b'n', label);
    }
    if !metadata.is_empty() {
        write_field(bytes, b'm', metadata.as_json());
    }
    if !hidden.is_empty() {
        bytes.extend_from_slice(&[FIELD, b'k']);
        write_list(bytes, hidden);
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

fn write_header<const N: usize>(bytes: &mut Vec<u8>, mark: u8, number: [u8; N]) {
    bytes.push(mark);
    bytes.extend_from_slice(&number);
}

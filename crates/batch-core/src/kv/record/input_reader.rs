use super::input_writer::{FIELD, LIST, LIST_16, LIST_32, MAP, TEXT, TEXT_8, TEXT_16, TEXT_32};
use crate::valid::{Metadata, Source, ValidInput};

/// Reads what an [`InputWriter`](super::input_writer::InputWriter) writes.
///
/// `None` for any other bytes, damaged ones included: serde may still understand them, or says
/// what is wrong with them.
pub(super) fn read_input(bytes: &[u8]) -> Option<ValidInput> {
    let (head, rest) = bytes.split_first_chunk()?;
    let &[fields, FIELD, b's', ONE, FIELD, kind, within, FIELD, field] = head else {
        return None;
    };
    let mut reader = Reader(rest);
    let value = reader.text()?.to_owned();
    let name = match within {
        ONE => None,
        TWO => Some(reader.field(b'n')?.to_owned()),
        _ => return None,
    };
    let source = match (kind, field, name) {
        (b'u', b'u', name) => Source::Url { url: value, name },
        (b'f', b'i', None) => Source::File { id: value },
        (b't', b't', name) => Source::Text { text: value, name },
        _ => return None,
    };
    let label = reader.optional_field(b'n')?.map(str::to_owned);
    let metadata = reader.optional_field(b'm')?.map(Box::<str>::from);
    let hidden = reader.secret_names()?;
    let more = [label.is_some(), metadata.is_some(), hidden.is_some()];
    let counted = MAP | (1 + more.into_iter().map(u8::from).sum::<u8>());
    (reader.0.is_empty() && fields == counted).then(|| {
        let metadata = metadata.map_or_else(Metadata::default, Metadata::from);
        ValidInput::stored(source, label, metadata, hidden.unwrap_or_default())
    })
}

const ONE: u8 = MAP | 1;
const TWO: u8 = MAP | 2;

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn text(&mut self) -> Option<&'b str> {
        let length = match self.number()? {
            [mark] if mark & !0x1f == TEXT => usize::from(mark & 0x1f),
            [TEXT_8] => usize::from(u8::from_be_bytes(self.number()?)),
            [TEXT_16] => usize::from(u16::from_be_bytes(self.number()?)),
            [TEXT_32] => usize::try_from(u32::from_be_bytes(self.number()?)).ok()?,
            _ => return None,
        };
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn field(&mut self, name: u8) -> Option<&'b str> {
        self.optional_field(name)?
    }

    /// The text of a field; nothing inside where another one comes next, or none.
    fn optional_field(&mut self, name: u8) -> Option<Option<&'b str>> {
        match self.next_is(name) {
            true => self.text().map(Some),
            false => Some(None),
        }
    }

    fn secret_names(&mut self) -> Option<Option<Vec<String>>> {
        if !self.next_is(b'k') {
            return Some(None);
        }
        let count = match self.number()? {
            [mark] if mark & !0xf == LIST => u32::from(mark & 0xf),
            [LIST_16] => u32::from(u16::from_be_bytes(self.number()?)),
            [LIST_32] => u32::from_be_bytes(self.number()?),
            _ => return None,
        };
        let names = (0..count).map(|_| self.text().map(str::to_owned));
        names.collect::<Option<Vec<_>>>().map(Some)
    }

    /// Whether the next field has this name. It is passed over if so.
    fn next_is(&mut self, name: u8) -> bool {
        match self.0 {
            [FIELD, next, rest @ ..] if *next == name => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode;
    use super::super::input_writer::InputWriter;
    use super::*;
    use crate::request::Secrets;

    /// Texts around each size at which their header changes.
    fn text() -> impl Strategy<Value = String> {
        let length = prop_oneof![
            4 => 0..40usize,
            2 => 250..260usize,
            1 => 65_530..65_540usize,
        ];
        prop_oneof![
            any::<String>(),
            length.prop_map(|bytes| "x".repeat(bytes)),
            Just("{}".to_owned()),
        ]
    }

    fn label() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(text())
    }

    fn source() -> impl Strategy<Value = Source> {
        prop_oneof![
            (text(), label()).prop_map(|(url, name)| Source::Url { url, name }),
            text().prop_map(|id| Source::File { id }),
            (text(), label()).prop_map(|(text, name)| Source::Text { text, name }),
        ]
    }

    fn secrets(count: usize) -> Secrets {
        (0..count).fold(Secrets::new(), |mut secrets, n| {
            secrets.insert(n.to_string(), "hush");
            secrets
        })
    }

    fn input() -> impl Strategy<Value = ValidInput> {
        let hidden = prop_oneof![0..1usize, 1..20usize].prop_map(secrets);
        (source(), label(), text(), hidden).prop_map(|(source, label, json, hidden)| {
            ValidInput::new(source, label, Metadata::from_checked(json), hidden)
        })
    }

    fn written(input: &ValidInput) -> Vec<u8> {
        let mut bytes = Vec::new();
        let writer = InputWriter::new(input);
        writer.write(&mut bytes);
        assert_eq!(bytes.len(), writer.bytes());
        bytes
    }

    fn by_serde(bytes: &[u8]) -> Option<ValidInput> {
        rmp_serde::from_slice(bytes).ok()
    }

    proptest! {
        #[test]
        fn an_input_is_written_as_serde_writes_it_and_read_as_serde_reads_it(input in input()) {
            let bytes = written(&input);
            prop_assert!(bytes == encode(&input));
            let read = read_input(&bytes);
            prop_assert!(read.is_some() && read == by_serde(&bytes));
        }

        #[test]
        fn what_is_read_of_damaged_bytes_is_what_serde_reads_of_them(
            input in input(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in proptest::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = written(&input);
            for (at, byte) in damage {
                let at = at.index(bytes.len().min(400));
                bytes[at] = byte;
            }
            bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
            if let Some(read) = read_input(&bytes) {
                prop_assert!(Some(read) == by_serde(&bytes));
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut with_head = written(&ValidInput::blank());
            with_head.pop();
            with_head.extend_from_slice(&bytes);
            for bytes in [bytes, with_head] {
                if let Some(read) = read_input(&bytes) {
                    prop_assert!(Some(read) == by_serde(&bytes));
                }
            }
        }
    }

    #[test]
    fn lists_of_secret_names_of_any_length_are_written_and_read_as_by_serde() {
        for count in [15, 16, 65_535, 65_536] {
            let source = ValidInput::blank().source().clone();
            let input = ValidInput::new(source, None, Metadata::default(), secrets(count));
            let bytes = written(&input);
            assert!(bytes == encode(&input), "{count}");
            assert!(read_input(&bytes) == by_serde(&bytes), "{count}");
        }
    }

    #[test]
    fn an_input_with_a_field_that_this_program_does_not_know_is_left_to_serde() {
        let mut bytes = written(&ValidInput::blank());
        bytes[0] += 1;
        bytes.extend_from_slice(&[FIELD, b'z', TEXT]);
        assert_eq!(read_input(&bytes), None);
        assert_eq!(by_serde(&bytes), Some(ValidInput::blank()));
    }
}

use std::io::{self, Write};

use serde::Serialize;

/// A JSON array that is written item by item, one a line.
#[derive(Debug)]
pub(crate) struct Listing<W> {
    out: W,
    items: u64,
}

impl<W: Write> Listing<W> {
    /// An array without items so far.
    pub(crate) const fn new(out: W) -> Self {
        Self { out, items: 0 }
    }

    /// Writes the next item.
    pub(crate) fn item(&mut self, item: &impl Serialize) -> io::Result<()> {
        let before: &[u8] = if self.items == 0 { b"[\n" } else { b",\n" };
        self.out.write_all(before)?;
        serde_json::to_writer(&mut self.out, item)?;
        self.items += 1;
        Ok(())
    }

    /// Closes the array.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.items == 0 { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_items_is_one_json_array() {
        for count in [0, 1, 3] {
            let mut text = Vec::new();
            let mut listing = Listing::new(&mut text);
            for item in 0..count {
                listing.item(&item).unwrap();
            }
            listing.finish().unwrap();
            let back: Vec<u32> = serde_json::from_slice(&text).unwrap();
            assert_eq!(back, (0..count).collect::<Vec<_>>());
        }
    }
}

use std::io::{self, Write};

use serde::Serialize;

use super::fields::Fields;
use super::{Format, Table};

/// Prints one thing as a JSON object.
pub(crate) fn print_json(record: &impl Serialize) -> io::Result<()> {
    print_one(record, Format::Json)
}

/// Prints one thing: a line per field, or a JSON object.
///
/// A text of several lines keeps them in the table, each below the other.
pub(crate) fn print_one(record: &impl Serialize, format: Format) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        Format::Json => {
            serde_json::to_writer(&mut out, record)?;
            writeln!(out)
        }
        Format::Table => {
            let mut table = Table::new(["field", "value"]);
            for (mut name, text) in Fields::of(record)?.0 {
                for line in text.lines() {
                    table.row([std::mem::take(&mut name), line.to_owned()]);
                }
            }
            table.print(&mut out)
        }
    }
}

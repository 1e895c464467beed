use std::io::{self, Write};

use super::printable;

/// Rows of text in columns that are as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these words at the heads of its columns.
    pub(crate) fn new(heads: [&str; N]) -> Self {
        let mut table = Self { rows: Vec::new() };
        table.row(heads.map(str::to_uppercase));
        table
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows
            .push(cells.map(|cell| printable(&cell).into_owned()));
    }

    /// Prints it; the last column is not padded.
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            let cells = row.iter().zip(widths);
            let line: Vec<String> = cells.map(|(cell, w)| format!("{cell:w$}")).collect();
            writeln!(out, "{}", line.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_trails() {
        let mut table = Table::new(["id", "what"]);
        table.row(["ä long one".into(), "x\u{1b}".into()]);
        table.row(["b".into(), String::new()]);
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "ID          WHAT\nä long one  x\u{fffd}\nb\n");
    }
}

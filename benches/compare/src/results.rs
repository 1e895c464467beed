use std::fmt::Write;

use crate::bar::{BARS, Bar, Beside};
use crate::row::{LIMIT, Row, Subject, Unit};

/// The figures of all rounds.
#[derive(Debug)]
pub(crate) struct Results {
    rows: Vec<(&'static Row, Vec<Vec<f64>>)>,
}

/// The figures of one subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Results {
    pub(crate) fn new(rows: Vec<&'static Row>) -> Self {
        let empty = |row: &'static Row| (row, vec![Vec::new(); row.subjects.len()]);
        Self {
            rows: rows.into_iter().map(empty).collect(),
        }
    }

    pub(crate) fn add(&mut self, row: &Row, subject: &Subject, value: f64) {
        for (known, values) in &mut self.rows {
            if known.name == row.name {
                let found = known.subjects.iter().position(|s| s.name == subject.name);
                if let Some(at) = found {
                    values[at].push(value);
                }
            }
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.rows.iter().map(|(row, _)| *row)
    }

    pub(crate) fn spread(&self, row: &str, subject: &str) -> Option<Spread> {
        let (row, values) = self.rows.iter().find(|(known, _)| known.name == row)?;
        let at = row.subjects.iter().position(|s| s.name == subject)?;
        let mut sorted = values[at].clone();
        sorted.sort_by(f64::total_cmp);
        Some(Spread {
            least: *sorted.first()?,
            median: median(&sorted)?,
            most: *sorted.last()?,
        })
    }

    /// Both tables, as Markdown: every subject of every row, and the bars.
    pub(crate) fn tables(&self, rounds: usize) -> String {
        let mut text = String::new();
        for row in self.rows() {
            self.row_table(&mut text, row, rounds);
        }
        text.push_str("| work | ours | beside | bar | measured | |\n|---|---|---|---|---|---|\n");
        for bar in BARS {
            self.bar_line(&mut text, bar);
        }
        text
    }

    fn row_table(&self, text: &mut String, row: &Row, rounds: usize) {
        let unit = row.unit.label();
        let base = row.subjects.iter().find(|s| s.name == LIMIT);
        let base = base.or(row.subjects.first());
        let base = base.and_then(|s| Some((s.name, self.spread(row.name, s.name)?)));
        let beside = base.map_or("", |(name, _)| name);
        let _ = writeln!(
            text,
            "{}; median of {rounds} rounds\n\n| | {unit} | least and most | beside {beside} |\n|---|---|---|---|",
            row.what
        );
        for subject in row.subjects {
            let Some(spread) = self.spread(row.name, subject.name) else {
                let _ = writeln!(text, "| {} | not measured | | |", subject.name);
                continue;
            };
            let ratio = base.map_or(1.0, |(_, base)| spread.median / base.median);
            let _ = writeln!(
                text,
                "| {} | {} | {} to {} | {ratio:.3} |",
                subject.name,
                grouped(spread.median, row.unit),
                grouped(spread.least, row.unit),
                grouped(spread.most, row.unit),
            );
        }
        text.push('\n');
    }

    fn bar_line(&self, text: &mut String, bar: &Bar) {
        let best = |subjects: &[&'static str], better: fn(f64, f64) -> f64| {
            let found = subjects
                .iter()
                .filter_map(|s| Some((*s, self.spread(bar.row, s)?.median)));
            found.reduce(|a, b| if better(a.1, b.1) == a.1 { a } else { b })
        };
        let (beside, wanted, better): (_, _, fn(f64, f64) -> f64) = match bar.beside {
            Beside::AtLeast(subjects) => (best(subjects, f64::max), "at least", f64::max),
            Beside::AtMost(subject) => (best(&[subject], f64::min), "at most", f64::min),
            Beside::Below => (Some(("", 1.0)), "at most", f64::min),
        };
        let (Some((ours, value)), Some((peer, base))) = (best(bar.ours, better), beside) else {
            return;
        };
        let ratio = value / base;
        let met = match wanted {
            "at least" => ratio >= bar.factor,
            _ => ratio <= bar.factor,
        };
        let _ = writeln!(
            text,
            "| {} | {ours} | {peer} | {wanted} {} | {ratio:.2} | {} |",
            bar.row,
            bar.factor,
            if met { "met" } else { "not met" },
        );
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => Some(f64::midpoint(
            *sorted.get(middle.checked_sub(1)?)?,
            sorted[middle],
        )),
        _ => sorted.get(middle).copied(),
    }
}

/// With a comma between thousands.
fn grouped(value: f64, unit: Unit) -> String {
    if unit == Unit::Microseconds {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(grouped(1_234_567.2, Unit::RunsPerSecond), "1,234,567");
        assert_eq!(grouped(999.0, Unit::RunsPerSecond), "999");
    }
}

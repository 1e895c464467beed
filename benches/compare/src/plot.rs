use std::path::Path;

use batch_benches::Broken;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::results::Results;

const WIDTH: u32 = 1_000;
const BAR: u32 = 22;
const HEAD: u32 = 40;
/// Where the bars begin, right of the names.
const LEFT: i32 = 330;

/// Bars of all medians, a panel a row, logarithmic; ours stand out.
pub(crate) fn compared(path: &Path, results: &Results) -> Result<(), Broken> {
    let heights: Vec<u32> = results
        .rows()
        .map(|row| HEAD + BAR * u32::try_from(row.subjects.len()).unwrap_or(0))
        .collect();
    let height = heights.iter().sum();
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut rest = root.clone();
    for (row, height) in results.rows().zip(heights) {
        let (panel, below) = rest.split_vertically(height);
        rest = below;
        let bars: Vec<(&str, f64)> = row
            .subjects
            .iter()
            .filter_map(|s| Some((s.name, results.spread(row.name, s.name)?.median)))
            .collect();
        let title = format!("{} ({}, logarithmic)", row.what, row.unit.label());
        panel_of_bars(&panel, &title, &bars)?;
    }
    root.present()?;
    Ok(())
}

fn panel_of_bars(
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
    title: &str,
    bars: &[(&str, f64)],
) -> Result<(), Broken> {
    panel.draw(&Text::new(title.to_owned(), (10, 10), ("sans-serif", 15)))?;
    let most = bars.iter().map(|(_, value)| *value).fold(1.0, f64::max);
    let least = bars.iter().map(|(_, value)| *value).fold(most, f64::min);
    let room = f64::from(WIDTH) - f64::from(LEFT) - 110.0;
    for (at, (name, value)) in (0..).zip(bars) {
        let top = HEAD as i32 - 6 + at * BAR as i32;
        // A tenth of the least is where bars begin.
        let length = (value / least * 10.0).ln() / (most / least * 10.0).ln() * room;
        let right = LEFT + length as i32;
        let colour = match name.starts_with("batchyard") {
            true => RGBColor(31, 119, 180),
            false => RGBColor(190, 190, 190),
        };
        let corners = [(LEFT, top), (right, top + BAR as i32 - 6)];
        panel.draw(&Rectangle::new(corners, colour.filled()))?;
        panel.draw(&Text::new(
            (*name).to_owned(),
            (20, top + 2),
            ("sans-serif", 12),
        ))?;
        let figure = format!("{value:.0}");
        panel.draw(&Text::new(figure, (right + 6, top + 2), ("sans-serif", 12)))?;
    }
    Ok(())
}

/// Lines of every column of a soak's file over its first; saved beside it.
pub(crate) fn soak(csv: &Path) -> Result<(), Broken> {
    let text = std::fs::read_to_string(csv)?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let table: Vec<Vec<f64>> = lines
        .map(|line| {
            line.split(',')
                .map(|cell| cell.parse().unwrap_or(0.0))
                .collect()
        })
        .collect();
    let path = csv.with_extension("svg");
    let root = SVGBackend::new(&path, (WIDTH, 900)).into_drawing_area();
    root.fill(&WHITE)?;
    let panels = root.split_evenly((names.len().saturating_sub(1).max(1), 1));
    for (column, panel) in (1..names.len()).zip(&panels) {
        let points = table.iter().map(|line| (line[0], line[column]));
        line_panel(panel, names[column], points.collect())?;
    }
    root.present()?;
    println!("saved {} and {}", csv.display(), path.display());
    Ok(())
}

fn line_panel(
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
    name: &str,
    points: Vec<(f64, f64)>,
) -> Result<(), Broken> {
    let last = points.last().map_or(1.0, |point| point.0);
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(panel)
        .caption(name, ("sans-serif", 14))
        .margin(8)
        .x_label_area_size(24)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..last, 0.0..most * 1.1)?;
    let mesh = &mut chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT).y_labels(5).draw()?;
    chart.draw_series(LineSeries::new(points, RGBColor(31, 119, 180)))?;
    Ok(())
}

use std::path::{Path, PathBuf};
use std::process::Command;

use batch_benches::Broken;

use crate::results::Results;
use crate::row::{By, ROWS, Row, Subject};

/// Runs every subject of a row once a round, so that all of them see the same weather.
pub(crate) fn alternate(rounds: usize, only: Option<&str>) -> Result<Results, Broken> {
    let rows: Vec<&'static Row> = ROWS
        .iter()
        .filter(|row| only.is_none_or(|name| row.name == name))
        .collect();
    if rows.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        return Err(format!("no such row; there are {}", names.join(", ")).into());
    }
    let mut results = Results::new(rows.clone());
    for row in &rows {
        for round in 1..=rounds {
            for subject in row.subjects {
                match once(row, subject) {
                    Ok(value) => {
                        eprintln!("round {round}: {}: {}: {value:.0}", row.name, subject.name);
                        results.add(row, subject, value);
                    }
                    Err(why) => eprintln!("round {round}: {}: {why}", subject.name),
                }
            }
        }
    }
    Ok(results)
}

fn once(row: &Row, subject: &Subject) -> Result<f64, Broken> {
    let mut command = match subject.by {
        By::Us(told) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["measure", row.name, told]);
            command
        }
        By::Peer(program, told) => {
            let path = peers()?.join(program);
            if !path.exists() {
                return Err(format!("{} is not built", path.display()).into());
            }
            let mut command = Command::new(path);
            command.args(told);
            command
        }
    };
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let value = said.lines().rev().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        line.get("value")?.as_f64()
    });
    value.ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        format!("no figure, {}: {}", output.status, complaint.trim()).into()
    })
}

/// Where the peers' programs are: `COMPARE_PEERS`, or beside this one.
fn peers() -> Result<PathBuf, Broken> {
    if let Ok(path) = std::env::var("COMPARE_PEERS") {
        return Ok(path.into());
    }
    let me = std::env::current_exe()?;
    Ok(me.parent().unwrap_or(Path::new(".")).to_owned())
}

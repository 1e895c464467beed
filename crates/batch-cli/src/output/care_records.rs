//! What care of a store tells, as it is printed.

use batch_core::kv::{CopyReport, Finding, Loss, SalvageReport, VerifyReport};
use serde::Serialize;

/// What a check of a store found.
#[derive(Debug, Serialize)]
pub(crate) struct VerifyRecord {
    sound: bool,
    batches: u64,
    runs: u64,
    entries: u64,
    values: u64,
    bytes: u64,
    findings: Vec<FindingRecord>,
    left_out: u64,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct FindingRecord {
    kind: &'static str,
    about: String,
    detail: String,
}

/// What was copied.
#[derive(Debug, Serialize)]
pub(crate) struct CopyRecord {
    store: String,
    records: u64,
    bytes: u64,
    as_of: u64,
}

/// What was saved and what was not.
#[derive(Debug, Serialize)]
pub(crate) struct SalvageRecord {
    store: String,
    batches: u64,
    runs: u64,
    losses: Vec<LossRecord>,
    findings: Vec<FindingRecord>,
}

/// One thing that is lost.
#[derive(Debug, Serialize)]
struct LossRecord {
    about: String,
    detail: String,
}

impl VerifyRecord {
    pub(crate) fn of(report: &VerifyReport) -> Self {
        let seen = report.looked_at;
        Self {
            sound: report.is_sound(),
            batches: seen.batches,
            runs: seen.runs,
            entries: seen.entries,
            values: seen.values,
            bytes: seen.bytes,
            findings: report.findings.iter().map(FindingRecord::of).collect(),
            left_out: report.left_out,
        }
    }
}

impl FindingRecord {
    fn of(finding: &Finding) -> Self {
        Self {
            kind: finding.kind.as_str(),
            about: finding.about.to_string(),
            detail: finding.detail.clone(),
        }
    }
}

impl CopyRecord {
    /// What was copied to a store.
    pub(crate) fn of(store: String, report: &CopyReport) -> Self {
        Self {
            store,
            records: report.records,
            bytes: report.bytes,
            as_of: report.as_of.get(),
        }
    }
}

impl SalvageRecord {
    /// What was saved to a store.
    pub(crate) fn of(store: String, report: &SalvageReport) -> Self {
        Self {
            store,
            batches: report.batches,
            runs: report.runs,
            losses: report.losses.iter().map(LossRecord::of).collect(),
            findings: report
                .found
                .findings
                .iter()
                .map(FindingRecord::of)
                .collect(),
        }
    }
}

impl LossRecord {
    fn of(loss: &Loss) -> Self {
        Self {
            about: loss.about.to_string(),
            detail: loss.detail.clone(),
        }
    }
}

use std::time::{Duration, Instant};

use batch_core::request::Limits;
use batch_core::valid::validate;
use criterion::Criterion;
use tokio::runtime::Runtime;

use super::rows::Rows;
use crate::{Load, request};

/// Measures what needs no storage: validation of batches of 200 B and 4 KB.
///
/// # Panics
///
/// When the runtime cannot be made.
pub fn bench_rules(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("the machine has a runtime to give");
    let mut rows = Rows::new(criterion, &runtime, "validation");
    for bytes in [200, 4_096] {
        for inputs in [1, 100, 1_000] {
            let load = Load {
                inputs,
                bytes,
                submitters: 1,
            };
            let name = format!("{inputs}x{bytes}B");
            rows.row(&name, inputs.into(), async |n| {
                let mut spent = Duration::ZERO;
                for _ in 0..n {
                    let request = request(load);
                    let start = Instant::now();
                    let checked = validate(request, &Limits::default());
                    spent += start.elapsed();
                    drop(checked?);
                }
                Ok(spent)
            });
        }
    }
}

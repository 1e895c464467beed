//! A child that dies at a failpoint.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use batch_core::failpoint::{Failpoint, on_failpoint};

use super::script::die;

/// The variable that says what to do: `count`, or the name of a failpoint and a number.
pub const VARIABLE: &str = "BATCHYARD_FAILPOINT";

/// How often this process came to each.
static HITS: Mutex<BTreeMap<Failpoint, u32>> = Mutex::new(BTreeMap::new());

/// Dies at the failpoint that the environment names, when it is reached for the nth time.
pub fn arm() {
    let Ok(wanted) = std::env::var(VARIABLE) else {
        return;
    };
    let fatal = wanted.split_once(':').map(|(name, number)| {
        let point = Failpoint::ALL
            .into_iter()
            .find(|point| point.to_string() == name);
        (point.unwrap(), number.parse().unwrap())
    });
    on_failpoint(move |point| {
        let mut hits = HITS.lock().unwrap_or_else(PoisonError::into_inner);
        let times = hits.entry(point).or_default();
        *times += 1;
        if fatal == Some((point, *times)) {
            die();
        }
    });
}

/// Prints how often each failpoint was reached, if that was asked for.
pub fn report() {
    if std::env::var(VARIABLE).is_ok_and(|wanted| wanted == "count") {
        for (point, times) in &*HITS.lock().unwrap_or_else(PoisonError::into_inner) {
            println!("hit {point} {times}");
        }
    }
}

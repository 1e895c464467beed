//! Places at which a test can end the process, to see what it leaves (feature `failpoints`).
//!
//! Without the feature a failpoint is nothing at all.
#![cfg_attr(
    not(feature = "failpoints"),
    allow(
        dead_code,
        unreachable_pub,
        reason = "it is public, and all of it used, with the feature"
    )
)]

#[allow(
    clippy::module_inception,
    reason = "the module is named for its one type"
)]
mod failpoint;
#[cfg(feature = "failpoints")]
mod hook;
#[cfg(not(feature = "failpoints"))]
mod without;

pub use failpoint::Failpoint;
#[cfg(feature = "failpoints")]
pub use hook::on_failpoint;
#[cfg(feature = "failpoints")]
pub(crate) use hook::reach;
#[cfg(not(feature = "failpoints"))]
pub(crate) use without::reach;

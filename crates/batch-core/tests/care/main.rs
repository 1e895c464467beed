//! Care of stores on disk: checked and copied while they work, saved where they are damaged.
#![cfg(all(feature = "log", feature = "redb", feature = "sled"))]
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod log_alone;
mod salvaged;
mod snapshots;
mod work;

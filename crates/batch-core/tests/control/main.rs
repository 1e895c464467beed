//! Control of what was submitted, on memory, through the engine's public face alone. Runs are
//! executed by a worker that speaks to the storage directly.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod deleting;
mod ground;
mod pausing;
mod results;
mod retry;
mod updating;

//! Executes the runs of Batchyard batches.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "command", unix))]
pub mod command;
pub mod dispatcher;
mod error_chain;
pub mod executor;
mod guard;
#[cfg(test)]
mod promises;
pub mod retry;
pub mod sink;

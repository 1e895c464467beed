//! Batches of workflow runs on storage of your choice.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod batch;
pub mod catalogue;
pub mod id;
pub mod journal;
pub mod kv;
pub mod ordinal;
pub mod request;
pub mod run;
#[cfg(feature = "sled")]
pub mod sled;
pub mod storage;
pub mod time;
pub mod valid;

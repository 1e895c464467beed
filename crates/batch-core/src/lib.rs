//! Batches of workflow runs on storage of your choice.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod batch;
pub mod catalogue;
pub mod engine;
pub mod id;
pub mod journal;
pub mod kv;
pub mod memory;
pub mod ordinal;
pub mod request;
pub mod run;
pub mod storage;
pub mod time;
pub mod valid;

//! What the crate counts and measures, through the facade of the crate `metrics`
//! (feature `metrics`).
//!
//! Install any recorder, such as that of `metrics-exporter-prometheus`, and call
//! [`describe`] once. The dispatcher, its sinks and webhooks speak by themselves; a store
//! does so behind a [`MeteredStorage`].
//!
//! ```
//! use std::sync::Arc;
//! use batch_core::{engine::Engine, memory::MemoryStorage};
//! use batch_exec::metrics::{MeteredStorage, describe};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! describe();
//! let storage = MeteredStorage::over(Arc::new(MemoryStorage::new()));
//! let engine = Engine::builder().open_shared(storage).await?;
//! # drop(engine);
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod metered_storage;
mod metric_info;

pub use catalogue::{catalogue, describe};
pub use metered_storage::MeteredStorage;
pub use metric_info::{MetricInfo, MetricKind};

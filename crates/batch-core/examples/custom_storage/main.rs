//! A storage of your own in one file, and an engine on it.
//!
//! `docs/writing-a-storage-backend.md` builds it step by step; `tests/conformance` runs the
//! suite on it.

mod btree_kv;

use batch_core::engine::Engine;
use batch_core::id::WorkflowId;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::Input;
use btree_kv::BTreeKv;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let map = BTreeKv::default();
    let storage = KvStorage::start(map.clone(), KvOptions::default())?;
    let engine = Engine::open(storage).await?;
    engine
        .ensure_deployed(WorkflowId::new("count-words")?)
        .await?;
    let inputs = ["one", "two words", "three more words"].map(Input::text);
    let batch = engine.submit("count-words", inputs).await?;
    println!("stored: {}", batch.get().await?);

    // The map outlives the engine: another one goes on with what it holds.
    let id = batch.id();
    drop((batch, engine));
    let storage = KvStorage::start(map, KvOptions::default())?;
    let engine = Engine::open(storage).await?;
    println!("opened again: {}", engine.batch_handle(id).get().await?);
    Ok(())
}

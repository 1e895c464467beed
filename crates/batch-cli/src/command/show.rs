use anyhow::{Result, anyhow};

use super::existing_batch::existing_batch;
use super::named::chosen_batch;
use crate::args::{Chosen, Target, TargetArgs};
use crate::ending::Ending;
use crate::output::{BatchRecord, RunRecord, print_one};

/// Shows a batch or a run, with all there is to know.
pub(crate) async fn show(args: TargetArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    match args.target() {
        Target::Name(name) => {
            let batch = chosen_batch(&engine, Chosen::Name(&name)).await?;
            print_one(&BatchRecord::of(&batch), args.view.format)?;
        }
        Target::Batch(id) => {
            let batch = existing_batch(&engine, id).await?;
            print_one(&BatchRecord::of(&batch), args.view.format)?;
        }
        Target::Run(id) => {
            let run = engine.run(id).await?;
            let run = run.ok_or_else(|| anyhow!("there is no {id} in this store"))?;
            print_one(&RunRecord::of(&run), args.view.format)?;
        }
    }
    Ok(Ending::Succeeded)
}

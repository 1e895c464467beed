use std::io::{self, BufWriter, Write};

use anyhow::Result;
use batch_core::engine::RunFilter;

use super::existing_batch::existing_batch;
use crate::args::RunsArgs;
use crate::ending::Ending;
use crate::output::{Format, Listing, RunRecord, Table};

/// Lists the runs of a batch: a table without what the command wrote, JSON with it.
pub(crate) async fn runs(args: RunsArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    existing_batch(&engine, args.batch).await?;
    let filter = RunFilter {
        state: args.state,
        ..RunFilter::default()
    };
    let batch = engine.batch_handle(args.batch);
    let mut out = BufWriter::new(io::stdout().lock());
    match args.view.format {
        Format::Table => {
            let mut table = Table::new(RunRecord::HEADS);
            let mut runs = batch.runs(filter);
            while let Some(run) = runs.next().await? {
                table.row(RunRecord::of(&run).cells());
            }
            table.print(&mut out)?;
            out.flush()?;
        }
        Format::Json => {
            let mut list = Listing::new(out);
            let mut runs = batch.runs(filter.with_outputs());
            while let Some(run) = runs.next().await? {
                list.item(&RunRecord::of(&run))?;
            }
            list.finish()?;
        }
    }
    Ok(Ending::Succeeded)
}

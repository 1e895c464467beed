use std::io::{self, BufWriter, Write};

use anyhow::Result;
use batch_core::engine::{Engine, RunFilter, Runs};

use super::existing_batch::existing_batch;
use super::named::named_submission;
use crate::args::{BatchChoice, Chosen, RunsArgs};
use crate::ending::Ending;
use crate::output::{Format, Listing, RunRecord, Table};

/// Lists the runs of a batch, or of all under a name: a table without what the command wrote, JSON with it.
pub(crate) async fn runs(args: RunsArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let filter = RunFilter {
        state: args.state,
        ..RunFilter::default()
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match args.view.format {
        Format::Table => {
            let mut table = Table::new(RunRecord::HEADS);
            let mut runs = chosen_runs(&engine, &args.choice, filter).await?;
            while let Some(run) = runs.next().await? {
                table.row(RunRecord::of(&run).cells());
            }
            table.print(&mut out)?;
            out.flush()?;
        }
        Format::Json => {
            let mut list = Listing::new(out);
            let filter = filter.with_outputs();
            let mut runs = chosen_runs(&engine, &args.choice, filter).await?;
            while let Some(run) = runs.next().await? {
                list.item(&RunRecord::of(&run))?;
            }
            list.finish()?;
        }
    }
    Ok(Ending::Succeeded)
}

async fn chosen_runs(engine: &Engine, choice: &BatchChoice, filter: RunFilter) -> Result<Runs> {
    Ok(match choice.chosen() {
        Chosen::Batch(id) => {
            existing_batch(engine, id).await?;
            engine.batch_handle(id).runs(filter)
        }
        Chosen::Name(name) => {
            let id = named_submission(engine, name).await?;
            engine.submission_handle(id).runs(filter)
        }
    })
}

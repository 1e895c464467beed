use std::io::{self, BufWriter, Write};

use anyhow::Result;
use batch_core::batch::Batch;
use batch_core::engine::Engine;
use batch_core::storage::{BatchQuery, PageSize};

use crate::args::BatchesArgs;
use crate::ending::Ending;
use crate::output::{BatchRecord, Format, Listing, Table};

/// Lists the batches of a store.
pub(crate) async fn batches(args: BatchesArgs) -> Result<Ending> {
    let engine = args.view.store.store.open_existing().await?;
    let mut query = BatchQuery::default();
    query.state = args.state;
    query.page.size = PageSize::MAX;
    let mut out = BufWriter::new(io::stdout().lock());
    match args.view.format {
        Format::Table => {
            let mut table = Table::new(BatchRecord::HEADS);
            each(&engine, query, |batch| {
                table.row(BatchRecord::of(batch).cells());
                Ok(())
            })
            .await?;
            table.print(&mut out)?;
            out.flush()?;
        }
        Format::Json => {
            let mut list = Listing::new(out);
            each(&engine, query, |batch| list.item(&BatchRecord::of(batch))).await?;
            list.finish()?;
        }
    }
    Ok(Ending::Succeeded)
}

/// Goes through batches, a page at a time.
async fn each(
    engine: &Engine,
    mut query: BatchQuery,
    mut take: impl FnMut(&Batch) -> io::Result<()>,
) -> Result<()> {
    loop {
        let page = engine.batches(query.clone()).await?;
        page.items.iter().try_for_each(&mut take)?;
        query.page.token = page.next;
        if query.page.token.is_none() {
            return Ok(());
        }
    }
}

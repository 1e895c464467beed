use anyhow::Result;

use crate::args::ViewArgs;
use crate::ending::Ending;
use crate::output::{StoreRecord, print_one};

/// Shows what a store says of itself.
pub(crate) async fn store(args: ViewArgs) -> Result<Ending> {
    let address = &args.store.store;
    let engine = address.open_existing().await?;
    let description = engine.storage().description();
    print_one(&StoreRecord::of(address, &description), args.format)?;
    Ok(Ending::Succeeded)
}

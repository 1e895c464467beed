use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{OutboundPolicy, Refusal, Resolver};

/// Lets the client connect only to addresses that the policy allows.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) policy: Arc<OutboundPolicy>,
    pub(super) resolver: Arc<dyn Resolver>,
}

impl GuardedResolver {
    /// The addresses of a name; none at all where one of them is not allowed, so that nobody
    /// can hide an address among others and wait for its turn.
    async fn checked(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let addresses = self.resolver.addresses(name).await?;
        for address in &addresses {
            self.policy.check_address(*address).inspect_err(|refusal| {
                tracing::warn!(host = name, %address, ?refusal, "a name leads to an address that is not allowed");
            })?;
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.checked(name.as_str()).await?;
            // Port 0 stands for the port of the url.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The refusal among the causes of an error, where there is one.
pub(super) fn refusal_in(error: &(dyn Error + 'static)) -> Option<Refusal> {
    std::iter::successors(Some(error), |&cause| cause.source())
        .take(32)
        .find_map(|cause| cause.downcast_ref::<Refusal>().copied())
}

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Looks up the addresses of a name. The default asks the operating system.
///
/// What it answers is checked, each address of it, and then connected to: no
/// name is looked up twice on the way to a connection.
#[async_trait]
pub trait Resolver: Debug + Send + Sync + 'static {
    /// The addresses of a host.
    ///
    /// # Errors
    ///
    /// Where the name is not known, or nobody could be asked.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

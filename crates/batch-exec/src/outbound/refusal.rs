use thiserror::Error;

use super::AddressKind;

/// A url, or where it leads, is not allowed. Trying again cannot help.
///
/// What is printed does not tell a name's address, nor what kind of address it
/// has, so it may be shown to whoever chose the url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It has more bytes than [`MAX_URL_BYTES`](super::MAX_URL_BYTES).
    #[error("the url has more than 2048 bytes")]
    TooLong,
    /// It is no absolute url with a host.
    #[error("the url is no absolute url with a host")]
    NotAUrl,
    /// Its scheme is not allowed.
    #[error("the scheme of the url is not allowed")]
    Scheme,
    /// It carries a user name or a password.
    #[error("the url carries a user name or a password")]
    UserInfo,
    /// Its port is not allowed.
    #[error("the port of the url is not allowed")]
    Port,
    /// Its host is not on the list of hosts.
    #[error("the host of the url is not on the list of hosts")]
    Host,
    /// Its host is, or has, an address that is not allowed.
    #[error("the host of the url leads to an address that is not allowed")]
    Address(AddressKind),
}

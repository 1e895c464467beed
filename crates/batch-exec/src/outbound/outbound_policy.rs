use std::net::IpAddr;

use url::{Host, Url};

use super::address_kind::inner_v4;
use super::{AddressKind, AddressRange, Refusal};

/// Where connections may go. By default: `https` on port 443, to any host on the internet.
///
/// ```
/// use batch_exec::outbound::{AllowedPorts, AllowedSchemes, OutboundPolicy};
///
/// // A receiver in the same data centre, on a port of its own.
/// let mut policy = OutboundPolicy::default();
/// policy.ports = AllowedPorts::AlsoThese(vec![8443]);
/// policy.addresses.push("10.20.0.0/16".parse()?);
/// # Ok::<(), batch_exec::outbound::InvalidRange>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OutboundPolicy {
    /// With what.
    pub schemes: AllowedSchemes,
    /// To which ports.
    pub ports: AllowedPorts,
    /// To which hosts, by name.
    pub hosts: AllowedHosts,
    /// To which addresses, beside those on the internet. An IPv4 range also
    /// covers its addresses as they are mapped into IPv6.
    pub addresses: Vec<AddressRange>,
}

/// With what connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedSchemes {
    /// Only `https`.
    #[default]
    Https,
    /// `https`, and `http`, which anybody on the way can read and change.
    HttpsAndHttp,
}

/// To which ports connections are made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedPorts {
    /// The scheme's own: 443, or 80.
    #[default]
    Usual,
    /// The scheme's own, and these.
    AlsoThese(Vec<u16>),
    /// Any.
    Any,
}

/// To which hosts connections are made. An address still has to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedHosts {
    /// Any.
    #[default]
    Any,
    /// Only these, by their names in lower case; `.example.com` stands for every host below
    /// `example.com`. A host that is written as an address is on no list.
    Only(Vec<String>),
}

impl OutboundPolicy {
    /// For development and tests: also `http`, any port, and this machine.
    #[must_use]
    pub fn with_this_machine() -> Self {
        let loopback =
            ["127.0.0.0/8", "::1"].map(|range| range.parse().expect("the texts are ranges"));
        Self {
            schemes: AllowedSchemes::HttpsAndHttp,
            ports: AllowedPorts::Any,
            hosts: AllowedHosts::Any,
            addresses: loopback.to_vec(),
        }
    }

    /// Whether a connection to this address is allowed.
    ///
    /// # Errors
    ///
    /// [`Refusal::Address`] where it is not.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let kind = AddressKind::of(address);
        let inner = match address {
            IpAddr::V6(six) => inner_v4(six).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        let listed = |it| self.addresses.iter().any(|range| range.contains(it));
        if kind == AddressKind::Global || listed(address) || inner.is_some_and(listed) {
            return Ok(());
        }
        Err(Refusal::Address(kind))
    }

    pub(super) fn check_scheme(&self, url: &Url) -> Result<(), Refusal> {
        match (url.scheme(), self.schemes) {
            ("https", _) | ("http", AllowedSchemes::HttpsAndHttp) => Ok(()),
            _ => Err(Refusal::Scheme),
        }
    }

    pub(super) fn check_port(&self, url: &Url) -> Result<(), Refusal> {
        // The parser leaves the usual port of a scheme out.
        let Some(port) = url.port() else {
            return Ok(());
        };
        match &self.ports {
            AllowedPorts::Any => Ok(()),
            AllowedPorts::AlsoThese(ports) if ports.contains(&port) => Ok(()),
            _ => Err(Refusal::Port),
        }
    }

    pub(super) fn check_host(&self, host: &Host<&str>) -> Result<(), Refusal> {
        let AllowedHosts::Only(names) = &self.hosts else {
            return Ok(());
        };
        let Host::Domain(host) = host else {
            return Err(Refusal::Host);
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let matches = |name: &String| match name.strip_prefix('.') {
            Some(above) => is_below(host, above),
            None => host == name,
        };
        if names.iter().any(matches) {
            Ok(())
        } else {
            Err(Refusal::Host)
        }
    }
}

/// Whether a host is `LABEL.above`, with one label or more.
fn is_below(host: &str, above: &str) -> bool {
    let labels = host.strip_suffix(above).and_then(|it| it.strip_suffix('.'));
    labels.is_some_and(|labels| !labels.is_empty())
}

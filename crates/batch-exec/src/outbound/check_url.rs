use std::net::IpAddr;

use url::{Host, Url};

use super::{OutboundPolicy, Refusal};

/// The most bytes of a url.
pub const MAX_URL_BYTES: usize = 2_048;

/// Whether a url may be called at all, as far as the url itself tells; gives it parsed.
///
/// What is checked is the url as a client reads it: `http://0x7f.1/`,
/// `http://2130706433/` and `http://127.0.0.1/` are the same. The addresses
/// that a name has are checked where it is connected to.
///
/// # Errors
///
/// [`Refusal`] says what is wrong.
pub fn check_url(url: &str, policy: &OutboundPolicy) -> Result<Url, Refusal> {
    if url.len() > MAX_URL_BYTES {
        return Err(Refusal::TooLong);
    }
    let url = Url::parse(url).map_err(|_| Refusal::NotAUrl)?;
    check_parsed(&url, policy)?;
    Ok(url)
}

/// As [`check_url`], for a url that is parsed: one that an answer redirects to.
pub(super) fn check_parsed(url: &Url, policy: &OutboundPolicy) -> Result<(), Refusal> {
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(Refusal::TooLong);
    }
    policy.check_scheme(url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::UserInfo);
    }
    policy.check_port(url)?;
    let host = url.host().ok_or(Refusal::NotAUrl)?;
    policy.check_host(&host)?;
    match host {
        Host::Ipv4(address) => policy.check_address(IpAddr::V4(address)),
        Host::Ipv6(address) => policy.check_address(IpAddr::V6(address)),
        Host::Domain(name) if name.trim_matches('.').is_empty() => Err(Refusal::NotAUrl),
        Host::Domain(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

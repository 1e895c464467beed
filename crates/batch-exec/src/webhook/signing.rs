use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use batch_core::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{InvalidSecret, SignatureScheme, VerifyError};

/// How far the time of a signature may be from now, in seconds.
const TOLERANCE_SECONDS: u64 = 300;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const EXTEND_TIMESTAMP: &str = "x-extend-request-timestamp";
const EXTEND_SIGNATURE: &str = "x-extend-request-signature";
const EXTEND_PREVIOUS: &str = "x-extend-request-signature-previous";

/// The secrets of an endpoint, and how deliveries are signed with them.
///
/// Secrets are changed without a gap by signing with both for a while:
/// [`and_previous`](Self::and_previous).
///
/// ```
/// use batch_exec::webhook::Signing;
///
/// let signing = Signing::standard("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")?;
/// # Ok::<(), batch_exec::webhook::InvalidSecret>(())
/// ```
#[derive(Clone)]
pub struct Signing {
    scheme: SignatureScheme,
    current: Hmac<Sha256>,
    previous: Option<Hmac<Sha256>>,
}

impl Signing {
    /// Signs by Standard Webhooks. The secret is base64 of 24 to 64 random bytes,
    /// with `whsec_` before it or without.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] where it is not.
    pub fn standard(secret: &str) -> Result<Self, InvalidSecret> {
        Ok(Self::new(
            SignatureScheme::StandardWebhooks,
            standard_key(secret)?,
        ))
    }

    /// Signs as the public API of Extend does. The whole text is the key, its `wss_` included.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] where it has fewer than 16 bytes.
    pub fn extend(secret: &str) -> Result<Self, InvalidSecret> {
        Ok(Self::new(SignatureScheme::Extend, extend_key(secret)?))
    }

    const fn new(scheme: SignatureScheme, current: Hmac<Sha256>) -> Self {
        Self {
            scheme,
            current,
            previous: None,
        }
    }

    /// Also signs with the secret that was in use until now, so that a receiver that
    /// has not heard of the new one goes on.
    ///
    /// Standard Webhooks sends both in one header. The scheme of Extend has room for one
    /// signature; the other goes into `x-extend-request-signature-previous`, which a
    /// receiver has to know of.
    ///
    /// # Errors
    ///
    /// As for the secret in use.
    pub fn and_previous(mut self, secret: &str) -> Result<Self, InvalidSecret> {
        self.previous = Some(match self.scheme {
            SignatureScheme::StandardWebhooks => standard_key(secret)?,
            SignatureScheme::Extend => extend_key(secret)?,
        });
        Ok(self)
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The headers that sign exactly these bytes at this time.
    #[must_use]
    pub fn headers(&self, id: &str, at: Timestamp, body: &[u8]) -> Vec<(&'static str, String)> {
        let at = at.as_second().to_string();
        let keys = std::iter::once(&self.current).chain(&self.previous);
        let signed = keys.map(|key| self.mac(key, id, &at, body).finalize().into_bytes());
        match self.scheme {
            SignatureScheme::StandardWebhooks => {
                let all: Vec<_> = signed
                    .map(|it| format!("v1,{}", STANDARD.encode(it)))
                    .collect();
                let all = all.join(" ");
                vec![(ID, id.to_owned()), (TIMESTAMP, at), (SIGNATURE, all)]
            }
            SignatureScheme::Extend => {
                let names = [EXTEND_SIGNATURE, EXTEND_PREVIOUS].into_iter();
                let signed: Vec<_> = names.zip(signed.map(|it| hex(&it))).collect();
                [(EXTEND_TIMESTAMP, at)].into_iter().chain(signed).collect()
            }
        }
    }

    /// Checks what a receiver has got: `header` gives a header by its name in lower case,
    /// `body` is the exact bytes. Whoever accepts it also has to remember the ids of the last
    /// ten minutes, and refuse one that comes again.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] where it was not signed with one of the secrets within five minutes of `now`.
    pub fn verify<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), VerifyError> {
        let (id, time_header, signature_header) = match self.scheme {
            SignatureScheme::StandardWebhooks => (
                header(ID).ok_or(VerifyError::Header(ID))?,
                TIMESTAMP,
                SIGNATURE,
            ),
            SignatureScheme::Extend => ("", EXTEND_TIMESTAMP, EXTEND_SIGNATURE),
        };
        let at = header(time_header).ok_or(VerifyError::Header(time_header))?;
        let seconds: i64 = at.parse().map_err(|_| VerifyError::Header(time_header))?;
        if seconds.abs_diff(now.as_second()) > TOLERANCE_SECONDS {
            return Err(VerifyError::Time);
        }
        let signatures = header(signature_header).ok_or(VerifyError::Header(signature_header))?;
        let fits = |signature: Vec<u8>| {
            let mut keys = std::iter::once(&self.current).chain(&self.previous);
            keys.any(|key| self.mac(key, id, at, body).verify_slice(&signature).is_ok())
        };
        if self.decoded(signatures).any(fits) {
            Ok(())
        } else {
            Err(VerifyError::Signature)
        }
    }

    /// The signatures of a header; what is none is left out.
    fn decoded(&self, header: &str) -> impl Iterator<Item = Vec<u8>> {
        let scheme = self.scheme;
        header.split(' ').filter_map(move |text| match scheme {
            SignatureScheme::StandardWebhooks => STANDARD.decode(text.strip_prefix("v1,")?).ok(),
            SignatureScheme::Extend => from_hex(text),
        })
    }

    fn mac(&self, key: &Hmac<Sha256>, id: &str, at: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = key.clone();
        match self.scheme {
            SignatureScheme::StandardWebhooks => mac.update(format!("{id}.{at}.").as_bytes()),
            SignatureScheme::Extend => mac.update(format!("v0:{at}:").as_bytes()),
        }
        mac.update(body);
        mac
    }
}

fn standard_key(secret: &str) -> Result<Hmac<Sha256>, InvalidSecret> {
    let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
    let bytes = STANDARD
        .decode(secret)
        .map_err(|_| InvalidSecret::NotBase64)?;
    match bytes.len() {
        24..=64 => Ok(key(&bytes)),
        bytes => Err(InvalidSecret::Length { bytes }),
    }
}

fn extend_key(secret: &str) -> Result<Hmac<Sha256>, InvalidSecret> {
    match secret.len() {
        bytes @ ..16 => Err(InvalidSecret::TooShort { bytes }),
        _ => Ok(key(secret.as_bytes())),
    }
}

fn key(bytes: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

impl fmt::Debug for Signing {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

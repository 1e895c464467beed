//! Urls of files. They are kept as they were written, so they must mean the same to every parser.

use url::{ParseError, Url};

use super::{Finding, Problems};
use crate::valid::ProblemCode;

const PATH: &str = "/file/url";

/// Checks length, characters and shape.
pub(super) fn check(problems: &mut Problems<'_>, url: &str) {
    let limit = problems.limits().url_bytes;
    if url.is_empty() {
        return problems.add(PATH, Finding::empty());
    }
    if url.len() > limit {
        problems.add(PATH, Finding::too_large(url.len(), limit));
    }
    if let Some((at, c)) = find_ambiguous(url) {
        let kind = if c.is_control() {
            "control character"
        } else {
            "character"
        };
        problems.add(PATH, Finding::character(kind, c, at));
    }
    if let Some(fault) = fault(url) {
        problems.add(PATH, Finding::new(ProblemCode::InvalidUrl, fault));
    }
}

/// The first character that parsers strip, encode or take for `/`, each in its own way, and its
/// byte offset.
fn find_ambiguous(url: &str) -> Option<(usize, char)> {
    if url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return None;
    }
    let is_ambiguous = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    url.char_indices().find(|(_, c)| is_ambiguous(*c))
}

/// What keeps this text from being an absolute `http` or `https` url of a host.
fn fault(url: &str) -> Option<String> {
    if is_plain(url) {
        return None;
    }
    let parsed = match Url::parse(url) {
        Ok(parsed) => parsed,
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Some("not absolute, must begin with http:// or https://".into());
        }
        Err(error) => return Some(format!("no url: {error}")),
    };
    let scheme = parsed.scheme();
    if !matches!(scheme, "http" | "https") {
        let shown: String = scheme.chars().take(20).collect();
        return Some(format!("the scheme is {shown}, must be http or https"));
    }
    match authority(url) {
        // The parser mends `http:host` and `http:///host`; others do not.
        None | Some("") => Some(format!("no host after {scheme}://")),
        // Listings and logs show urls, and credentials with them.
        Some(authority) if authority.contains('@') => {
            Some("user information before the host".into())
        }
        Some(_) => None,
    }
}

/// What stands between `//` and the path, in the text as it was written.
fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once(':')?.1.strip_prefix("//")?;
    rest.split(['/', '\\', '?', '#']).next()
}

/// Whether the text is a url beyond doubt, without parsing it, which would allocate.
///
/// Nothing after the authority can make an `http` url invalid. So what is left to see is that
/// the host is a name of letters, digits and hyphens that is no number and no punycode.
fn is_plain(url: &str) -> bool {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return false;
    }
    let host = authority(url).unwrap_or_default();
    let is_name = |label: &str| {
        label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.get(2..4) != Some("--")
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(is_name) && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::super::refusal::problems_of;
    use super::*;
    use crate::request::Input;
    use proptest::prelude::*;

    fn messages(url: &str) -> Vec<String> {
        let problems = problems_of(Input::file_url(url));
        assert!(problems.iter().all(|p| p.path == "/file/url"));
        problems.into_iter().map(|p| p.message).collect()
    }

    fn of_length(length: usize) -> String {
        format!("{:x<length$}", "https://example.com/")
    }

    #[test]
    fn absolute_http_and_https_urls_pass() {
        for url in [
            "http://example.com",
            "https://example.com:8443/a/b?c=d#e",
            "HTTPS://EXAMPLE.COM/",
            "http://localhost/x",
            "http://127.0.0.1/",
            "http://[::1]:80/",
            "https://bücher.example/ä",
            "https://xn--bcher-kva.example/",
            "https://a.example/mail@b.example",
            "https://a.example/?x=http://b@c/",
        ] {
            assert_eq!(messages(url), [""; 0], "{url}");
        }
    }

    #[test]
    fn a_text_that_is_no_absolute_url_is_refused() {
        for url in [
            "a/b.pdf",
            "/etc/passwd",
            "//example.com/x",
            "example.com",
            "?a",
        ] {
            let fault = "not absolute, must begin with http:// or https://";
            assert_eq!(messages(url), [fault], "{url}");
        }
    }

    #[test]
    fn a_url_that_does_not_parse_is_refused_with_the_reason() {
        for (url, fault) in [
            ("http://example.com:99999/", "no url: invalid port number"),
            ("http://999.1.1.1/", "no url: invalid IPv4 address"),
            ("http://[::1/", "no url: invalid IPv6 address"),
            ("http://", "no url: empty host"),
            (
                "http://xn--a.example/",
                "no url: invalid international domain name",
            ),
        ] {
            assert_eq!(messages(url), [fault], "{url}");
        }
    }

    #[test]
    fn other_schemes_are_refused_by_name() {
        for (url, scheme) in [
            ("ftp://example.com/x", "ftp"),
            ("file:///etc/passwd", "file"),
            ("javascript:alert(1)", "javascript"),
            ("data:text/plain,x", "data"),
        ] {
            let fault = format!("the scheme is {scheme}, must be http or https");
            assert_eq!(messages(url), [fault]);
        }
    }

    #[test]
    fn a_url_that_only_some_parsers_find_a_host_in_is_refused() {
        for url in [
            "http:example.com",
            "http:///example.com",
            "http:/example.com",
        ] {
            assert_eq!(messages(url), ["no host after http://"], "{url}");
        }
    }

    #[test]
    fn user_information_is_refused_and_not_repeated() {
        for url in [
            "https://u:hunter2@example.com/",
            "https://u@example.com",
            "https://@example.com",
        ] {
            assert_eq!(messages(url), ["user information before the host"], "{url}");
        }
    }

    #[test]
    fn white_space_control_characters_and_backslashes_are_refused() {
        for (url, message) in [
            (" https://example.com", "the character U+0020 at byte 0"),
            ("https://example.com/a b", "the character U+0020 at byte 21"),
            (
                "https://example.com/\n",
                "the control character U+000A at byte 20",
            ),
            (
                "https://example.com/\0",
                "the control character U+0000 at byte 20",
            ),
            (
                "https://example.com/\u{2028}",
                "the character U+2028 at byte 20",
            ),
            ("https://example.com\\x", "the character U+005C at byte 19"),
        ] {
            assert_eq!(messages(url), [message], "{url:?}");
        }
    }

    #[test]
    fn a_url_has_1_to_2048_bytes() {
        assert_eq!(messages(""), ["empty, at least 1 byte"]);
        assert_eq!(messages(&of_length(2_047)), [""; 0]);
        assert_eq!(messages(&of_length(2_048)), [""; 0]);
        assert_eq!(messages(&of_length(2_049)), ["2049 bytes, at most 2048"]);
    }

    #[test]
    fn one_fault_of_a_url_does_not_hide_the_others() {
        let url = format!("ftp://example.com/{}\0", "x".repeat(2_048));
        assert_eq!(messages(&url).len(), 3);
    }

    proptest! {
        #[test]
        fn what_is_plainly_a_url_is_one_by_the_parser_too(
            host in "[a-zA-Z0-9.x-]{0,12}(\\.[a-z0-9-]{0,4}){0,2}",
            rest in "[/?#:@]?.{0,20}",
        ) {
            let url = format!("http://{host}{rest}");
            if is_plain(&url) {
                let parsed = Url::parse(&url);
                prop_assert!(parsed.is_ok(), "{url:?}: {parsed:?}");
                let parsed = parsed.unwrap();
                prop_assert!(parsed.has_host() && parsed.username().is_empty());
                prop_assert_eq!(parsed.password(), None);
            }
        }

        #[test]
        fn an_accepted_url_is_absolute_and_has_a_host(url in "(https?|ftp)?:?/{0,3}[a-z0-9@:.\\[\\]%-]{0,12}.{0,8}") {
            if problems_of(Input::file_url(url.as_str())).is_empty() {
                let parsed = Url::parse(&url).unwrap();
                prop_assert!(matches!(parsed.scheme(), "http" | "https"));
                prop_assert!(parsed.has_host() && parsed.username().is_empty());
            }
        }
    }
}

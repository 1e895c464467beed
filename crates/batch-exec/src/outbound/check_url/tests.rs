use proptest::prelude::*;

use super::super::{AddressKind, AllowedHosts, AllowedPorts, AllowedSchemes};
use super::*;

fn http() -> OutboundPolicy {
    OutboundPolicy {
        schemes: AllowedSchemes::HttpsAndHttp,
        ..OutboundPolicy::default()
    }
}

fn refused(url: &str) -> Option<Refusal> {
    check_url(url, &http()).err()
}

#[test]
fn urls_to_the_internet_pass() {
    for url in [
        "https://example.com",
        "https://example.com/",
        "https://example.com:443/hook?x=1#f",
        "http://example.com:80/",
        "HTTPS://EXAMPLE.COM/UPPER",
        "https://example.com./trailing-dot",
        "https://xn--bcher-kva.example/",
        "https://bücher.example/",
        "https://8.8.8.8/",
        "https://1.1.1.1:443/",
        "https://[2606:4700:4700::1111]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::808:808]/",
        "https://134744072/",
        "https://0x08080808/",
        "https://010.8.8.8/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
        "https://sub.domain.example.co.uk/a/b/c",
        "https://example.com/@not-userinfo",
        "https://example.com/?next=http://127.0.0.1/",
        "https://example.com#@127.0.0.1/",
        "https:example.com",
        "https:\\\\example.com\\path",
        "  https://example.com  ",
        "https://exa\tmple.com/",
    ] {
        // `010` is octal for 8.
        assert_eq!(refused(url), None, "{url}");
    }
}

const INWARD: &[(&str, AddressKind)] = {
    use AddressKind::{
        Documentation, LinkLocal, Loopback, Multicast, Private, Protocol, Reserved, Shared,
        Unspecified,
    };
    &[
        ("http://127.0.0.1/", Loopback),
        ("http://127.0.0.1./", Loopback),
        ("http://127.1/", Loopback),
        ("http://127.0.1/", Loopback),
        ("http://127.255.255.254/", Loopback),
        ("http://2130706433/", Loopback),
        ("http://0x7f000001/", Loopback),
        ("http://0x7f.1/", Loopback),
        ("http://0x7f.0x0.0x0.0x1/", Loopback),
        ("http://0177.0.0.1/", Loopback),
        ("http://017700000001/", Loopback),
        ("http://0177.0.0x0.1/", Loopback),
        ("http://%31%32%37.0.0.1/", Loopback),
        ("http://127.0.0.1%2e/", Loopback),
        ("http://①②⑦.⓪.⓪.①/", Loopback),
        ("http://127。0。0。1/", Loopback),
        ("http://１２７.0.0.1/", Loopback),
        ("http:127.0.0.1", Loopback),
        ("http:\\\\127.0.0.1\\", Loopback),
        ("http://127.0.0.1\\@example.com/", Loopback),
        ("\thttp://127.0.0.1/\n", Loopback),
        ("http://12\n7.0.0.1/", Loopback),
        ("https://[::1]/", Loopback),
        ("https://[0:0:0:0:0:0:0:1]/", Loopback),
        ("https://[::ffff:127.0.0.1]/", Loopback),
        ("https://[::ffff:7f00:1]/", Loopback),
        ("https://[0:0:0:0:0:ffff:7f00:0001]/", Loopback),
        ("https://[64:ff9b::7f00:1]/", Loopback),
        ("https://[::127.0.0.1]/", Reserved),
        ("https://[2002:7f00:1::]/", Protocol),
        ("http://0/", Unspecified),
        ("http://0.0.0.0/", Unspecified),
        ("http://0.1.2.3/", Unspecified),
        ("http://00000000000/", Unspecified),
        ("http://0x0/", Unspecified),
        ("https://[::]/", Unspecified),
        ("https://[::ffff:0.0.0.0]/", Unspecified),
        ("http://10.0.0.1/", Private),
        ("http://10.255.255.255/", Private),
        ("http://167772161/", Private),
        ("http://0xa.1/", Private),
        ("http://012.0.0.1/", Private),
        ("http://172.16.0.1/", Private),
        ("http://172.31.255.255/", Private),
        ("http://192.168.0.1/", Private),
        ("http://192.168.257/", Private),
        ("http://3232235521/", Private),
        ("https://[fc00::1]/", Private),
        ("https://[fd12:3456:789a::1]/", Private),
        ("https://[fd00:ec2::254]/", Private),
        ("https://[::ffff:10.0.0.1]/", Private),
        ("https://[64:ff9b::10.0.0.1]/", Private),
        ("http://169.254.169.254/latest/meta-data/", LinkLocal),
        ("http://2852039166/", LinkLocal),
        ("http://0xa9fea9fe/", LinkLocal),
        ("http://0251.0376.0251.0376/", LinkLocal),
        ("http://169.254.43518/", LinkLocal),
        ("http://169.254.170.2/v2/credentials", LinkLocal),
        ("https://[::ffff:a9fe:a9fe]/", LinkLocal),
        ("https://[fe80::1]/", LinkLocal),
        ("https://[febf::1]/", LinkLocal),
        ("https://[fec0::1]/", Reserved),
        ("http://100.64.0.1/", Shared),
        ("http://100.100.100.200/latest/meta-data/", Shared),
        ("http://100.127.255.255/", Shared),
        ("http://192.0.0.192/", Protocol),
        ("http://192.0.0.1/", Protocol),
        ("http://192.88.99.1/", Protocol),
        ("http://192.0.2.1/", Documentation),
        ("http://198.18.0.1/", Documentation),
        ("http://198.19.255.255/", Documentation),
        ("http://198.51.100.1/", Documentation),
        ("http://203.0.113.1/", Documentation),
        ("https://[2001:db8::1]/", Documentation),
        ("https://[3fff::1]/", Documentation),
        ("https://[2001::1]/", Protocol),
        ("https://[2001:10::1]/", Protocol),
        ("https://[100::1]/", Reserved),
        ("https://[64:ff9b:1::1]/", Reserved),
        ("https://[5f00::1]/", Reserved),
        ("http://224.0.0.1/", Multicast),
        ("http://239.255.255.250/", Multicast),
        ("https://[ff02::1]/", Multicast),
        ("http://240.0.0.1/", Reserved),
        ("http://255.255.255.255/", Reserved),
        ("http://4294967295/", Reserved),
        ("http://0xffffffff/", Reserved),
    ]
};

#[test]
fn urls_that_point_into_the_network_of_the_host_are_refused_however_they_are_written() {
    for &(url, kind) in INWARD {
        assert_eq!(refused(url), Some(Refusal::Address(kind)), "{url}");
    }
}

#[test]
fn urls_that_no_client_should_be_handed_are_refused() {
    let long = format!("https://example.com/{}", "x".repeat(MAX_URL_BYTES));
    // Each character becomes three bytes and then nine.
    let longer = format!("https://example.com/{}", "€".repeat(300));
    for (url, refusal) in [
        ("", Refusal::NotAUrl),
        ("example.com", Refusal::NotAUrl),
        ("//example.com/", Refusal::NotAUrl),
        ("/etc/passwd", Refusal::NotAUrl),
        ("https://", Refusal::NotAUrl),
        ("https:///", Refusal::NotAUrl),
        ("https://./", Refusal::NotAUrl),
        ("https://../", Refusal::NotAUrl),
        ("https://exa mple.com/", Refusal::NotAUrl),
        ("https://example.com:99999/", Refusal::NotAUrl),
        ("https://example.com:-1/", Refusal::NotAUrl),
        ("https://[::1/", Refusal::NotAUrl),
        ("https://[fe80::1%25eth0]/", Refusal::NotAUrl),
        ("https://[fe80::1%eth0]/", Refusal::NotAUrl),
        ("https://256.256.256.256/", Refusal::NotAUrl),
        ("https://1.2.3.4.5/", Refusal::NotAUrl),
        ("https://4294967296/", Refusal::NotAUrl),
        ("https://127.0.0.08/", Refusal::NotAUrl),
        ("https://exa%00mple.com/", Refusal::NotAUrl),
        ("https://example.com%0d%0aHost:evil/", Refusal::NotAUrl),
        ("file:///etc/passwd", Refusal::Scheme),
        ("FILE:///etc/passwd", Refusal::Scheme),
        ("file://127.0.0.1/etc/passwd", Refusal::Scheme),
        ("ftp://example.com/", Refusal::Scheme),
        ("gopher://example.com:25/_HELO", Refusal::Scheme),
        ("dict://example.com:11211/", Refusal::Scheme),
        ("ldap://example.com/", Refusal::Scheme),
        ("ws://example.com/", Refusal::Scheme),
        ("data:text/plain,hello", Refusal::Scheme),
        ("javascript:alert(1)", Refusal::Scheme),
        ("jar:http://example.com!/", Refusal::Scheme),
        ("unix:/var/run/docker.sock", Refusal::Scheme),
        (
            "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
            Refusal::Scheme,
        ),
        ("https://user@example.com/", Refusal::UserInfo),
        ("https://user:secret@example.com/", Refusal::UserInfo),
        ("https://:secret@example.com/", Refusal::UserInfo),
        ("https://example.com@127.0.0.1/", Refusal::UserInfo),
        ("https://127.0.0.1:80@example.com/", Refusal::UserInfo),
        ("https://a@b@example.com/", Refusal::UserInfo),
        ("https://example.com:22/", Refusal::Port),
        ("https://example.com:25/", Refusal::Port),
        ("https://example.com:80/", Refusal::Port),
        ("http://example.com:443/", Refusal::Port),
        ("https://example.com:6379/", Refusal::Port),
        ("https://example.com:8443/", Refusal::Port),
        ("https://example.com:0/", Refusal::Port),
        (&long, Refusal::TooLong),
        (&longer, Refusal::TooLong),
    ] {
        assert_eq!(refused(url), Some(refusal), "{url}");
    }
}

#[test]
fn plain_http_and_other_ports_pass_only_where_they_are_allowed() {
    let strict = OutboundPolicy::default();
    assert_eq!(
        check_url("http://example.com/", &strict),
        Err(Refusal::Scheme)
    );
    let mut policy = http();
    policy.ports = AllowedPorts::AlsoThese(vec![8443]);
    assert!(check_url("https://example.com:8443/", &policy).is_ok());
    assert_eq!(
        check_url("https://example.com:8444/", &policy),
        Err(Refusal::Port)
    );
    policy.ports = AllowedPorts::Any;
    assert!(check_url("https://example.com:25/", &policy).is_ok());
}

#[test]
fn a_list_of_hosts_is_matched_whole_and_never_by_an_address() {
    let policy = OutboundPolicy {
        hosts: AllowedHosts::Only(vec!["example.com".to_owned(), ".hooks.example".to_owned()]),
        ..http()
    };
    for url in [
        "https://EXAMPLE.com/",
        "https://example.com./",
        "https://a.hooks.example/",
        "https://a.b.hooks.example/",
    ] {
        assert!(check_url(url, &policy).is_ok(), "{url}");
    }
    for url in [
        "https://sub.example.com/",
        "https://example.com.evil.net/",
        "https://evilexample.com/",
        "https://hooks.example/",
        "https://evilhooks.example/",
        "https://.hooks.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1]/",
    ] {
        assert!(check_url(url, &policy).is_err(), "{url}");
    }
}

#[test]
fn an_allowed_range_opens_itself_and_nothing_beside_it() {
    let mut policy = http();
    policy.addresses.push("10.1.0.0/16".parse().unwrap());
    for url in [
        "http://10.1.2.3/",
        "https://[::ffff:10.1.2.3]/",
        "https://[64:ff9b::10.1.2.3]/",
    ] {
        assert!(check_url(url, &policy).is_ok(), "{url}");
    }
    for url in [
        "http://10.2.0.1/",
        "http://127.0.0.1/",
        "http://169.254.169.254/",
    ] {
        assert!(check_url(url, &policy).is_err(), "{url}");
    }
}

/// An IPv4 address in one of the ways in which a url can write it.
fn spelled(bits: u32, way: u8) -> String {
    let [a, b, c, d] = bits.to_be_bytes();
    match way {
        0 => format!("{a}.{b}.{c}.{d}"),
        1 => bits.to_string(),
        2 => format!("{bits:#x}"),
        3 => format!("0{bits:o}"),
        4 => format!("{a:#x}.0{b:o}.{c}.{d:#X}"),
        5 => format!("{a}.{}", bits & 0x00ff_ffff),
        6 => format!("{a}.{b}.{}", bits & 0xffff),
        7 => format!("[::ffff:{a}.{b}.{c}.{d}]"),
        8 => format!("[64:ff9b::{:x}:{:x}]", bits >> 16, bits & 0xffff),
        _ => format!("{a}。{b}.{c}。{d}."),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_spelling_of_an_address_has_the_verdict_of_the_address(bits: u32, way in 0_u8..10) {
        let address = std::net::Ipv4Addr::from_bits(bits);
        let expected = http().check_address(address.into()).err();
        let url = format!("http://{}/", spelled(bits, way));
        prop_assert_eq!(refused(&url), expected, "{}", url);
    }

    #[test]
    fn no_text_gets_past_that_leads_to_an_address_that_is_not_global(text in "(https?:)?[/\\\\]{0,3}[0-9a-fx.:@\\[\\]%#?]{0,40}") {
        if let Ok(url) = check_url(&text, &http()) {
            match url.host().unwrap() {
                Host::Ipv4(it) => prop_assert_eq!(AddressKind::of(it.into()), AddressKind::Global),
                Host::Ipv6(it) => prop_assert_eq!(AddressKind::of(it.into()), AddressKind::Global),
                Host::Domain(_) => {}
            }
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }
}

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::AddressRange;

/// What an address is for, as far as it matters to who may connect to it.
///
/// From the registries of special addresses of IANA. The standard library's
/// `is_global` is not stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressKind {
    /// A host on the internet.
    Global,
    /// This host, or any: `0.0.0.0/8`, `::`.
    Unspecified,
    /// This host: `127.0.0.0/8`, `::1`.
    Loopback,
    /// A network of somebody's own: `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`.
    Private,
    /// Between a provider and its customers: `100.64.0.0/10`.
    Shared,
    /// The same link, where clouds answer for metadata: `169.254.0.0/16`, `fe80::/10`.
    LinkLocal,
    /// For examples in texts, and for measuring.
    Documentation,
    /// For protocols: tunnels, relays, discovery, translation.
    Protocol,
    /// Many hosts at once.
    Multicast,
    /// Not given to anybody.
    Reserved,
}

type Row = (AddressRange, AddressKind);

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8, kind: AddressKind) -> Row {
    let address = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    (AddressRange::fixed(address, bits), kind)
}

const fn v6(high: [u16; 4], bits: u8, kind: AddressKind) -> Row {
    let [a, b, c, d] = high;
    let address = IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0));
    (AddressRange::fixed(address, bits), kind)
}

use AddressKind as Kind;

const SPECIAL_V4: [Row; 16] = [
    v4(0, 0, 0, 0, 8, Kind::Unspecified),
    v4(10, 0, 0, 0, 8, Kind::Private),
    v4(100, 64, 0, 0, 10, Kind::Shared),
    v4(127, 0, 0, 0, 8, Kind::Loopback),
    v4(169, 254, 0, 0, 16, Kind::LinkLocal),
    v4(172, 16, 0, 0, 12, Kind::Private),
    v4(192, 0, 0, 0, 24, Kind::Protocol),
    v4(192, 0, 2, 0, 24, Kind::Documentation),
    v4(192, 31, 196, 0, 24, Kind::Protocol),
    v4(192, 52, 193, 0, 24, Kind::Protocol),
    v4(192, 88, 99, 0, 24, Kind::Protocol),
    v4(192, 168, 0, 0, 16, Kind::Private),
    v4(192, 175, 48, 0, 24, Kind::Protocol),
    v4(198, 18, 0, 0, 15, Kind::Documentation),
    v4(198, 51, 100, 0, 24, Kind::Documentation),
    v4(203, 0, 113, 0, 24, Kind::Documentation),
];

/// What lies outside `2000::/3` and is not named here is nobody's.
const SPECIAL_V6: [Row; 8] = [
    v6([0xfc00, 0, 0, 0], 7, Kind::Private),
    v6([0xfe80, 0, 0, 0], 10, Kind::LinkLocal),
    v6([0xff00, 0, 0, 0], 8, Kind::Multicast),
    v6([0x0100, 0, 0, 0], 64, Kind::Reserved),
    // Teredo, ORCHID, benchmarking and others.
    v6([0x2001, 0, 0, 0], 23, Kind::Protocol),
    v6([0x2001, 0x0db8, 0, 0], 32, Kind::Documentation),
    v6([0x3fff, 0, 0, 0], 20, Kind::Documentation),
    // 6to4 carries any IPv4 address inside, private ones too, and is retired.
    v6([0x2002, 0, 0, 0], 16, Kind::Protocol),
];

const GLOBAL_V6: AddressRange =
    AddressRange::fixed(IpAddr::V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0)), 3);

impl AddressKind {
    /// What this address is for. One that carries an IPv4 address inside is what that one is.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => inner_v4(address).map_or_else(|| of_v6(address), of_v4),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Kind {
    let outer = match address.octets()[0] {
        224..=239 => Kind::Multicast,
        240..=255 => Kind::Reserved,
        _ => Kind::Global,
    };
    named(&SPECIAL_V4, IpAddr::V4(address)).unwrap_or(outer)
}

fn of_v6(address: Ipv6Addr) -> Kind {
    match address {
        Ipv6Addr::UNSPECIFIED => return Kind::Unspecified,
        Ipv6Addr::LOCALHOST => return Kind::Loopback,
        _ => {}
    }
    let address = IpAddr::V6(address);
    named(&SPECIAL_V6, address).unwrap_or(if GLOBAL_V6.contains(address) {
        Kind::Global
    } else {
        Kind::Reserved
    })
}

fn named(rows: &[Row], address: IpAddr) -> Option<Kind> {
    let row = rows.iter().find(|(range, _)| range.contains(address));
    row.map(|(_, kind)| *kind)
}

/// The IPv4 address that a connection really goes to: mapped (`::ffff:0:0/96`), or
/// translated on the way (`64:ff9b::/96`, which hosts without IPv4 get from their resolver).
pub(super) fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let translated = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    let [.., a, b, c, d] = address.octets();
    match address.to_ipv4_mapped() {
        None if translated => Some(Ipv4Addr::new(a, b, c, d)),
        mapped => mapped,
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::Shared => "shared",
            Self::LinkLocal => "link-local",
            Self::Documentation => "documentation",
            Self::Protocol => "protocol",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(address: &str) -> Kind {
        Kind::of(address.parse().unwrap())
    }

    #[test]
    fn the_first_and_last_address_of_each_special_range_are_known_and_their_neighbours_are_global()
    {
        let ranges = [
            ("0.0.0.0", "0.255.255.255", Kind::Unspecified),
            ("10.0.0.0", "10.255.255.255", Kind::Private),
            ("100.64.0.0", "100.127.255.255", Kind::Shared),
            ("127.0.0.0", "127.255.255.255", Kind::Loopback),
            ("169.254.0.0", "169.254.255.255", Kind::LinkLocal),
            ("172.16.0.0", "172.31.255.255", Kind::Private),
            ("192.0.0.0", "192.0.0.255", Kind::Protocol),
            ("192.0.2.0", "192.0.2.255", Kind::Documentation),
            ("192.88.99.0", "192.88.99.255", Kind::Protocol),
            ("192.168.0.0", "192.168.255.255", Kind::Private),
            ("198.18.0.0", "198.19.255.255", Kind::Documentation),
            ("198.51.100.0", "198.51.100.255", Kind::Documentation),
            ("203.0.113.0", "203.0.113.255", Kind::Documentation),
            ("224.0.0.0", "239.255.255.255", Kind::Multicast),
            ("240.0.0.0", "255.255.255.255", Kind::Reserved),
        ];
        for (first, last, expected) in ranges {
            let (first, last): (Ipv4Addr, Ipv4Addr) =
                (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(of_v4(first), expected, "{first}");
            assert_eq!(of_v4(last), expected, "{last}");
            for neighbour in [
                first.to_bits().checked_sub(1),
                last.to_bits().checked_add(1),
            ] {
                let Some(bits) = neighbour else { continue };
                assert_ne!(of_v4(Ipv4Addr::from_bits(bits)), expected, "beside {first}");
            }
        }
        for global in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "172.32.0.0",
            "223.255.255.255",
        ] {
            assert_eq!(kind(global), Kind::Global, "{global}");
        }
    }

    #[test]
    fn an_ipv6_address_is_global_only_inside_2000_3_and_outside_the_special_ranges() {
        for (address, expected) in [
            ("::", Kind::Unspecified),
            ("::1", Kind::Loopback),
            ("::2", Kind::Reserved),
            ("::7f00:1", Kind::Reserved),
            ("::ffff:127.0.0.1", Kind::Loopback),
            ("::ffff:169.254.169.254", Kind::LinkLocal),
            ("::ffff:8.8.8.8", Kind::Global),
            ("::ffff:0:8.8.8.8", Kind::Reserved),
            ("64:ff9b::a00:1", Kind::Private),
            ("64:ff9b::808:808", Kind::Global),
            ("64:ff9b:1::1", Kind::Reserved),
            ("100::1", Kind::Reserved),
            ("2001::1", Kind::Protocol),
            ("2001:1ff:ffff::1", Kind::Protocol),
            ("2001:200::1", Kind::Global),
            ("2001:db8::1", Kind::Documentation),
            ("2002:7f00:1::", Kind::Protocol),
            ("3fff::1", Kind::Documentation),
            ("2606:4700:4700::1111", Kind::Global),
            ("4000::1", Kind::Reserved),
            ("5f00::1", Kind::Reserved),
            ("fc00::1", Kind::Private),
            ("fd00:ec2::254", Kind::Private),
            ("fe80::1", Kind::LinkLocal),
            ("fec0::1", Kind::Reserved),
            ("ff02::1", Kind::Multicast),
        ] {
            assert_eq!(kind(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn mapping_into_ipv6_changes_nothing(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let translated = Ipv6Addr::from_bits(0x64_ff9b << 96 | u128::from(bits));
            let kind = of_v4(address);
            prop_assert_eq!(Kind::of(address.to_ipv6_mapped().into()), kind);
            prop_assert_eq!(Kind::of(translated.into()), kind);
        }

        #[test]
        fn what_the_standard_library_calls_special_is_never_global(bits: u128) {
            let six = Ipv6Addr::from_bits(bits);
            let special = six.is_loopback() || six.is_multicast() || six.is_unspecified()
                || six.is_unique_local() || six.is_unicast_link_local();
            prop_assert!(!special || Kind::of(six.into()) != Kind::Global);
            let [.., a, b, c, d] = six.octets();
            let four = Ipv4Addr::new(a, b, c, d);
            let special = four.is_loopback() || four.is_private() || four.is_link_local()
                || four.is_broadcast() || four.is_multicast() || four.is_documentation()
                || four.is_unspecified();
            prop_assert!(!special || Kind::of(four.into()) != Kind::Global);
        }
    }
}

//! Addresses: what no sandbox ever reaches, and what needs to be allowed by its range.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ports of a cluster's own machinery, which stay closed whatever a policy says.
pub(super) const CLOSED_PORTS: &[u16] = &[2379, 2380, 6443, 10250, 10255];

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    first: IpAddr,
    prefix: u32,
}

impl Range {
    /// Reads `10.0.0.0/8` or a single address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(text) => {
                let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let number: u32 = text.parse().ok()?;
                (is_number && number <= longest).then_some(number)?
            }
        };
        Some(Self {
            first: masked(address, prefix),
            prefix,
        })
    }

    /// Whether it holds `address`.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == self.first
    }

    /// Whether it holds any address that is never reached.
    pub(super) fn touches_closed(&self) -> bool {
        CLOSED.iter().any(|(address, prefix)| {
            let closed = Self {
                first: *address,
                prefix: *prefix,
            };
            self.contains(closed.first) || closed.contains(self.first)
        })
    }
}

/// Loopback, link-local with the clouds' metadata, and the unspecified address.
const CLOSED: &[(IpAddr, u32)] = &[
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 32),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

/// The address that `host` is written as, with or without brackets.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Whether no sandbox ever reaches `address`.
pub(super) fn is_closed(address: IpAddr) -> bool {
    let address = unmapped(address);
    Range {
        first: address,
        prefix: if address.is_ipv4() { 32 } else { 128 },
    }
    .touches_closed()
}

/// Whether `host` is a name of what no sandbox ever reaches.
pub(super) fn is_closed_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host == "metadata.google.internal"
}

/// An IPv4 address that is written as IPv6.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges_and_nothing_else() {
        for good in ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "0.0.0.0/0"] {
            assert!(Range::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "not-a-cidr",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0/8",
            "::/129",
        ] {
            assert!(Range::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn knows_what_is_never_reached() {
        let touches = |text| Range::parse(text).unwrap().touches_closed();
        for closed in [
            "127.0.0.0/8",
            "127.1.2.3",
            "0.0.0.0/0",
            "169.254.169.254",
            "::/0",
            "::1",
            "fe80::1",
        ] {
            assert!(touches(closed), "{closed}");
        }
        for open in [
            "10.0.0.0/8",
            "192.168.0.0/16",
            "172.16.0.0/12",
            "fd00::/8",
            "1.2.3.4",
        ] {
            assert!(!touches(open), "{open}");
        }
        assert!(is_closed("::ffff:127.0.0.1".parse().unwrap()));
    }
}

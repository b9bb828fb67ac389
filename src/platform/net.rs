//! Finds the address of the client behind trusted proxies.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Once,
};

use http::HeaderMap;
use ipnet::IpNet;

/// Logged once per process, because such a proxy writes the same with every request.
static UNREADABLE: Once = Once::new();

/// The address of the client. It is the connection's address, unless that is a trusted proxy. Then it is the
/// rightmost address in `X-Forwarded-For` that is not a trusted proxy. Spoofing: the client may have written
/// the addresses further left, so they are ignored.
pub fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted =
        |address: &IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let peer = peer.ip().to_canonical();
    if !is_trusted(&peer) {
        return peer;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .enumerate()
        // An unreadable address ends the search, because nothing to its left can be trusted.
        .map_while(|(from_the_right, text)| {
            let address = forwarded(text.trim());
            // Only log the rightmost one, which the proxy wrote. The client may have written the others, and
            // must not fill the log.
            if address.is_none() && from_the_right == 0 {
                UNREADABLE.call_once(|| {
                    tracing::warn!(%peer, "a trusted proxy's X-Forwarded-For cannot be read: its browsers count as one");
                });
            }
            address
        })
        .find(|address| !is_trusted(address))
        .unwrap_or(peer)
}

/// The network of one client: its address, or in IPv6 the /64, within which a client chooses addresses
/// freely.
pub fn own_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// The wider network around an address: `/24` of IPv4, and `/48` of IPv6, which providers give to one customer.
pub fn wide_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8)).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80)).into(),
    }
}

/// Parses a forwarded address. Some proxies append a port; an IPv6 address is then in brackets.
fn forwarded(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client_address(SocketAddr::new(peer.parse().expect("an address"), 1), &headers, &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_from_an_untrusted_peer_is_ignored() {
        assert_eq!(client("198.51.100.1", &["203.0.113.9"], &[]), "198.51.100.1");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_client() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 203.0.113.9, 10.0.0.2"], &trusted), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.9"], &trusted), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9"], &trusted), "203.0.113.9");
    }

    #[test]
    fn a_forwarded_address_may_have_a_port() {
        let trusted = ["10.0.0.0/8"];
        for (forwarded, address) in [
            ("203.0.113.9:51234", "203.0.113.9"),
            ("[2001:db8::9]:51234", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
        ] {
            assert_eq!(client("10.0.0.1", &[forwarded], &trusted), address, "{forwarded}");
        }
    }

    #[test]
    fn without_a_readable_forwarded_address_the_proxy_is_the_client() {
        assert_eq!(client("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
    }
}

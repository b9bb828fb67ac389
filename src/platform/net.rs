//! Who is on the other end of a connection.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Once,
};

use http::HeaderMap;
use ipnet::IpNet;

/// Said once in the life of the process: such a proxy writes the like with each request.
static UNREADABLE: Once = Once::new();

/// The address of the client: of the connection, unless that comes from a trusted proxy; then the
/// rightmost forwarded address that is not a trusted proxy's itself. What stands further left in
/// `X-Forwarded-For` the client may have written, and it is not believed.
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
        // What cannot be read ends the search: nothing to its left is vouched for.
        .map_while(|(from_the_right, text)| {
            let address = forwarded(text.trim());
            // That one the proxy wrote, those before it perhaps the client, who is not to fill the log.
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

/// The network that one client has to itself: its address, or of IPv6 the /64, in which it chooses addresses freely.
pub fn own_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// An address; some proxies write its port after it, and one of IPv6 then in brackets.
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
    fn a_forwarded_address_from_anyone_counts_for_nothing() {
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
    fn where_a_proxy_says_nothing_readable_the_proxy_is_the_client() {
        assert_eq!(client("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
    }
}

//! The networks from which an API client may call: addresses and CIDR blocks, as an administrator types them.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

/// Number of bits before the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2).
const MAPPED: u8 = 96;

/// A network of IP addresses, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANetwork(pub String);

impl Network {
    /// Parses networks, separated by blanks, commas or lines. The same network counts once.
    ///
    /// # Errors
    /// The first text that is no network.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, NotANetwork> {
        let mut networks = Vec::new();
        for part in text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty()) {
            let network: Self = part.parse()?;
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Ok(networks)
    }

    /// The same networks as one text, for the database and for a form.
    pub fn join(networks: &[Self]) -> String {
        networks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// Whether it has this address. An IPv4 address counts as itself also in its IPv6 notation.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse::<IpNet>().map_err(|_| wrong())?,
        };
        Ok(Self(canonical(network).trunc()))
    }
}

/// A network of IPv4-mapped addresses as a network of IPv4.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let length = v6.prefix_len().checked_sub(MAPPED);
    match v6.addr().to_ipv4_mapped().zip(length) {
        Some((address, length)) => Ipv4Net::new(address, length).map_or(network, IpNet::V4),
        None => network,
    }
}

/// One address without the length of its prefix.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    fn contains(text: &str, address: &str) -> bool {
        network(text).contains(address.parse().expect("an address"))
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        for (text, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
        ] {
            assert!(contains(text, inside) && !contains(text, outside), "{text}");
        }
    }

    #[test]
    fn ipv4_in_the_notation_of_ipv6_is_ipv4() {
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert!(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
        assert!(!contains("::ffff:192.0.2.0/120", "192.0.3.9"));
        assert_eq!(network("::ffff:192.0.2.9").to_string(), "192.0.2.9");
    }

    #[test]
    fn networks_are_read_from_lines_and_written_in_one_way() {
        let networks = Network::parse_all(" 192.0.2.9/24,\n192.0.2.0/24 2001:DB8::1 ").expect("networks");
        assert_eq!(Network::join(&networks), "192.0.2.0/24\n2001:db8::1");
        assert_eq!(Network::parse_all(&Network::join(&networks)), Ok(networks));
        assert_eq!(Network::parse_all(""), Ok(Vec::new()));
        for wrong in ["192.0.2.0/33", "contoso.test", "192.0.2", "::/129", "1.2.3.4/24/8"] {
            assert_eq!(Network::parse_all(wrong), Err(NotANetwork(wrong.to_owned())));
        }
    }
}

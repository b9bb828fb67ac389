//! Parses what an administrator types about an API client.

use time::Duration;

use super::{AT_ONCE, ClientReach, MAX_AT_ONCE, MAX_RATE, Network, RATE, ReachKind};
use crate::{
    connectors::service::ConnectorId,
    people::access::Scopes,
    platform::{
        clock::Timestamp,
        text::{self, BadName},
    },
    providers::ExpiryDate,
};

/// Maximum number of characters of a client's name.
const MAX_NAME: usize = 60;
/// Maximum number of networks of a client.
const MAX_NETWORKS: usize = 50;
/// Maximum number of connectors of a client's reach.
pub const MAX_CONNECTORS: usize = 100;

/// A client as typed. Fields of a form that are absent are empty.
#[derive(Clone, Debug, Default)]
pub struct TypedClient {
    pub name: String,
    /// Names of scopes.
    pub scopes: Vec<String>,
    /// The name of a [`ReachKind`].
    pub reach: String,
    /// Ids of connectors.
    pub connectors: Vec<String>,
    /// Networks, separated by blanks, commas or lines.
    pub networks: String,
    /// The last day, such as `2028-11-23`; empty for no end.
    pub expires: String,
    /// Calls a second; empty for the usual number.
    pub rate: String,
    /// Calls at once; empty for the usual number.
    pub at_once: String,
}

/// Mistakes in a typed client: the name of the field, and what to change.
pub type ClientErrors = Vec<(&'static str, &'static str)>;

/// A parsed client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedClient {
    pub name: String,
    pub scopes: Scopes,
    pub reach: ClientReach,
    pub networks: Vec<Network>,
    pub expires_at: Option<Timestamp>,
    pub rate: u32,
    pub at_once: u32,
}

impl ParsedClient {
    pub const fn reach_kind(&self) -> ReachKind {
        match self.reach {
            ClientReach::All => ReachKind::All,
            ClientReach::Connectors(_) => ReachKind::Connectors,
            ClientReach::Connected => ReachKind::Connected,
        }
    }

    /// The connectors of its reach.
    pub fn connectors(&self) -> &[ConnectorId] {
        match &self.reach {
            ClientReach::Connectors(connectors) => connectors,
            ClientReach::All | ClientReach::Connected => &[],
        }
    }
}

impl TypedClient {
    /// Parses every value.
    ///
    /// # Errors
    /// Every mistake, in the order of the fields.
    pub fn parse(&self) -> Result<ParsedClient, ClientErrors> {
        let mut errors = ClientErrors::new();
        let name = text::name(&self.name, MAX_NAME).unwrap_or_else(|why| {
            let words = match why {
                BadName::Empty => "Enter a name, such as that of your application.",
                BadName::TooLong => "Use at most 60 characters.",
                BadName::Hidden => "This contains an invisible character. Type the name again.",
            };
            errors.push(("name", words));
            String::new()
        });
        let scopes = Scopes::parse(&self.scopes.join(" ")).unwrap_or_default();
        if scopes.is_empty() {
            errors.push(("scopes", "Choose what the application may do."));
        }
        let reach = self.reach(&mut errors);
        let networks = match Network::parse_all(&text::ascii(&self.networks)) {
            Ok(networks) if networks.len() <= MAX_NETWORKS => networks,
            Ok(_) => {
                errors.push(("networks", "Enter at most 50 addresses and networks."));
                Vec::new()
            }
            Err(_) => {
                let words = "Enter IP addresses or networks such as 192.0.2.0/24, one a line.";
                errors.push(("networks", words));
                Vec::new()
            }
        };
        let expires = ExpiryDate::parse(&self.expires).unwrap_or_else(|words| {
            errors.push(("expires", words));
            None
        });
        let words = "Enter a number of calls from 1 to 1,000, or leave it empty for 100.";
        let rate = number(&self.rate, RATE, MAX_RATE, ("rate", words), &mut errors);
        let words = "Enter a number of calls from 1 to 512, or leave it empty for 64.";
        let at_once = number(&self.at_once, AT_ONCE, MAX_AT_ONCE, ("at_once", words), &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        // The day itself still counts.
        let expires_at = expires.map(|day| start_of(day).plus(Duration::days(1)));
        Ok(ParsedClient { name, scopes, reach, networks, expires_at, rate, at_once })
    }

    fn reach(&self, errors: &mut ClientErrors) -> ClientReach {
        match text::trim(&self.reach).parse::<ReachKind>() {
            Ok(ReachKind::All) => ClientReach::All,
            Ok(ReachKind::Connected) => ClientReach::Connected,
            Ok(ReachKind::Connectors) => {
                let mut connectors: Vec<ConnectorId> =
                    self.connectors.iter().filter_map(|id| id.parse().ok()).collect();
                connectors.sort_unstable();
                connectors.dedup();
                if connectors.is_empty() {
                    errors.push(("connectors", "Choose at least one connector."));
                }
                if connectors.len() > MAX_CONNECTORS {
                    errors.push(("connectors", "Choose at most 100 connectors."));
                }
                ClientReach::Connectors(connectors)
            }
            Err(_) => {
                errors.push(("reach", "Choose which accounts the application reaches."));
                ClientReach::Connected
            }
        }
    }
}

/// The beginning of a day, in UTC.
fn start_of(day: ExpiryDate) -> Timestamp {
    let seconds = day.date().midnight().assume_utc().unix_timestamp();
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

fn number(
    typed: &str,
    usual: u32,
    max: u32,
    (field, words): (&'static str, &'static str),
    errors: &mut ClientErrors,
) -> u32 {
    let typed = text::ascii(typed).replace(',', "");
    let typed = typed.trim();
    if typed.is_empty() {
        return usual;
    }
    match typed.parse::<u32>() {
        Ok(number) if (1..=max).contains(&number) => number,
        _ => {
            errors.push((field, words));
            usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> TypedClient {
        TypedClient {
            name: " Mail archive ".to_owned(),
            scopes: vec!["MailApps.messages.READ".to_owned(), "MailApps.accounts.ALL".to_owned()],
            reach: "all".to_owned(),
            ..TypedClient::default()
        }
    }

    fn fields(typed: &TypedClient) -> Vec<&'static str> {
        typed.parse().expect_err("mistakes").into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn what_is_left_empty_has_its_usual_value() {
        let parsed = typed().parse().expect("a client");
        assert_eq!(parsed.name, "Mail archive");
        assert_eq!(parsed.scopes.to_string(), "MailApps.accounts.ALL MailApps.messages.READ");
        assert_eq!((parsed.rate, parsed.at_once, parsed.expires_at), (RATE, AT_ONCE, None));
        assert_eq!((parsed.reach, parsed.networks), (ClientReach::All, Vec::new()));
    }

    #[test]
    fn the_last_day_still_counts() {
        let typed = TypedClient { expires: "2026-11-23".to_owned(), ..typed() };
        let expires_at = typed.parse().expect("a client").expires_at.expect("an end");
        assert_eq!(expires_at.for_machines(), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_fields() {
        let wrong = TypedClient {
            name: String::new(),
            scopes: vec!["MailApps.mail.READ".to_owned()],
            reach: "some".to_owned(),
            networks: "contoso.test".to_owned(),
            expires: "tomorrow".to_owned(),
            rate: "0".to_owned(),
            at_once: "513".to_owned(),
            ..TypedClient::default()
        };
        assert_eq!(fields(&wrong), ["name", "scopes", "reach", "networks", "expires", "rate", "at_once"]);
        let without = TypedClient { reach: "connectors".to_owned(), ..typed() };
        assert_eq!(fields(&without), ["connectors"]);
    }

    #[test]
    fn each_connector_of_a_reach_counts_once() {
        let id = "01932b5e-0000-7000-8000-000000000001";
        let connectors = vec![id.to_owned(), id.to_owned(), "x".to_owned()];
        let typed = TypedClient { reach: "connectors".to_owned(), connectors, ..typed() };
        let parsed = typed.parse().expect("a client");
        assert_eq!((parsed.connectors().len(), parsed.reach_kind()), (1, ReachKind::Connectors));
    }
}

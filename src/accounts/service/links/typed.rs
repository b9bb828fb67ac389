//! Parses what a caller asks for in a new link.

use time::Duration;

use super::{
    super::{
        super::store::{AccountId, links::LinkSource},
        return_addresses::address::Address,
    },
    API_LIFE, CONSOLE_LIFE, MAX_LIFE, MIN_LIFE,
};
use crate::{connectors::service::ConnectorId, people::model::Email, platform::text};

/// Maximum number of characters of the display name.
const MAX_NAME: usize = 100;
/// Maximum number of characters of the application's reference.
pub const MAX_REFERENCE: usize = 200;
/// Maximum number of bytes of the application's own value that comes back.
pub const MAX_STATE: usize = 512;

/// A link that is to be made, as the caller gives it. Empty texts count as absent.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub connector: ConnectorId,
    /// The account that is to sign in again, or to move to the connector.
    pub account: Option<AccountId>,
    /// The email of the mailbox that is to be connected. An application must give it for a new account.
    pub expected_email: Option<String>,
    /// The display name of a new account.
    pub name: Option<String>,
    /// The application's own id for a new account.
    pub reference: Option<String>,
    /// The address of the application to which the person goes back.
    pub return_address: Option<String>,
    /// What the application gets back with the answer.
    pub state: Option<String>,
    /// How long the link works; `None` for the usual time.
    pub life: Option<Duration>,
    pub source: LinkSource,
}

/// Mistakes in a new link: the name of the field, and what to change.
pub type LinkErrors = Vec<(&'static str, &'static str)>;

/// A parsed new link.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) connector: ConnectorId,
    pub(super) account: Option<AccountId>,
    pub(super) expected_email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) reference: Option<String>,
    /// The return address as it was given, and parsed.
    pub(super) return_address: Option<(String, Address)>,
    pub(super) state: Option<String>,
    pub(super) life: Duration,
    pub(super) source: LinkSource,
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text::trim(text).is_empty())
}

/// What a link says of its mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) reference: Option<String>,
}

impl Mailbox {
    /// Parses texts that may be empty. Adds every mistake to `errors`, in the order of the fields.
    pub(super) fn parse(
        email: Option<&String>,
        name: Option<&String>,
        reference: Option<&String>,
        errors: &mut LinkErrors,
    ) -> Self {
        let email = given(email).map(Email::parse).transpose().unwrap_or_else(|words| {
            errors.push(("expected_email", words));
            None
        });
        let mut line = |field, value: Option<&String>, max, words| {
            let parsed = given(value).map(|typed| text::name(typed, max)).transpose();
            parsed.unwrap_or_else(|_| {
                errors.push((field, words));
                None
            })
        };
        let name =
            line("name", name, MAX_NAME, "Enter a name of up to 100 characters, without invisible ones.");
        let reference = line(
            "reference",
            reference,
            MAX_REFERENCE,
            "Enter a reference of up to 200 characters, without invisible ones.",
        );
        Self { email: email.map(|email| email.as_str().to_owned()), name, reference }
    }
}

impl NewLink {
    /// A link for a connector that is made in the console, without anything else.
    pub fn of_console(connector: ConnectorId) -> Self {
        Self {
            connector,
            account: None,
            expected_email: None,
            name: None,
            reference: None,
            return_address: None,
            state: None,
            life: None,
            source: LinkSource::Console,
        }
    }

    /// Parses every value.
    ///
    /// # Errors
    /// Every mistake, in the order of the fields.
    pub(super) fn parse(&self) -> Result<Parsed, LinkErrors> {
        let mut errors = LinkErrors::new();
        let must_have_email = self.source == LinkSource::Api && self.account.is_none();
        if must_have_email && given(self.expected_email.as_ref()).is_none() {
            errors.push(("expected_email", "Give the email of the mailbox that is to be connected."));
        }
        let mailbox = Mailbox::parse(
            self.expected_email.as_ref(),
            self.name.as_ref(),
            self.reference.as_ref(),
            &mut errors,
        );
        let mut note = |field, words| errors.push((field, words));
        let mut return_address = None;
        if let Some(typed) = given(self.return_address.as_ref()) {
            let typed = text::trim(typed);
            match Address::parse(typed) {
                Ok(address) => return_address = Some((typed.to_owned(), address)),
                Err(problem) => note("return_address", problem.words()),
            }
        }
        let state = self.state.clone().filter(|state| !state.is_empty());
        if let Some(state) = &state {
            if state.len() > MAX_STATE {
                note("state", "Give a state of at most 512 bytes.");
            } else if state.contains(char::is_control) {
                note("state", "Give a state without control characters.");
            }
        }
        let usual = match self.source {
            LinkSource::Console => CONSOLE_LIFE,
            LinkSource::Api => API_LIFE,
        };
        let life = self.life.unwrap_or(usual);
        if !(MIN_LIFE..=MAX_LIFE).contains(&life) {
            note("life", "Choose a time between one minute and 30 days.");
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (connector, account, source) = (self.connector, self.account, self.source);
        let Mailbox { email: expected_email, name, reference } = mailbox;
        Ok(Parsed {
            connector,
            account,
            expected_email,
            name,
            reference,
            return_address,
            state,
            life,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn new() -> NewLink {
        NewLink::of_console(ConnectorId(Uuid::from_u128(1)))
    }

    #[test]
    fn everything_but_the_connector_is_optional_in_the_console() {
        let parsed = new().parse().expect("a link");
        assert_eq!((parsed.life, parsed.expected_email, parsed.return_address), (CONSOLE_LIFE, None, None));
        let empty = NewLink {
            expected_email: Some(" ".to_owned()),
            name: Some(String::new()),
            reference: Some("\u{200b}".to_owned()),
            ..new()
        };
        let parsed = empty.parse().expect("a link");
        assert_eq!((parsed.expected_email, parsed.name, parsed.reference), (None, None, None));
    }

    #[test]
    fn an_application_gives_the_expected_email_and_its_links_live_for_30_minutes() {
        let of_api = NewLink { source: LinkSource::Api, ..new() };
        let errors = of_api.parse().expect_err("no email");
        assert_eq!(errors.first().map(|(field, _)| *field), Some("expected_email"));
        let with = NewLink { expected_email: Some("Alice@Contoso.TEST".to_owned()), ..of_api.clone() };
        let parsed = with.parse().expect("a link");
        assert_eq!(parsed.life, API_LIFE);
        assert_eq!(parsed.expected_email.as_deref(), Some("alice@contoso.test"));
        let again = NewLink { account: Some(AccountId(Uuid::from_u128(2))), ..of_api };
        assert!(again.parse().is_ok(), "the account is known");
    }

    #[test]
    fn every_mistake_is_named_in_the_order_of_the_fields() {
        let wrong = NewLink {
            expected_email: Some("alice".to_owned()),
            name: Some("x".repeat(101)),
            reference: Some("x".repeat(201)),
            return_address: Some("http://crm.example.com".to_owned()),
            state: Some("x".repeat(513)),
            life: Some(Duration::seconds(59)),
            ..new()
        };
        let fields: Vec<_> =
            wrong.parse().expect_err("mistakes").into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["expected_email", "name", "reference", "return_address", "state", "life"]);
        for life in [MIN_LIFE, MAX_LIFE] {
            assert!(NewLink { life: Some(life), ..new() }.parse().is_ok());
        }
        let long = NewLink { life: Some(MAX_LIFE + Duration::seconds(1)), ..new() };
        assert!(long.parse().is_err());
        assert!(NewLink { state: Some("a\0b".to_owned()), ..new() }.parse().is_err());
    }
}

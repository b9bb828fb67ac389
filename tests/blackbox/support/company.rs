//! The companies whose mailboxes the suites of refreshing and of sending run with, and what differs between them.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::{Browser, Canned, Kind, NewConnector, World};

/// What differs between the companies.
#[derive(Debug)]
pub struct Facts {
    /// As messages call it.
    pub name: &'static str,
    /// Whether a refresh gives a new refresh token and ends the one that was sent.
    pub rotates: bool,
    /// What a refresh grants to an account of a connector of [`Company::add_connector`].
    pub granted: &'static str,
    /// The code of the error with which it refuses to send a message.
    pub refusal: &'static str,
    /// Whether the answer to a message that is sent without a draft has its id.
    pub tells_id: bool,
    /// Whether the files of a draft are given in requests of their own, and not with the draft.
    pub attaches: bool,
    /// The path at which the addresses of the mailbox are read.
    pub addresses: &'static str,
    /// The path to which a message is given that is sent without a draft.
    pub send: &'static str,
}

static MICROSOFT: Facts = Facts {
    name: "Microsoft",
    rotates: true,
    granted: "User.Read Mail.Read Mail.Send Contacts.Read",
    refusal: "ErrorInvalidRecipients",
    tells_id: false,
    attaches: true,
    addresses: "/me",
    send: "/me/sendMail",
};

static GOOGLE: Facts = Facts {
    name: "Google",
    rotates: false,
    granted: "openid https://www.googleapis.com/auth/userinfo.email \
              https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/gmail.readonly \
              https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/contacts.readonly",
    refusal: "invalidArgument",
    tells_id: true,
    attaches: false,
    addresses: "/gmail/v1/users/me/settings/sendAs",
    send: "/gmail/v1/users/me/messages/send",
};

/// A company with a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    Microsoft,
    Google,
}

impl Company {
    pub fn facts(self) -> &'static Facts {
        match self {
            Self::Microsoft => &MICROSOFT,
            Self::Google => &GOOGLE,
        }
    }

    /// The name of a mailbox's refresh token after this number of refreshes.
    pub fn refresh_token(self, first: &str, refreshes: usize) -> String {
        if self.facts().rotates { format!("{first}{}", "+".repeat(refreshes)) } else { first.to_owned() }
    }

    /// The name of a mailbox's access token after this number of refreshes.
    pub fn access_token(self, first: &str, refreshes: usize) -> String {
        match refreshes.checked_sub(1) {
            None => first.to_owned(),
            Some(before) => format!("{}+", self.refresh_token(first, before)),
        }
    }

    /// Adds a connector by the form and returns the path of its page.
    pub async fn add_connector(self, world: &World, browser: &mut Browser, name: &str) -> String {
        match self {
            Self::Microsoft => {
                let new = NewConnector { name, ..NewConnector::default() };
                Box::pin(world.add_connector(browser, &new)).await
            }
            Self::Google => Box::pin(add_at_google(world, browser, name)).await,
        }
    }
}

/// The client secret of every connector at Google.
pub const SECRET_AT_GOOGLE: &str = "GOCSPX-canary-of-the-form-000000000";

static PROJECTS: AtomicU64 = AtomicU64::new(100_000_000_000);

async fn add_at_google(world: &World, browser: &mut Browser, name: &str) -> String {
    // The try of the credentials: the code is refused, so they are right.
    world.provider.answer_token(Canned::Json(400, json!({ "error": "invalid_grant" })));
    let project = PROJECTS.fetch_add(1, Ordering::Relaxed);
    let client_id = format!("{project}-abc0def1.apps.googleusercontent.com");
    let page = browser.get("/connectors/new?provider=google").await;
    let hidden = ["form", "owner"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("provider", "google"),
        ("service_name", name),
        ("hosted_domain", ""),
        ("client_id", &client_id),
        ("client_secret", SECRET_AT_GOOGLE),
        ("secret_expires_on", ""),
        ("scopes[]", "https://www.googleapis.com/auth/gmail.readonly"),
        ("scopes[]", "https://www.googleapis.com/auth/gmail.send"),
        ("scopes[]", "https://www.googleapis.com/auth/contacts.readonly"),
    ]);
    let added = browser.post("/do/connectors/add", &fields).await;
    let connector = added.location().to_owned();
    assert!(connector.starts_with("/connectors/") && connector != "/connectors/new", "{connector}");
    connector
}

/// A company's mailboxes, in an installation with this kind of database. Google runs on SQLite only: what the program
/// stores and locks is the same for all providers, so PostgreSQL would only take the time again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    pub company: Company,
    pub kind: Kind,
}

pub const OUTLOOK: Site = Site { company: Company::Microsoft, kind: Kind::Sqlite };
pub const OUTLOOK_ON_POSTGRES: Site = Site { company: Company::Microsoft, kind: Kind::Postgres };
pub const GMAIL: Site = Site { company: Company::Google, kind: Kind::Sqlite };

impl From<Kind> for Site {
    fn from(kind: Kind) -> Self {
        Self { company: Company::Microsoft, kind }
    }
}

/// The permissions with which a message is sent in one way, in the words of each company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes {
    pub outlook: &'static str,
    pub gmail: &'static str,
}

impl Scopes {
    pub fn of(self, company: Company) -> &'static str {
        match company {
            Company::Microsoft => self.outlook,
            Company::Google => self.gmail,
        }
    }
}

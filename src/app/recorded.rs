//! The words of activity entries, for the activity page and a connector's page: the author, the sentence, the outcome,
//! and the facts that a user reads only after opening the entry.

mod sentence;

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;

pub use self::sentence::{Sentence, sentence};
use crate::{
    activity::model::{Action, By, Detail, Recorded},
    connectors::pages::labels_of,
    people::model::UserLabel,
    platform::{
        id::{ApiClientId, UserId},
        text,
    },
    providers::Providers,
    ui::widgets::Tone,
};

/// The author of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The user's name, or a text if the author was not a user.
    pub name: String,
    /// The user's email.
    pub email: Option<String>,
}

const DELETED_USER: &str = "A deleted user";
const OPERATOR: &str = "The operator";
const UNKNOWN_PERSON: &str = "An unknown person";
const API_CLIENT: &str = "An API client";
const LINK_USER: &str = "A person with a link";
const PROGRAM: &str = "The program";
/// Follows the name of an API client.
const OF_CLIENT: &str = " (API client)";
/// The names of authors that are not users.
const NOT_USERS: [&str; 6] = [DELETED_USER, OPERATOR, UNKNOWN_PERSON, API_CLIENT, LINK_USER, PROGRAM];

/// The users of an organisation, as entries name them.
pub struct UserNames {
    pub labels: HashMap<UserId, UserLabel>,
    /// Names that several users have, folded. Impersonation: a user can copy another user's name. The email then
    /// follows the name.
    shared: HashSet<String>,
    /// The names of the API clients.
    clients: HashMap<ApiClientId, String>,
}

impl UserNames {
    /// All users of the organisation: id, name and email.
    pub fn of(users: &[(UserId, String, String)]) -> Self {
        let label = |name: &String, email: &String| UserLabel { name: name.clone(), email: email.clone() };
        Self::of_labels(users.iter().map(|(id, name, email)| (*id, label(name, email))).collect())
    }

    /// The users whom the entries of a page name. Only their names are compared.
    pub fn of_labels(labels: HashMap<UserId, UserLabel>) -> Self {
        let mut seen = HashSet::new();
        // Impersonation: a user can take a name that entries give to other authors.
        let mut shared: HashSet<String> = NOT_USERS.into_iter().map(text::fold).collect();
        for UserLabel { name, .. } in labels.values() {
            let folded = text::fold(name);
            if !seen.insert(folded.clone()) {
                shared.insert(folded);
            }
        }
        Self { labels, shared, clients: HashMap::new() }
    }

    /// The same with the names of the organisation's API clients.
    #[must_use]
    pub fn with_clients(mut self, clients: Vec<(ApiClientId, String)>) -> Self {
        self.clients = clients.into_iter().collect();
        self
    }

    /// The author of an entry. An API client is named with what it is.
    pub fn author_of(&self, entry: &Recorded) -> Author {
        let client = match entry.by {
            By::Client(client) => self.clients.get(&client),
            By::User(_) | By::NoUser => None,
        };
        match client {
            Some(name) => Author { name: format!("{name}{OF_CLIENT}"), email: None },
            None => author_of(entry, &self.labels),
        }
    }

    /// Whether several users have this name, or another author may have it.
    pub fn is_shared(&self, name: &str) -> bool {
        let name = text::fold(name);
        // Impersonation: a user can take a name that looks like that of an API client.
        name.ends_with(&text::fold(OF_CLIENT)) || self.shared.contains(&name)
    }

    /// The author without the email if no other user has the same name.
    pub fn shorten(&self, author: Author) -> Author {
        let Author { name, email } = author;
        let email = email.filter(|_| self.is_shared(&name));
        Author { name, email }
    }
}

/// The author of an entry. `users` has the users whom the entries of the page name.
fn author_of(entry: &Recorded, users: &HashMap<UserId, UserLabel>) -> Author {
    let words = match entry.by {
        By::User(user) => match users.get(&user) {
            Some(UserLabel { name, email }) => {
                return Author { name: name.clone(), email: Some(email.clone()) };
            }
            None => DELETED_USER,
        },
        By::Client(_) => API_CLIENT,
        By::NoUser if entry.action.is_some_and(is_of_link_user) => LINK_USER,
        By::NoUser if entry.action.is_some_and(is_of_program) => PROGRAM,
        // A request has an address; a command has none.
        By::NoUser if entry.address.is_none() => OPERATOR,
        By::NoUser => UNKNOWN_PERSON,
    };
    Author { name: words.to_owned(), email: None }
}

/// Whether the action, if no user is its author, is that of a person with a connect link or a consent link.
const fn is_of_link_user(action: Action) -> bool {
    matches!(
        action,
        Action::LinkUsed
            | Action::ConsentReported
            | Action::DirectoryApproved
            | Action::SignInEnded
            | Action::AccountConnected
            | Action::AccountReconnected
            | Action::AccountMoved
            | Action::AccountRefused
    )
}

/// Whether the program does it by itself, if no user is the author.
const fn is_of_program(action: Action) -> bool {
    matches!(
        action,
        Action::LinkExpired | Action::ConsentLinkExpired | Action::ConnectorDeleted | Action::RefreshesFailed
    )
}

/// An entry as a sentence: its author, and what the author did.
#[component]
pub fn EntrySentence(
    /// The author. An email follows the name.
    author: Author,
    sentence: Sentence,
) -> impl IntoView {
    let Author { name, email } = author;
    let email = email.map(|email| view! { " (" <bdi>{email}</bdi> ")" });
    let Sentence { verb, object, rest } = sentence;
    let object = (!object.is_empty()).then(|| view! { " " <bdi>{object}</bdi> });
    let rest = (!rest.is_empty()).then(|| format!(" {rest}"));
    view! { <b><bdi>{name}</bdi></b> {email} " " {verb} {object} {rest} }
}

/// The detail that the sentence of an entry does not contain, such as the changed fields: its label and its text.
pub fn detail(entry: &Recorded, providers: &Providers) -> Option<(&'static str, String)> {
    Some(match &entry.detail {
        Detail::Earlier(text) => ("Detail", text.clone()),
        Detail::Fields { fields } => ("Changed", labels_of(providers, fields)),
        Detail::InviterMayNotInvite { inviter } => {
            ("Reason", format!("{inviter} may no longer invite users"))
        }
        Detail::Connector { connector } => ("Connector", connector.clone()),
        Detail::ConnectLinks { .. } | Detail::SignInLinks { .. } if !entry.entity.is_empty() => {
            ("Connector", entry.entity.clone())
        }
        Detail::Scopes { scopes } => ("Scopes", scopes.clone()),
        Detail::Method { method } => ("Request", format!("{method} {}", entry.entity)),
        Detail::Ended { browsers, sign_ins, links } => (
            "Ended",
            format!("Browsers logged out: {browsers}, sign-ins ended: {sign_ins}, links withdrawn: {links}"),
        ),
        // The sentence contains the other details.
        _ => return None,
    })
}

/// How often the event happened; `None` if once.
pub fn times(entry: &Recorded) -> Option<String> {
    // The sentence about sent mail has the number.
    (entry.count > 1 && entry.action != Some(Action::MailSent))
        .then(|| format!("{} times in five minutes", entry.count))
}

/// Tone and text of the outcome.
pub fn outcome(entry: &Recorded) -> (Tone, &'static str) {
    match entry.outcome.as_str() {
        "done" => (Tone::Good, "Done"),
        "verified" => (Tone::Good, "Verified"),
        "denied" => (Tone::Warn, "Cancelled"),
        "refused" => (Tone::Bad, "Refused"),
        _ => (Tone::Bad, "Failed"),
    }
}

/// The outcome, if a reader of the sentence would not expect it.
pub fn unexpected_outcome(entry: &Recorded) -> Option<(Tone, &'static str)> {
    (entry.outcome != "done").then(|| outcome(entry))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{activity::model::ActivityPosition, platform::clock::Timestamp};

    fn entry(detail: Detail) -> Recorded {
        Recorded {
            position: ActivityPosition { at: Timestamp::from_micros(0), id: Uuid::nil() },
            by: By::NoUser,
            address: None,
            action: Some(Action::UserChanged),
            entity: "/connectors/new".to_owned(),
            outcome: "done".to_owned(),
            detail,
            request_id: None,
            count: 1,
        }
    }

    #[test]
    fn each_detail_that_no_sentence_has_is_a_fact() {
        let text = str::to_owned;
        let detail_of = |detail| super::detail(&entry(detail), &Providers::new(Vec::new()));
        for (detail, label, words) in [
            (Detail::Earlier(text("role: <admin>")), "Detail", "role: <admin>"),
            (
                Detail::Fields { fields: vec![text("client_id"), text("scopes")] },
                "Changed",
                "Client ID, Permissions",
            ),
            (
                Detail::InviterMayNotInvite { inviter: text("a@b.test") },
                "Reason",
                "a@b.test may no longer invite users",
            ),
            (Detail::Connector { connector: text("Mail archive") }, "Connector", "Mail archive"),
            (Detail::Method { method: text("GET") }, "Request", "GET /connectors/new"),
            (
                Detail::Ended { browsers: 2, sign_ins: 1, links: 0 },
                "Ended",
                "Browsers logged out: 2, sign-ins ended: 1, links withdrawn: 0",
            ),
        ] {
            assert_eq!(detail_of(detail), Some((label, words.to_owned())));
        }
        assert_eq!(detail_of(Detail::None), None);
        assert_eq!(detail_of(Detail::Role { role: text("viewer") }), None);
    }

    #[test]
    fn the_email_of_an_author_is_left_out_unless_two_users_have_the_name_in_any_spelling() {
        let user = |id, name: &str| (UserId(Uuid::from_u128(id)), name.to_owned(), format!("{id}@b.test"));
        let names = UserNames::of(&[user(1, "Ada Example"), user(2, "ada example"), user(3, "Grace")]);
        let email = |name: &str| {
            let author = Author { name: name.to_owned(), email: Some("1@b.test".to_owned()) };
            names.shorten(author).email
        };
        assert!(email("Ada Example").is_some() && email("ada example").is_some());
        assert!(email("Grace").is_none() && NOT_USERS.into_iter().all(|name| names.is_shared(name)));
        assert_eq!(names.labels.len(), 3);
    }

    #[test]
    fn the_author_is_a_user_the_operator_or_an_unknown_person() {
        let ada = UserId(Uuid::from_u128(1));
        let label = UserLabel { name: "Ada".to_owned(), email: "ada@contoso.test".to_owned() };
        let users = HashMap::from([(ada, label)]);
        let name = |by, address: Option<&str>| {
            let address = address.map(str::to_owned);
            author_of(&Recorded { by, address, ..entry(Detail::None) }, &users).name
        };
        assert_eq!(name(By::User(ada), None), "Ada");
        assert_eq!(name(By::User(UserId(Uuid::from_u128(2))), None), "A deleted user");
        assert_eq!(name(By::NoUser, None), "The operator");
        assert_eq!(name(By::NoUser, Some("192.0.2.7")), "An unknown person");
    }

    #[test]
    fn an_api_client_is_named_with_what_it_is_and_no_user_passes_for_one() {
        let crm = ApiClientId(Uuid::from_u128(3));
        let user = (UserId(Uuid::from_u128(1)), "CRM (API client)".to_owned(), "1@b.test".to_owned());
        let names = UserNames::of(&[user]).with_clients(vec![(crm, "CRM".to_owned())]);
        let author = |by| names.shorten(names.author_of(&Recorded { by, ..entry(Detail::None) }));
        assert_eq!(author(By::Client(crm)).name, "CRM (API client)");
        assert_eq!(author(By::Client(crm)).email, None);
        assert_eq!(author(By::Client(ApiClientId(Uuid::from_u128(4)))).name, "An API client");
        assert_eq!(author(By::User(UserId(Uuid::from_u128(1)))).email.as_deref(), Some("1@b.test"));
    }

    #[test]
    fn a_person_with_a_link_and_the_program_itself_are_authors_of_their_actions() {
        let name = |action, by, address: Option<&str>| {
            let address = address.map(str::to_owned);
            let recorded = Recorded { by, address, action: Some(action), ..entry(Detail::None) };
            author_of(&recorded, &HashMap::new()).name
        };
        let ada = By::User(UserId(Uuid::from_u128(1)));
        for action in [Action::LinkUsed, Action::AccountConnected, Action::AccountReconnected] {
            assert_eq!(name(action, By::NoUser, Some("192.0.2.7")), "A person with a link", "{action:?}");
            assert_eq!(name(action, ada, Some("192.0.2.7")), "A deleted user", "a user is the author");
        }
        assert_eq!(name(Action::LinkExpired, By::NoUser, None), "The program");
        assert_eq!(name(Action::ConnectorDeleted, By::NoUser, None), "The program");
        assert_eq!(name(Action::RefreshesFailed, By::NoUser, None), "The program");
        assert_eq!(name(Action::ConnectorDeletionStarted, ada, None), "A deleted user");
        assert_eq!(name(Action::AccountPaused, By::NoUser, None), "The operator");
    }
}

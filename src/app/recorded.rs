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
    platform::{id::UserId, text},
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
const LINK_USER: &str = "A person with a link";
const PROGRAM: &str = "The program";
/// The names of authors that are not users.
const NOT_USERS: [&str; 5] = [DELETED_USER, OPERATOR, UNKNOWN_PERSON, LINK_USER, PROGRAM];

/// The users of an organisation, as entries name them.
pub struct UserNames {
    pub labels: HashMap<UserId, UserLabel>,
    /// Names that several users have, folded. Impersonation: a user can copy another user's name. The email then
    /// follows the name.
    shared: HashSet<String>,
}

impl UserNames {
    /// All users of the organisation: id, name and email.
    pub fn of(users: &[(UserId, String, String)]) -> Self {
        let (mut labels, mut seen) = (HashMap::new(), HashSet::new());
        // Impersonation: a user can take a name that entries give to other authors.
        let mut shared: HashSet<String> = NOT_USERS.into_iter().map(text::fold).collect();
        for (id, name, email) in users {
            labels.insert(*id, UserLabel { name: name.clone(), email: email.clone() });
            let folded = text::fold(name);
            if !seen.insert(folded.clone()) {
                shared.insert(folded);
            }
        }
        Self { labels, shared }
    }

    /// Whether several users have this name.
    pub fn is_shared(&self, name: &str) -> bool {
        self.shared.contains(&text::fold(name))
    }

    /// The author without the email if no other user has the same name.
    pub fn shorten(&self, author: Author) -> Author {
        let Author { name, email } = author;
        let email = email.filter(|_| self.is_shared(&name));
        Author { name, email }
    }
}

/// The author of an entry. `users` has the users whom the entries of the page name.
pub fn author_of(entry: &Recorded, users: &HashMap<UserId, UserLabel>) -> Author {
    let words = match entry.by {
        By::User(user) => match users.get(&user) {
            Some(UserLabel { name, email }) => {
                return Author { name: name.clone(), email: Some(email.clone()) };
            }
            None => DELETED_USER,
        },
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
    (entry.count > 1).then(|| format!("{} times in five minutes", entry.count))
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

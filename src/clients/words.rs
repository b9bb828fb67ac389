//! The words of scopes, reaches and credentials on the screen.

use time::Duration;

use super::model::{Client, CredentialKind, ReachKind};
use crate::{
    people::access::{AREAS, Scope, Scopes},
    platform::clock::Timestamp,
    ui::widgets::Tone,
};

/// The page warns of the end of a client this long before.
const WARNED_BEFORE: Duration = Duration::days(30);

/// What the scopes of an area are about, as a heading.
pub fn area_heading(area: &str) -> &'static str {
    match area {
        "accounts" => "Accounts",
        "messages" => "Mail",
        "attachments" => "Attachments",
        "folders" => "Folders",
        "tags" => "Labels",
        "contacts" => "Contacts",
        _ => "Direct access",
    }
}

/// The same in a sentence.
fn area_words(area: &str) -> &'static str {
    match area {
        "accounts" => "accounts",
        "messages" => "mail",
        "attachments" => "attachments",
        "folders" => "folders",
        "tags" => "labels",
        "contacts" => "contacts",
        _ => "the provider",
    }
}

/// What a scope lets a program do with the things of its area: one word, as a label.
pub fn action_label(scope: Scope) -> &'static str {
    match scope.name().rsplit('.').next().unwrap_or_default() {
        "READ" => "Read",
        "CREATE" => "Add",
        "UPDATE" => "Change",
        "DELETE" => "Delete",
        _ => "Everything",
    }
}

/// What a far-reaching scope gives away.
pub const fn danger_of(scope: Scope) -> Option<(&'static str, &'static str)> {
    match scope {
        Scope::TokensRead => Some((
            "Get the provider’s access tokens",
            "A token works at the provider until it expires, even after you revoke this API client, with all that the \
             account allows, and outside the limits of this program.",
        )),
        Scope::ProxyAll => Some((
            "Send any request to the provider",
            "The program can do all that the account allows, such as deleting mail, whatever else you choose here.",
        )),
        _ => None,
    }
}

/// What scopes allow, in short sentences: `Read mail`, `Read, change contacts`.
pub fn sentences(scopes: &Scopes) -> Vec<String> {
    let mut sentences = Vec::new();
    for area in AREAS {
        let chosen = scopes.iter().filter(|scope| scope.area() == area && !scope.is_far_reaching());
        let chosen: Vec<_> = chosen.collect();
        let words = match chosen.as_slice() {
            [] => continue,
            [_, _, _, _] => format!("Everything with {}", area_words(area)),
            chosen => {
                let labels: Vec<_> = chosen.iter().map(|scope| action_label(*scope)).collect();
                let mut labels = labels.join(", ");
                // Only the first word of a sentence is capitalised.
                if let Some((first, rest)) = labels.split_once(", ") {
                    labels = format!("{first}, {}", rest.to_lowercase());
                }
                format!("{labels} {}", area_words(area))
            }
        };
        sentences.push(words);
    }
    sentences.extend(scopes.iter().filter_map(danger_of).map(|(what, _)| what.to_owned()));
    sentences
}

/// What scopes allow, in one line.
pub fn summary(scopes: &Scopes) -> String {
    let danger = scopes.has_far_reaching();
    if Scopes::ordinary().without(scopes).is_empty() {
        return if danger { "Everything, and direct access to the provider" } else { "Everything" }
            .to_owned();
    }
    let is_read = |scope: Scope| action_label(scope) == "Read";
    let ordinary = Scopes::ordinary().intersection(scopes);
    let only_reads = ordinary.iter().all(is_read);
    let reads_all =
        Scopes::ordinary().iter().filter(|scope| is_read(*scope)).all(|scope| scopes.contains(scope));
    if only_reads && reads_all {
        return if danger { "Read everything, and direct access to the provider" } else { "Read everything" }
            .to_owned();
    }
    sentences(scopes).join("; ")
}

/// Which accounts a client reaches.
pub const fn reach_words(reach: ReachKind) -> &'static str {
    match reach {
        ReachKind::All => "All accounts",
        ReachKind::Connectors => "Accounts of chosen connectors",
        ReachKind::Connected => "Accounts that it connected",
    }
}

/// A credential of a kind, with its article.
pub const fn credential_words(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ApiKey => "an API key",
        CredentialKind::ClientSecret => "a Client Secret",
        CredentialKind::RefreshToken => "a refresh token",
    }
}

/// The state of a client: whether its credentials count, and for how long.
pub fn state_words(client: &Client, now: Timestamp) -> (Tone, String) {
    let Some(end) = client.expires_at else { return (Tone::Good, "Active".to_owned()) };
    let rest = end.since(now);
    if rest <= Duration::ZERO {
        return (Tone::Bad, "Expired".to_owned());
    }
    if rest > WARNED_BEFORE {
        return (Tone::Good, "Active".to_owned());
    }
    match rest.whole_days() {
        0 => (Tone::Warn, "Ends today".to_owned()),
        1 => (Tone::Warn, "Ends in 1 day".to_owned()),
        days => (Tone::Warn, format!("Ends in {days} days")),
    }
}

/// The last day on which the credentials of a client count, as a form has it.
pub fn last_day(client: &Client) -> String {
    let day = client.expires_at.map(|end| end.minus(Duration::days(1)).date_time().date());
    day.map(|day| day.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::platform::id::{ApiClientId, OrganisationId};

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).expect("scopes")
    }

    fn client(expires_at: Option<Timestamp>) -> Client {
        Client {
            id: ApiClientId(Uuid::from_u128(1)),
            organisation: OrganisationId(Uuid::from_u128(2)),
            name: "CRM".to_owned(),
            scopes: Scopes::ordinary(),
            reach: ReachKind::All,
            networks: Vec::new(),
            expires_at,
            rate: 100,
            at_once: 64,
            created_at: Timestamp::from_micros(0),
            created_by: None,
            used_at: None,
            version: 1,
        }
    }

    #[test]
    fn scopes_are_sentences_by_area() {
        let list =
            "MailApps.messages.READ MailApps.contacts.READ MailApps.contacts.UPDATE MailApps.accounts.ALL";
        assert_eq!(
            sentences(&scopes(list)),
            ["Everything with accounts", "Read mail", "Read, change contacts"]
        );
        let far = sentences(&scopes("MailApps.tokens.READ MailApps.proxy.ALL"));
        assert_eq!(far, ["Get the provider’s access tokens", "Send any request to the provider"]);
    }

    #[test]
    fn the_summary_says_what_is_typical_in_two_words() {
        assert_eq!(summary(&Scopes::ordinary()), "Everything");
        let reading = Scopes::ordinary().iter().filter(|scope| action_label(*scope) == "Read").collect();
        assert_eq!(summary(&reading), "Read everything");
        assert_eq!(
            summary(&scopes("MailApps.messages.READ MailApps.contacts.READ")),
            "Read mail; Read contacts"
        );
        let all: Scopes = Scope::EVERY.iter().copied().collect();
        assert_eq!(summary(&all), "Everything, and direct access to the provider");
    }

    #[test]
    fn every_scope_has_words_and_only_far_reaching_ones_are_dangers() {
        for scope in Scope::EVERY.iter().copied() {
            assert!(!area_heading(scope.area()).is_empty() && !action_label(scope).is_empty(), "{scope}");
            assert_eq!(danger_of(scope).is_some(), scope.is_far_reaching(), "{scope}");
        }
    }

    #[test]
    fn the_end_of_a_client_is_announced_for_a_month() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        let words = |days: i64, hours: i64| {
            let end = now.plus(Duration::days(days)).plus(Duration::hours(hours));
            state_words(&client(Some(end)), now).1
        };
        assert_eq!(state_words(&client(None), now).1, "Active");
        assert_eq!(words(31, 0), "Active");
        assert_eq!(words(9, 1), "Ends in 9 days");
        assert_eq!(words(1, 0), "Ends in 1 day");
        assert_eq!(words(0, 1), "Ends today");
        assert_eq!(words(0, 0), "Expired");
        assert_eq!(words(-3, 0), "Expired");
    }

    #[test]
    fn the_last_day_is_the_one_before_the_end() {
        let end = Timestamp::from_micros(1_795_478_400_000_000);
        assert_eq!(end.for_machines(), "2026-11-24T00:00:00Z");
        assert_eq!(last_day(&client(Some(end))), "2026-11-23");
        assert_eq!(last_day(&client(None)), "");
    }
}

//! A list of API calls: one line each, which opens to show the ids and the meaning of an error.

use std::collections::HashMap;

use leptos::prelude::*;

use crate::{
    accounts::service::AccountId,
    api::errors::Code,
    clients::calls::{CallEntry, RecordedCall},
    platform::id::ApiClientId,
    ui::{
        numbers::grouped,
        widgets::{Badge, Moment, Tone},
    },
};

/// The names in the lines of a list.
#[derive(Clone, Debug, Default)]
pub struct CallNames {
    /// The names of the organisation's API clients.
    pub clients: HashMap<ApiClientId, String>,
    /// The emails of the accounts that the calls name.
    pub accounts: HashMap<AccountId, String>,
}

const DELETED_CLIENT: &str = "A deleted API client";

/// The accounts that calls name, each once.
pub fn accounts_of(entries: &[CallEntry]) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = entries
        .iter()
        .filter_map(|entry| match entry {
            CallEntry::Call(call) => call.account,
            CallEntry::LeftOut { .. } => None,
        })
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The lines of calls, in their order.
#[component]
pub fn CallLines<'a>(
    entries: Vec<CallEntry>,
    names: &'a CallNames,
    /// Whether the lines name the client. On the page of a client they do not.
    #[prop(default = true)]
    with_client: bool,
    /// Whether the lines name the account. On the page of an account they do not.
    #[prop(default = true)]
    with_account: bool,
) -> impl IntoView + use<> {
    let lines = entries
        .into_iter()
        .map(|entry| match entry {
            CallEntry::Call(call) => draw_call(call, names, with_client, with_account).into_any(),
            CallEntry::LeftOut { position, number } => {
                let words = left_out_words(number);
                view! {
                    <li class="left-out">
                        <p class="soft note">{position.at.time_of_day()} " " {words}</p>
                    </li>
                }
                .into_any()
            }
        })
        .collect_view();
    view! { <ol class="entries" role="list">{lines}</ol> }
}

fn left_out_words(number: u64) -> String {
    let number_of = grouped(usize::try_from(number).unwrap_or(usize::MAX));
    if number == 1 {
        "1 call was not recorded: too many came at once.".to_owned()
    } else {
        format!("{number_of} calls were not recorded: too many came at once.")
    }
}

/// How many calls were refused beside one, as the end of its line.
fn more_words(more: u64) -> String {
    match more {
        0 => String::new(),
        1 => ", and 1 more refused call".to_owned(),
        more => format!(", and {} more refused calls", grouped(usize::try_from(more).unwrap_or(usize::MAX))),
    }
}

fn draw_call(
    call: RecordedCall,
    names: &CallNames,
    with_client: bool,
    with_account: bool,
) -> impl IntoView + use<> {
    let at = call.position.at;
    let client = names.clients.get(&call.client).cloned();
    let client = with_client.then(|| {
        let name = client.unwrap_or_else(|| DELETED_CLIENT.to_owned());
        view! { <b><bdi>{name}</bdi></b> " " }
    });
    let email = call.account.and_then(|account| names.accounts.get(&account)).cloned();
    let told_email = email.clone().filter(|_| with_account);
    let told = told_email.clone().map(|email| view! { " " <bdi>{email}</bdi> });
    let badge = failure_badge(&call);
    let needs_sign_in = call.error_code.as_deref() == Some(Code::AccountNeedsSignIn.name());
    let open = call.account.zip(told_email).filter(|_| needs_sign_in).map(|(account, email)| {
        view! {
            <a class="button small" href=format!("/accounts/{account}")>
                "Open the account"<span class="unseen">" " <bdi>{email}</bdi></span>
            </a>
        }
    });
    let class = open.is_some().then_some("with-link");
    let account = call.account.map(|account| match email {
        Some(email) => view! { <a href=format!("/accounts/{account}")><bdi>{email}</bdi></a> }.into_any(),
        None => view! { <code>{account.to_string()}</code> " (no such account here)" }.into_any(),
    });
    let account = account.map(|account| view! { <div><dt>"Account"</dt><dd>{account}</dd></div> });
    let meaning = call.error_code.as_deref().and_then(meaning_of);
    let meaning = meaning.map(|words| view! { <div><dt>"Meaning"</dt><dd>{words}</dd></div> });
    let code = |label: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{label}</dt><dd><code>{value}</code></dd></div> })
    };
    let what = format!("{} {}", call.method, name_of(&call.route));
    let end = format!(", {}, {}{}", call.status, duration_words(&call), more_words(call.more));
    let route = format!("{} {}", call.method, call.route);
    let (error_code, request_id) = (call.error_code, call.request_id);
    view! {
        // The link is beside the line, because a control inside `summary` would also open the line.
        <li class=class>
            <details class="entry">
                <summary>
                    <time datetime=at.for_machines()>{at.time_of_day()}</time>
                    " "
                    <span class="told">
                        {client}
                        {what}
                        {told}
                        <span class="soft">{end}</span>
                    </span>
                    " "
                    {badge}
                </summary>
                <dl class="facts">
                    <div><dt>"Time"</dt><dd><Moment at=at /></dd></div>
                    <div><dt>"Call"</dt><dd><code>{route}</code></dd></div>
                    {account}
                    {code("Error code", error_code)}
                    {meaning}
                    {code("Request ID", request_id)}
                    {code("Request ID of the provider", call.provider_request_id)}
                </dl>
            </details>
            {open}
        </li>
    }
}

/// What failed, in words; `None` for a call that succeeded.
fn failure_badge(call: &RecordedCall) -> Option<impl IntoView + use<>> {
    let tone = match call.status {
        500.. => Tone::Bad,
        400..500 => Tone::Warn,
        _ => return None,
    };
    let words = call.error_code.as_deref().map_or_else(|| "Failed".to_owned(), code_words);
    Some(view! { <Badge tone=tone words=words /> })
}

/// The words of an error code: `Account needs sign in` for `ACCOUNT_NEEDS_SIGN_IN`.
fn code_words(code: &str) -> String {
    if code == Code::AddressNotAllowed.name() {
        return "Address not allowed".to_owned();
    }
    if code == Code::InvalidOauthToken.name() {
        return "Invalid access token".to_owned();
    }
    let words = code.to_lowercase().replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// What an error code means, if this version has it.
fn meaning_of(code: &str) -> Option<&'static str> {
    Code::from_name(code).map(Code::meaning)
}

/// The things that a route is about: `messages/content` for `/api/accounts/{key}/messages/{id}/content`.
fn name_of(route: &str) -> String {
    let names = route.split('/').filter(|part| !part.is_empty() && !part.starts_with('{') && *part != "api");
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        ["accounts", rest @ ..] if !rest.is_empty() => rest.join("/"),
        names => names.join("/"),
    }
}

/// The time that a call took: `84 ms`, `2.4 s`.
fn duration_words(call: &RecordedCall) -> String {
    let millis = call.duration.whole_milliseconds();
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        // Tenths of a second, rounded down.
        format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::{clients::calls::CallPosition, platform::clock::Timestamp};

    fn call(millis: i64) -> RecordedCall {
        RecordedCall {
            position: CallPosition { at: Timestamp::from_micros(0), id: Uuid::nil() },
            client: ApiClientId(Uuid::from_u128(1)),
            account: None,
            method: "GET".to_owned(),
            route: "/api/accounts".to_owned(),
            status: 200,
            duration: Duration::milliseconds(millis),
            request_id: None,
            error_code: None,
            provider_request_id: None,
            more: 0,
        }
    }

    #[test]
    fn a_route_is_named_by_the_things_that_it_is_about() {
        for (route, name) in [
            ("/api/accounts", "accounts"),
            ("/api/accounts/{account_key}", "accounts"),
            ("/api/accounts/{account_key}/messages", "messages"),
            ("/api/accounts/{account_key}/messages/{id}/content", "messages/content"),
            ("/api/accounts/{account_key}/proxy/{*path}", "proxy"),
            ("/api/access-token", "access-token"),
            ("/api/connectors/{name}", "connectors"),
        ] {
            assert_eq!(name_of(route), name, "{route}");
        }
    }

    #[test]
    fn a_duration_has_one_unit() {
        for (millis, words) in [
            (0, "0 ms"),
            (84, "84 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (2_499, "2.4 s"),
            (30_000, "30.0 s"),
        ] {
            assert_eq!(duration_words(&call(millis)), words);
        }
    }

    #[test]
    fn an_error_code_is_words_and_has_its_meaning() {
        assert_eq!(code_words("ACCOUNT_NEEDS_SIGN_IN"), "Account needs sign in");
        assert_eq!(code_words("7027"), "Address not allowed");
        assert_eq!(code_words("INVALID_OAUTHTOKEN"), "Invalid access token");
        assert_eq!(code_words(""), "");
        assert!(meaning_of("ACCOUNT_NEEDS_SIGN_IN").is_some());
        assert_eq!(meaning_of("OF_A_LATER_VERSION"), None);
    }

    #[test]
    fn calls_that_were_left_out_are_counted() {
        assert!(left_out_words(1).starts_with("1 call was"));
        assert!(left_out_words(1_204).starts_with("1,204 calls were"));
        let words = [0, 1, 1_204].map(more_words);
        assert_eq!(words, ["", ", and 1 more refused call", ", and 1,204 more refused calls"]);
    }
}

//! Asks Microsoft Graph: which account signed in, and the questions of `mailbox`.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::words;
use crate::providers::{
    ProviderWords, RawError, Refusal, RefusalKind,
    http::ProviderHttp,
    members::Members,
    oauth::{ResponseMeta, host, no_answer},
    redact, single_line,
};

/// Graph's answer about the account that signed in (`GET /me`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The name of the account: its address, its sign-in name, or its id in the tenant, in this order.
    pub account: String,
    /// The email address of its mailbox.
    pub email: Option<String>,
    /// The name of the person.
    pub name: Option<String>,
    /// All its email addresses and its sign-in name.
    pub emails: Vec<String>,
}

/// A question that Graph did not answer.
#[derive(Debug)]
pub struct NotAnswered {
    /// The status; 0 without an answer.
    pub status: u16,
    /// Graph's code of the error.
    pub code: Option<String>,
    /// [`RefusalKind::AccessRefused`] for every error that Graph itself wrote.
    pub refusal: Refusal,
}

impl From<Refusal> for NotAnswered {
    fn from(refusal: Refusal) -> Self {
        Self { status: 0, code: None, refusal }
    }
}

/// The question with all email addresses, which Graph names only if they are selected (Microsoft, Get a user).
const ME: &str = "/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses";
/// Maximum number of email addresses of an account. Exchange Online allows fewer.
const MAX_EMAILS: usize = 500;
/// Maximum number of bytes of an email address (RFC 5321, 4.5.3.1).
const MAX_EMAIL: usize = 320;

/// Asks Graph which account signed in.
///
/// # Errors
/// A [`Refusal`] with the reason why Graph did not answer.
pub async fn me(http: &dyn ProviderHttp, graph: &str, access_token: &SecretString) -> Result<Me, Refusal> {
    let answer = match get(http, graph, ME, access_token).await {
        // Where an account does not have these properties, those without a selection are enough.
        Err(not) if not.status == 400 => get(http, graph, "/me", access_token).await.map_err(|_| not),
        answer => answer,
    };
    let members = answer.map_err(|NotAnswered { status, mut refusal, .. }| {
        if refusal.why == RefusalKind::AccessRefused {
            let forbidden = status == ::http::StatusCode::FORBIDDEN.as_u16();
            refusal.why = if forbidden { RefusalKind::IdentityRefused } else { RefusalKind::ExchangeRefused };
        }
        refusal
    })?;
    read(&members).ok_or_else(|| RefusalKind::Garbled.into())
}

/// Asks Graph a question. `path` begins after the base address.
///
/// # Errors
/// [`NotAnswered`].
pub async fn get(
    http: &dyn ProviderHttp,
    graph: &str,
    path: &str,
    access_token: &SecretString,
) -> Result<Members, NotAnswered> {
    let request = ::http::Request::get(format!("{graph}{path}"))
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .header(::http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?;
    let host = host(graph);
    let answer = http.send(request).await.map_err(|failure| no_answer(failure, &host))?;
    let members = Members::read(answer.body());
    let meta = ResponseMeta::of(&answer);
    let status = meta.status;
    if answer.status().is_success() {
        let garbled = || NotAnswered { status, code: None, refusal: RefusalKind::Garbled.into() };
        return members.ok_or_else(garbled);
    }
    // An object with Graph's code and ids (Microsoft Graph, errors), or a code alone.
    let said = members.filter(|members| members.has("error"));
    let why = meta.why().unwrap_or(match &said {
        Some(_) => RefusalKind::AccessRefused,
        // The page of a proxy or the redirect of a captive portal, which Graph did not write.
        None => RefusalKind::Garbled,
    });
    let code = said.as_ref().and_then(|said| said.within("error")?.text("code").map(str::to_owned));
    let mut words = read_words(said.as_ref(), &meta, access_token);
    words.evidence = meta.evidence(&host).map(Box::new);
    let words = (words != ProviderWords::default()).then(|| Box::new(words));
    Err(NotAnswered { status, code, refusal: Refusal { why, words } })
}

fn read(members: &Members) -> Option<Me> {
    let account = ["mail", "userPrincipalName", "id"].into_iter().find_map(|name| members.text(name))?;
    let named = ["mail", "userPrincipalName"].map(|name| members.text(name).and_then(email));
    let proxies = members.list("proxyAddresses").iter().filter_map(Value::as_str).filter_map(of_proxy);
    let mut emails: Vec<String> = Vec::new();
    for email in named.iter().flatten().cloned().chain(proxies).take(MAX_EMAILS) {
        if !emails.iter().any(|known| known.eq_ignore_ascii_case(&email)) {
            emails.push(email);
        }
    }
    Some(Me {
        account: account.to_owned(),
        email: named.into_iter().flatten().next(),
        name: members.text("displayName").map(|name| single_line(name, 200)).filter(|name| !name.is_empty()),
        emails,
    })
}

/// The email address in one of Exchange's addresses, such as `SMTP:ada@contoso.com`; `None` for other kinds.
fn of_proxy(text: &str) -> Option<String> {
    let (kind, address) = text.split_once(':')?;
    kind.eq_ignore_ascii_case("smtp").then(|| email(address))?
}

/// The text, if it has the form of an email address.
fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@')?;
    let is_sound = !name.is_empty()
        && !domain.is_empty()
        && text.len() <= MAX_EMAIL
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    is_sound.then(|| text.to_owned())
}

fn read_words(said: Option<&Members>, meta: &ResponseMeta, access_token: &SecretString) -> ProviderWords {
    let clean = |text: &str| redact(text, &[access_token.expose_secret()]);
    let error = said.and_then(|said| said.within("error")).unwrap_or_default();
    let ids = error.within("innerError").or_else(|| error.within("innererror")).unwrap_or_default();
    let code = error.text("code").or_else(|| said.and_then(|said| said.text("error")));
    let description = error.text("message").or_else(|| said.and_then(|said| said.text("error_description")));
    words::read(&RawError {
        error: code.map(clean).as_deref(),
        description: description.map(clean).as_deref(),
        trace_id: ids.text("request-id").or(meta.request_id.as_deref()).map(clean).as_deref(),
        correlation_id: ids.text("client-request-id").map(clean).as_deref(),
        ..RawError::default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn account(me: &Value) -> Option<String> {
        Members::read(me.to_string().as_bytes()).as_ref().and_then(read).map(|me| me.account)
    }

    #[test]
    fn c12_of_graphs_answer_any_one_name_of_the_account_is_enough() {
        for (me, expected) in [
            (json!({ "id": "1", "mail": "a@b.test", "userPrincipalName": "c@d.test" }), Some("a@b.test")),
            (json!({ "id": 1, "mail": null, "userPrincipalName": "c@d.test" }), Some("c@d.test")),
            (json!({ "mail": "", "userPrincipalName": 7, "id": "1" }), Some("1")),
            (json!({ "mail": "a@b.test", "id": null }), Some("a@b.test")),
            (json!({ "displayName": "Grace" }), None),
            (json!([]), None),
        ] {
            assert_eq!(account(&me).as_deref(), expected, "{me}");
        }
    }

    fn read_me(me: &Value) -> Me {
        Members::read(me.to_string().as_bytes()).as_ref().and_then(read).expect("an account")
    }

    #[test]
    fn all_addresses_of_an_account_are_known_and_other_kinds_of_addresses_are_not() {
        let me = read_me(&json!({
            "id": "1", "displayName": " Ada\nLovelace ", "mail": "ada@contoso.test",
            "userPrincipalName": "ADA@contoso.test",
            "proxyAddresses": [
                "SMTP:ada@contoso.test", "smtp:countess@contoso.test", "X500:/o=contoso/cn=ada", "SIP:ada@sip.test",
                "smtp:", "smtp:no address", 7, null, "ada@bare.test",
            ],
        }));
        assert_eq!(me.email.as_deref(), Some("ada@contoso.test"));
        assert_eq!(me.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(me.emails, ["ada@contoso.test", "countess@contoso.test"]);
        let unnamed =
            read_me(&json!({ "id": "1", "mail": null, "displayName": "", "userPrincipalName": "ada" }));
        let nothing = Me { account: "ada".to_owned(), email: None, name: None, emails: Vec::new() };
        assert_eq!(unnamed, nothing);
        let guest = read_me(&json!({ "mail": "not an address", "userPrincipalName": "ada@contoso.test" }));
        assert_eq!(
            (guest.account.as_str(), guest.email.as_deref()),
            ("not an address", Some("ada@contoso.test"))
        );
    }

    #[test]
    fn an_account_with_very_many_addresses_keeps_a_bounded_number() {
        let all: Vec<_> = (0..10_000).map(|n| format!("smtp:a{n}@contoso.test")).collect();
        let me = read_me(&json!({ "mail": "ada@contoso.test", "proxyAddresses": all }));
        assert_eq!(me.emails.len(), MAX_EMAILS);
        let long = read_me(&json!({ "id": "1", "mail": format!("{}@contoso.test", "a".repeat(400)) }));
        assert_eq!(long.email, None);
    }

    proptest! {
        #[test]
        fn c12_of_graphs_answer_no_other_member_counts(
            name in "[a-zA-Z@.]{1,20}",
            value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from)],
        ) {
            prop_assume!(name != "mail");
            let me = json!({ "mail": "a@b.test", name: value });
            let named = account(&me);
            prop_assert_eq!(named.as_deref(), Some("a@b.test"));
        }
    }
}

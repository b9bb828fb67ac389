//! Asks Google's APIs: the profile of the mailbox, and the questions of `mailbox`. Reads the errors that these APIs
//! write (Gmail API, *Resolve errors*; google.rpc.ErrorInfo).

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    codes,
    id_token::email,
    permissions::{CONTACTS, CONTACTS_READ},
    scopes,
    urls::GoogleUrls,
    words,
};
use crate::providers::{
    ProviderWords, RawError, Refusal, RefusalKind,
    http::ProviderHttp,
    members::Members,
    oauth::{ResponseMeta, host, no_answer},
    redact,
};

/// The path of the mailbox's profile.
pub const PROFILE: &str = "/gmail/v1/users/me/profile";
/// The path of the list of contacts, of which nothing but the number is wanted.
pub const CONTACT_COUNT: &str = "/v1/people/me/connections?personFields=metadata&pageSize=1";

/// Reasons for too many requests that come with the status 403.
const THROTTLED: [&str; 3] = ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];

/// A question that an API did not answer.
#[derive(Debug)]
pub struct NotAnswered {
    /// The status; 0 without an answer.
    pub status: u16,
    /// Google's reason, the most precise one that the error has.
    pub reason: Option<String>,
    /// [`RefusalKind::AccessRefused`] for every error that Google itself wrote, if nothing more is known.
    pub refusal: Refusal,
}

impl From<Refusal> for NotAnswered {
    fn from(refusal: Refusal) -> Self {
        Self { status: 0, reason: None, refusal }
    }
}

/// Asks the APIs for which permissions were granted, and returns the email address of the mailbox if the Gmail API names
/// it. A question that is not answered is no refusal, because the ID token has proved who signed in.
///
/// # Errors
/// [`RefusalKind::ApiDisabled`]. The connector could sign people in, but no call would succeed.
pub async fn ask(
    http: &dyn ProviderHttp,
    urls: &GoogleUrls,
    access_token: &SecretString,
    granted: &[String],
) -> Result<Option<String>, Refusal> {
    let mailbox = async {
        if !scopes::reads_profile(granted) {
            return Ok(None);
        }
        match get(http, &urls.gmail, PROFILE, access_token).await {
            Ok(profile) => Ok(profile.text("emailAddress").and_then(email)),
            Err(not) => if_disabled(not).map(|()| None),
        }
    };
    let contacts = async {
        if !granted.iter().any(|scope| scope == CONTACTS || scope == CONTACTS_READ) {
            return Ok(());
        }
        let answer = get(http, &urls.people, CONTACT_COUNT, access_token).await;
        answer.map(drop).or_else(if_disabled)
    };
    let (mailbox, contacts) = tokio::join!(mailbox, contacts);
    contacts.and(mailbox)
}

fn if_disabled(not: NotAnswered) -> Result<(), Refusal> {
    if not.refusal.why == RefusalKind::ApiDisabled { Err(not.refusal) } else { Ok(()) }
}

/// Asks an API a question. `path` begins after the base address.
///
/// # Errors
/// [`NotAnswered`].
pub async fn get(
    http: &dyn ProviderHttp,
    base: &str,
    path: &str,
    access_token: &SecretString,
) -> Result<Members, NotAnswered> {
    let request = ::http::Request::get(format!("{base}{path}"))
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .header(::http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?;
    let host = host(base);
    let answer = http.send(request).await.map_err(|failure| no_answer(failure, &host))?;
    let members = Members::read(answer.body());
    let meta = ResponseMeta::of(&answer);
    let status = meta.status;
    if answer.status().is_success() {
        let garbled = || NotAnswered { status, reason: None, refusal: RefusalKind::Garbled.into() };
        return members.ok_or_else(garbled);
    }
    let said = members.filter(|members| members.has("error"));
    let reason = said.as_ref().and_then(reason_of);
    let is_one_of = |reasons: &[&str]| reason.as_deref().is_some_and(|reason| reasons.contains(&reason));
    let why = meta.why().unwrap_or(match &said {
        Some(_) if is_one_of(&THROTTLED) => RefusalKind::Throttled(meta.retry_after),
        Some(_) if is_one_of(&codes::API_DISABLED) => RefusalKind::ApiDisabled,
        Some(_) => RefusalKind::AccessRefused,
        // The page of a proxy or the redirect of a captive portal, which Google did not write.
        None => RefusalKind::Garbled,
    });
    let mut words = read_words(said.as_ref(), reason.as_deref(), access_token);
    words.evidence = meta.evidence(&host).map(Box::new);
    let words = (words != ProviderWords::default()).then(|| Box::new(words));
    Err(NotAnswered { status, reason, refusal: Refusal { why, words } })
}

/// The reason of an error: that of its details, of its list, or its status, in this order.
fn reason_of(said: &Members) -> Option<String> {
    let Some(error) = said.within("error") else { return said.text("error").map(str::to_owned) };
    let reason = |list: &str| {
        let each = error.list(list).iter();
        let mut reasons = each.filter_map(|one| one.get("reason").and_then(Value::as_str));
        reasons.find(|reason| !reason.is_empty()).map(str::to_owned)
    };
    reason("details").or_else(|| reason("errors")).or_else(|| error.text("status").map(str::to_owned))
}

fn read_words(said: Option<&Members>, reason: Option<&str>, access_token: &SecretString) -> ProviderWords {
    let clean = |text: &str| redact(text, &[access_token.expose_secret()]);
    let error = said.and_then(|said| said.within("error")).unwrap_or_default();
    let code = error.text("status").or_else(|| said.and_then(|said| said.text("error")));
    let description = error.text("message").or_else(|| said.and_then(|said| said.text("error_description")));
    words::read(&RawError {
        error: code.map(clean).as_deref(),
        reason: reason.map(clean).as_deref(),
        description: description.map(clean).as_deref(),
        ..RawError::default()
    })
}

#[cfg(test)]
pub(super) mod tests;

//! Looks for a mailbox with Microsoft Graph, and tests the access to it.

use secrecy::SecretString;
use serde_json::Value;
use time::{Date, Month};

use super::graph::{self, NotAnswered};
use crate::{
    platform::clock::Timestamp,
    providers::{
        Refusal, RefusalKind,
        http::ProviderHttp,
        members::Members,
        provider::{AccessTest, MailboxFinding},
    },
};

const INBOX: &str = "/me/mailFolders/inbox?$select=id";
const NEWEST_MESSAGE: &str = "/me/messages?$top=1&$select=receivedDateTime&$orderby=receivedDateTime%20desc";
const CONTACTS: &str = "/me/contacts?$count=true&$top=1&$select=id";

/// Permissions with which Graph lists messages.
const READS_MAIL: [&str; 3] = ["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"];
/// Permissions with which Graph lists contacts.
const READS_CONTACTS: [&str; 2] = ["Contacts.Read", "Contacts.ReadWrite"];

/// Graph's codes for an account without a mailbox that it can reach, without the `Error` that some answers put before
/// them.
const NO_MAILBOX: [&str; 3] =
    ["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "NonExistentMailbox"];

/// Looks for the mailbox: asks for the id of its inbox.
pub async fn find(http: &dyn ProviderHttp, graph: &str, access_token: &SecretString) -> MailboxFinding {
    match graph::get(http, graph, INBOX, access_token).await {
        Ok(inbox) => {
            inbox.text("id").map_or(MailboxFinding::Unknown, |id| MailboxFinding::Found(id.to_owned()))
        }
        Err(not) if says_no_mailbox(&not) => MailboxFinding::None,
        Err(_) => MailboxFinding::Unknown,
    }
}

fn says_no_mailbox(not: &NotAnswered) -> bool {
    let code = not.code.as_deref().unwrap_or_default();
    let code = code.strip_prefix("Error").unwrap_or(code);
    not.refusal.why == RefusalKind::AccessRefused
        && NO_MAILBOX.iter().any(|none| none.eq_ignore_ascii_case(code))
}

/// Reads the date of the newest message and the number of contacts, as far as the permissions allow.
///
/// # Errors
/// The [`Refusal`] of the first question that was not answered.
pub async fn test_access(
    http: &dyn ProviderHttp,
    graph: &str,
    access_token: &SecretString,
    scopes: &[String],
) -> Result<AccessTest, Refusal> {
    let has = |allowing: &[&str]| scopes.iter().any(|scope| allowing.contains(&scope.as_str()));
    let (reads_mail, reads_contacts) = (has(&READS_MAIL), has(&READS_CONTACTS));
    let newest = async {
        if !reads_mail {
            return Ok(None);
        }
        let messages = ask(http, graph, NEWEST_MESSAGE, access_token).await?;
        read_newest(&messages).map(Some)
    };
    let contacts = async {
        if !reads_contacts {
            return Ok(None);
        }
        let contacts = ask(http, graph, CONTACTS, access_token).await?;
        contacts.count("@odata.count").map(Some).ok_or_else(|| Refusal::from(RefusalKind::Garbled))
    };
    // Microsoft allows four requests at a time for each mailbox (Microsoft Graph, throttling limits).
    let (newest, contacts) = tokio::join!(newest, contacts);
    Ok(AccessTest { newest_message: newest?, contacts: contacts? })
}

async fn ask(
    http: &dyn ProviderHttp,
    graph: &str,
    path: &str,
    access_token: &SecretString,
) -> Result<Members, Refusal> {
    graph::get(http, graph, path, access_token).await.map_err(
        |NotAnswered { status, mut refusal, .. }| {
            if status == ::http::StatusCode::UNAUTHORIZED.as_u16() {
                refusal.why = RefusalKind::TokenRefused;
            }
            refusal
        },
    )
}

/// When the newest message of a list was received; `None` if the list is empty.
///
/// # Errors
/// [`RefusalKind::Garbled`] if it is no list of messages.
fn read_newest(messages: &Members) -> Result<Option<Timestamp>, Refusal> {
    let time = match messages.list("value") {
        [] if messages.has("value") => return Ok(None),
        messages => messages.first().and_then(|message| message.get("receivedDateTime")),
    };
    let time = time.and_then(Value::as_str).and_then(read_time);
    time.map(Some).ok_or_else(|| RefusalKind::Garbled.into())
}

/// A time of Graph: `2026-11-28T09:30:00Z`, sometimes with a fraction of the second.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = parts(date, '-')?;
    let [hour, minute, second] = parts(time.split('.').next()?, ':')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let time = date.with_hms(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?).ok()?;
    time.assume_utc().unix_timestamp().checked_mul(1_000_000).map(Timestamp::from_micros)
}

/// The three parts of a date or a time.
fn parts(text: &str, between: char) -> Option<[&str; 3]> {
    let parts: Vec<&str> = text.split(between).collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests;

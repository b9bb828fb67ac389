//! Looks for a mailbox with the Gmail API, and tests the access to it and to the contacts.

use secrecy::SecretString;
use serde_json::Value;

use super::{
    permissions::{CONTACTS, CONTACTS_READ},
    profile::{self, CONTACT_COUNT, NotAnswered, PROFILE},
    scopes,
    urls::GoogleUrls,
};
use crate::{
    platform::clock::Timestamp,
    providers::{
        Refusal, RefusalKind,
        http::ProviderHttp,
        members::Members,
        provider::{AccessTest, MailboxFinding},
    },
};

/// The id of the label that is every mailbox's inbox.
const INBOX: &str = "INBOX";
const NEWEST_MESSAGE: &str = "/gmail/v1/users/me/messages?maxResults=1";
/// Google's reasons for an account without a mailbox.
const NO_MAILBOX: [&str; 2] = ["failedPrecondition", "FAILED_PRECONDITION"];

/// Looks for the mailbox: asks for its profile.
pub async fn find(http: &dyn ProviderHttp, gmail: &str, access_token: &SecretString) -> MailboxFinding {
    match profile::get(http, gmail, PROFILE, access_token).await {
        Ok(profile) if profile.has("emailAddress") => MailboxFinding::Found(INBOX.to_owned()),
        Err(not) if says_no_mailbox(&not) => MailboxFinding::None,
        Err(not) if not.refusal.why == RefusalKind::ApiDisabled => MailboxFinding::Refused(not.refusal),
        _ => MailboxFinding::Unknown,
    }
}

/// Whether Google says that the account has no Gmail: *Mail service not enabled*.
fn says_no_mailbox(not: &NotAnswered) -> bool {
    not.status == ::http::StatusCode::BAD_REQUEST.as_u16()
        && not.refusal.why == RefusalKind::AccessRefused
        && not.reason.as_deref().is_some_and(|reason| NO_MAILBOX.contains(&reason))
}

/// Reads the date of the newest message and the number of contacts, as far as the permissions allow.
///
/// # Errors
/// The [`Refusal`] of the first question that was not answered.
pub async fn test_access(
    http: &dyn ProviderHttp,
    urls: &GoogleUrls,
    access_token: &SecretString,
    granted: &[String],
) -> Result<AccessTest, Refusal> {
    let reads_mail = scopes::reads_profile(granted);
    let reads_contacts = granted.iter().any(|scope| scope == CONTACTS || scope == CONTACTS_READ);
    let newest = async {
        if !reads_mail {
            return Ok(None);
        }
        newest_message(http, &urls.gmail, access_token).await.map(Some)
    };
    let contacts = async {
        if !reads_contacts {
            return Ok(None);
        }
        let contacts = ask(http, &urls.people, CONTACT_COUNT, access_token).await?;
        // Without contacts Google leaves the numbers out.
        let number = contacts.count("totalItems").or_else(|| contacts.count("totalPeople"));
        Ok::<_, Refusal>(Some(number.unwrap_or_default()))
    };
    let (newest, contacts) = tokio::join!(newest, contacts);
    Ok(AccessTest { newest_message: newest?, contacts: contacts? })
}

/// When the newest message was received; `None` if there is no message.
async fn newest_message(
    http: &dyn ProviderHttp,
    gmail: &str,
    access_token: &SecretString,
) -> Result<Option<Timestamp>, Refusal> {
    let garbled = || Refusal::from(RefusalKind::Garbled);
    let list = ask(http, gmail, NEWEST_MESSAGE, access_token).await?;
    // An empty list has no such member.
    let Some(newest) = list.list("messages").first() else { return Ok(None) };
    let id = newest.get("id").and_then(Value::as_str).filter(|id| is_id(id)).ok_or_else(garbled)?;
    let path = format!("/gmail/v1/users/me/messages/{id}?format=minimal&fields=internalDate");
    let message = ask(http, gmail, &path, access_token).await?;
    // Milliseconds, as a text.
    let received = message.seconds("internalDate").and_then(|millis| millis.checked_mul(1_000));
    received.map(|micros| Some(Timestamp::from_micros(micros))).ok_or_else(garbled)
}

/// Whether a text has the form of a message's id, so that it can be a part of an address.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

async fn ask(
    http: &dyn ProviderHttp,
    base: &str,
    path: &str,
    access_token: &SecretString,
) -> Result<Members, Refusal> {
    profile::get(http, base, path, access_token).await.map_err(
        |NotAnswered { status, mut refusal, .. }| {
            if status == ::http::StatusCode::UNAUTHORIZED.as_u16() {
                refusal.why = RefusalKind::TokenRefused;
            }
            refusal
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::google::{
        permissions::{GMAIL_FULL, GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND, OPENID},
        profile::tests::{Apis, CONTACTS_PATH, PROFILE_PATH, disabled, gmail_error, token},
    };

    const GMAIL: &str = "https://gmail.googleapis.com";
    const MESSAGES: &str = "/gmail/v1/users/me/messages";
    const MESSAGE: &str = "/gmail/v1/users/me/messages/18c0ffee";

    #[tokio::test]
    async fn a_mailbox_is_found_or_said_to_be_missing_and_no_other_answer_says_so() {
        let found = MailboxFinding::Found("INBOX".to_owned());
        let none = || gmail_error(400, "failedPrecondition", "FAILED_PRECONDITION");
        for (status, body, expected) in [
            (200, json!({ "emailAddress": "ada@contoso.test" }), found),
            (400, none(), MailboxFinding::None),
            (400, json!({ "error": { "status": "FAILED_PRECONDITION" } }), MailboxFinding::None),
            (403, none(), MailboxFinding::Unknown),
            (400, gmail_error(400, "badRequest", "INVALID_ARGUMENT"), MailboxFinding::Unknown),
            (403, gmail_error(403, "insufficientPermissions", "PERMISSION_DENIED"), MailboxFinding::Unknown),
            (401, gmail_error(401, "authError", "UNAUTHENTICATED"), MailboxFinding::Unknown),
            (404, gmail_error(404, "notFound", "NOT_FOUND"), MailboxFinding::Unknown),
            (429, none(), MailboxFinding::Unknown),
            (503, none(), MailboxFinding::Unknown),
            (200, json!({}), MailboxFinding::Unknown),
        ] {
            let apis = Apis::default().with(PROFILE_PATH, status, &body);
            assert_eq!(find(&apis, GMAIL, &token()).await, expected, "{status} {body}");
        }
        let unusable = find(&Apis::default().with(PROFILE_PATH, 403, &disabled()), GMAIL, &token()).await;
        let MailboxFinding::Refused(refusal) = unusable else { panic!("the API is not enabled") };
        assert_eq!(refusal.why, RefusalKind::ApiDisabled);
        let page = Apis::default().with_text(PROFILE_PATH, 200, "<html>");
        assert_eq!(find(&page, GMAIL, &token()).await, MailboxFinding::Unknown);
        assert_eq!(find(&Apis::default(), GMAIL, &token()).await, MailboxFinding::Unknown, "a time-out");
    }

    fn granted(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// What a test of access comes to with these permissions, if all questions are answered soundly.
    async fn tested(with: &[&str]) -> (AccessTest, usize) {
        let apis = Apis::default()
            .with(MESSAGES, 200, &json!({ "messages": [{ "id": "18c0ffee", "threadId": "18c0ffee" }] }))
            .with(MESSAGE, 200, &json!({ "internalDate": "1795858200000" }))
            .with(CONTACTS_PATH, 200, &json!({ "connections": [{}], "totalPeople": 12, "totalItems": 12 }));
        let test = test_access(&apis, &GoogleUrls::of_google(), &token(), &granted(with)).await;
        (test.expect("answers"), apis.asked().len())
    }

    #[tokio::test]
    async fn a_test_of_access_reads_what_the_permissions_allow_and_asks_for_nothing_else() {
        let newest = Some(Some(Timestamp::from_micros(1_795_858_200_000_000)));
        for (with, newest_message, contacts, asked) in [
            (&[OPENID, GMAIL_READ, CONTACTS_READ][..], newest, Some(12), 3),
            (&[GMAIL_MODIFY][..], newest, None, 2),
            (&[GMAIL_FULL][..], newest, None, 2),
            (&[CONTACTS, GMAIL_SEND][..], None, Some(12), 1),
            (&[GMAIL_SEND][..], None, None, 0),
        ] {
            assert_eq!(tested(with).await, (AccessTest { newest_message, contacts }, asked), "{with:?}");
        }
    }

    #[tokio::test]
    async fn an_empty_mailbox_is_told_apart_from_one_that_may_not_be_read() {
        let empty = Apis::default().with(MESSAGES, 200, &json!({ "resultSizeEstimate": 0 })).with(
            CONTACTS_PATH,
            200,
            &json!({}),
        );
        let all = granted(&[GMAIL_READ, CONTACTS_READ]);
        let test = test_access(&empty, &GoogleUrls::of_google(), &token(), &all).await.expect("an answer");
        assert_eq!(test, AccessTest { newest_message: Some(None), contacts: Some(0) });
    }

    #[tokio::test]
    async fn a_refused_test_of_access_says_whether_the_token_was_the_reason() {
        let newest = |id: &str| json!({ "messages": [{ "id": id }] });
        for (status, body, why) in [
            (401, gmail_error(401, "authError", "UNAUTHENTICATED"), RefusalKind::TokenRefused),
            (403, disabled(), RefusalKind::ApiDisabled),
            (403, gmail_error(403, "rateLimitExceeded", "PERMISSION_DENIED"), RefusalKind::Throttled(None)),
            (429, json!({}), RefusalKind::Throttled(None)),
            (503, json!({}), RefusalKind::Unavailable),
            (200, json!({ "messages": "none" }), RefusalKind::Garbled),
            (200, newest("../profile"), RefusalKind::Garbled),
            (200, newest(""), RefusalKind::Garbled),
            (200, newest("18c0ffee"), RefusalKind::Garbled),
        ] {
            let apis = Apis::default().with(MESSAGES, status, &body).with(MESSAGE, 200, &json!({}));
            let refused =
                test_access(&apis, &GoogleUrls::of_google(), &token(), &granted(&[GMAIL_READ])).await;
            assert_eq!(refused.expect_err("refused").why, why, "{status} {body}");
        }
        let silent =
            test_access(&Apis::default(), &GoogleUrls::of_google(), &token(), &granted(&[CONTACTS])).await;
        assert_eq!(silent.expect_err("no answer").why, RefusalKind::Slow);
    }
}

//! Grants at a provider that only the tests have: they are refreshed, revoked and tested like all others.

use std::time::Duration;

use mail360::{
    platform::language::Language,
    providers::{
        Provider, RefreshProblem, RefusalKind, SharedPinned,
        oauth::RefreshRequest,
        provider::{MailboxFinding, Revocation},
    },
};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{SOUND, deletion::scene};
use crate::support::{
    Canned, CannedProvider, Kind, NEWEST_MESSAGE,
    contoso_mail::{ContosoMail, ON_TRIAL},
};

fn pinned() -> SharedPinned {
    ContosoMail.read_pinned(SOUND.client_id, r#"{"region":"eu"}"#).expect("sound values")
}

#[tokio::test]
async fn a_grant_of_another_provider_is_refreshed_and_revoked_at_its_own_addresses() {
    let (at, pinned) = (CannedProvider::default(), pinned());
    let (secret, token) = (SecretString::from(SOUND.secret), SecretString::from("canary-refresh-1"));
    let scopes = ["mail.all".to_owned()];
    let request = RefreshRequest { secret: &secret, refresh_token: &token, scopes: &scopes };
    at.answer_refresh(Canned::Json(200, json!({ "access_token": "canary-access-2", "expires_in": "60" })));
    let grant = pinned.refresh(&at, &request).await.expect("a grant");
    assert_eq!(grant.access_token.expose_secret(), "canary-access-2");
    // Contoso does not rotate: the refresh token stays valid.
    assert!(!grant.has_refresh_token());
    assert_eq!(grant.expires_in, Some(Duration::from_mins(1)));
    let sent = at.refreshes();
    assert_eq!(sent[0].url, "https://id.contoso.example/eu/token");
    assert_eq!(
        (sent[0].field("scope"), sent[0].field("client_secret")),
        (Some("mail.all"), Some(SOUND.secret))
    );
    at.answer_refresh(Canned::Json(
        400,
        json!({ "error": "invalid_grant", "error_description": "E-9999: Gone." }),
    ));
    let refused = pinned.refresh(&at, &request).await.expect_err("a refusal");
    assert_eq!(refused.problem, RefreshProblem::GrantRefused);
    assert_eq!(refused.words.expect("words").code(), Some(9_999));

    assert_eq!(pinned.revoke(&at, &token, &secret).await, Revocation::Revoked);
    let revoked = at.requests().pop().expect("a request");
    assert_eq!(revoked.url, "https://id.contoso.example/eu/revoke");
    assert_eq!(revoked.field("token"), Some("canary-refresh-1"));
    at.answer_revoke(Canned::Json(503, json!({})));
    assert_eq!(pinned.revoke(&at, &token, &secret).await, Revocation::Failed);
    assert_eq!(ContosoMail.removal_place(), None, "this program removes it");
    assert_eq!(ContosoMail.idle_limit(), None);
}

#[tokio::test]
async fn a_mailbox_of_another_provider_is_found_and_tested() {
    let (at, pinned) = (CannedProvider::default(), pinned());
    let token = SecretString::from("canary-access-1");
    assert_eq!(pinned.find_mailbox(&at, &token).await, MailboxFinding::Found("contoso-inbox".to_owned()));
    at.answer_inbox(Canned::Json(200, json!({ "inbox": false })));
    assert_eq!(pinned.find_mailbox(&at, &token).await, MailboxFinding::None);
    let all = ["mail.all".to_owned(), "contacts.all".to_owned()];
    let test = pinned.test_access(&at, &token, &all).await.expect("an answer");
    let newest = test.newest_message.flatten().map(mail360::platform::clock::Timestamp::for_machines);
    assert_eq!((newest.as_deref(), test.contacts), (Some(NEWEST_MESSAGE), Some(12)));
    let mail = pinned.test_access(&at, &token, &all[..1]).await.expect("an answer");
    assert!(mail.newest_message.is_some() && mail.contacts.is_none());
    at.answer_inbox(Canned::Json(401, json!({})));
    let refused = pinned.test_access(&at, &token, &all).await.expect_err("a refusal");
    assert_eq!(refused.why, RefusalKind::TokenRefused);
}

#[rstest]
#[tokio::test]
async fn an_end_whose_age_tells_the_reason_has_that_reason_on_the_page_of_the_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    const DAY: i64 = 86_400_000_000;
    let mut scene = scene(kind, 0).await;
    let page = format!("/accounts/{}", scene.connect("grace").await);
    for (age, is_told) in [(DAY, true), (2 * DAY, false)] {
        let ended = format!(
            "UPDATE accounts SET state = 'needs_sign_in', reason = '\"grant_refused\"', \
             state_since = signed_in_at + {age}"
        );
        scene.world.raw.run(&ended).await.expect("changed");
        let account = scene.ada.get(&page).await;
        account.assert_says("Contoso has ended the access.");
        assert_eq!(account.text().contains(ON_TRIAL), is_told, "{age}");
    }
}

#[test]
fn the_permissions_of_another_provider_have_words_in_every_language() {
    for permission in ContosoMail.permissions() {
        for language in Language::ALL {
            assert!(ContosoMail.permission_words(permission.name, language).is_some(), "{}", permission.name);
        }
    }
    assert_eq!(ContosoMail.permission_words("Mail.Read", Language::English), None);
}

//! Grants at Microsoft through the traits that the rest of the program uses, with prepared answers: no connector and no
//! database. `third_provider::grants` has the same for the made-up provider.

use std::{sync::Arc, time::Duration};

use mail360::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::{
        ClientId, Pinned, RefreshProblem, SharedApplication, SharedProvider,
        http::HttpFailure,
        microsoft::{Microsoft, MicrosoftUrls},
        oauth::{CodeRequest, RefreshRequest},
        provider::{Expected, Identity, MailboxFinding, Redeemed, Revocation},
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::support::{Canned, CannedProvider, Claims, NEWEST_MESSAGE, Seen, refreshed, rotate, tokens_of};

const CLIENT: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";
const OID: &str = "acc00000-7e57-4000-8000-000000000001";
const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

fn microsoft() -> SharedProvider {
    Arc::new(Microsoft::new(MicrosoftUrls {
        authorize: "https://login.example/{tenant}/oauth2/v2.0/authorize".to_owned(),
        token: "https://login.example/{tenant}/oauth2/v2.0/token".to_owned(),
        graph: "https://graph.example/v1.0".to_owned(),
        issuer: "https://login.example/{tenant}/v2.0".to_owned(),
    }))
}

/// An application for accounts of all companies.
fn application() -> SharedApplication {
    let provider = microsoft();
    let client_id = ClientId::parse(provider.form(), CLIENT).expect("a client ID");
    let values = [("account_type", "tenants_and_personal"), ("tenant", "")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    provider.parse_application(&client_id, &values).expect("an application")
}

/// A sign-in whose ID token names this account of the tenant.
async fn sign_in(at: &CannedProvider, oid: &str) -> (Redeemed, Identity) {
    let claims = Claims {
        client_id: CLIENT.to_owned(),
        nonce: "the nonce".to_owned(),
        tenant: TENANT.to_owned(),
        oid: oid.to_owned(),
        issuer: format!("https://login.example/{TENANT}/v2.0"),
        expires: NOW.seconds() + 3_600,
    };
    at.answer_token(Canned::Json(200, tokens_of(&claims, "1")));
    let [secret, verifier, code] = ["canary-secret", "a-verifier", "a-code"].map(SecretString::from);
    let redirect_uri = "https://mail.example/api/connectors";
    let request = CodeRequest { redirect_uri, secret: &secret, verifier: &verifier, code: &code };
    let pinned = application().pin(None);
    let redeemed = pinned.redeem(at, &request, None).await.expect("a grant");
    let nonce = Hash::of(b"the nonce");
    let expected = Expected { proved: None, callback_issuer: None, nonce, now: NOW, secrets: &[] };
    let identity = pinned.identify(at, &redeemed, &expected).await.expect("an identity");
    (redeemed, identity)
}

fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Refreshes with this token: the new refresh token, or the problem.
async fn refresh(at: &CannedProvider, pinned: &dyn Pinned, token: &str) -> Result<String, RefreshProblem> {
    let (secret, refresh_token) = (SecretString::from("canary-secret"), SecretString::from(token));
    let scopes = scopes("User.Read offline_access openid Mail.Read");
    let request = RefreshRequest { secret: &secret, refresh_token: &refresh_token, scopes: &scopes };
    let grant = pinned.refresh(at, &request).await.map_err(|refusal| refusal.problem)?;
    Ok(grant.refresh_token.map(|token| token.expose_secret().to_owned()).unwrap_or_default())
}

#[tokio::test]
async fn i4_an_account_is_known_by_its_tenant_and_its_id_and_never_by_its_email() {
    let at = CannedProvider::default();
    at.answer_me(Canned::Json(
        200,
        json!({
            "id": "1", "displayName": "Grace", "mail": "grace@contoso.test", "userPrincipalName": "g@contoso.test",
            "proxyAddresses": ["SMTP:grace@contoso.test", "smtp:hopper@contoso.test"],
        }),
    ));
    let (redeemed, identity) = sign_in(&at, &OID.to_uppercase()).await;
    assert_eq!(identity.subject, Some(format!("{TENANT}:{OID}")));
    assert_eq!(
        (identity.email.as_deref(), identity.name.as_deref()),
        (Some("grace@contoso.test"), Some("Grace"))
    );
    assert_eq!(identity.emails, ["grace@contoso.test", "g@contoso.test", "hopper@contoso.test"]);
    assert_eq!(identity.directory.as_deref(), Some(TENANT));
    let asked = scopes("User.Read offline_access openid Mail.Read Contacts.ReadWrite");
    let granted = application().pin(None).granted(&asked, &redeemed.grant);
    assert_eq!(granted, scopes("User.Read offline_access openid Mail.Read"));
    assert_eq!(redeemed.grant.expires_in, Some(Duration::from_hours(1)));

    at.answer_me(Canned::Json(200, json!({ "id": "1", "mail": "grace@contoso.test" })));
    let (_, unnamed) = sign_in(&at, "grace@contoso.test").await;
    assert_eq!(unnamed.subject, None, "an address is no id");
}

#[tokio::test]
async fn an_account_whose_addresses_cannot_be_selected_is_asked_for_its_names_alone() {
    let at = CannedProvider::default();
    at.answer_me(Canned::Json(
        400,
        json!({ "error": { "code": "BadRequest", "message": "No such property." } }),
    ));
    at.answer_me(Canned::Json(200, json!({ "id": "1", "userPrincipalName": "grace@outlook.test" })));
    let (_, identity) = sign_in(&at, OID).await;
    assert_eq!(identity.emails, ["grace@outlook.test"]);
    let asked: Vec<_> =
        at.requests().into_iter().filter(|seen| seen.method == "GET").map(|seen| seen.url).collect();
    assert!(asked.len() == 2 && asked[0].contains("proxyAddresses"), "{asked:?}");
    assert_eq!(asked[1], "https://graph.example/v1.0/me");
}

#[tokio::test]
async fn o19_a_grant_is_refreshed_at_the_tenant_of_its_account_with_the_granted_permissions() {
    let at = CannedProvider::default();
    at.answer_me(Canned::Json(200, json!({ "id": "1", "mail": "grace@contoso.test" })));
    let (_, identity) = sign_in(&at, OID).await;
    // As the row of the grant has it.
    let stored = application().pin_grant(&identity).to_json();
    let pinned = microsoft().read_pinned(CLIENT, &stored).expect("sound values");
    at.answer_refresh(Canned::Json(200, refreshed("2")));
    assert_eq!(refresh(&at, &*pinned, "canary-refresh-1").await.as_deref(), Ok("canary-refresh-2"));
    let sent = at.refreshes();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].url, format!("https://login.example/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(sent[0].field("refresh_token"), Some("canary-refresh-1"));
    assert_eq!(sent[0].field("client_secret"), Some("canary-secret"));
    assert_eq!(sent[0].field("scope"), Some("User.Read offline_access openid Mail.Read"));
    assert!(sent[0].headers.get("origin").is_none() && sent[0].headers.get("authorization").is_none());
    // Microsoft cannot revoke it, and is not asked to.
    let token = SecretString::from("canary-refresh-2");
    assert_eq!(pinned.revoke(&at, &token, &token).await, Revocation::NotOffered);
    assert_eq!(at.requests().len(), 3);
}

#[tokio::test]
async fn each_refresh_gives_another_token_and_a_provider_without_an_answer_ends_nothing() {
    /// Refuses one token, and rotates all others.
    fn answer(seen: &Seen) -> Canned {
        match seen.field("refresh_token") {
            Some("canary-refresh-gone") => Canned::Json(
                400,
                json!({ "error": "invalid_grant", "error_description": "AADSTS700082: Expired." }),
            ),
            _ => rotate(seen),
        }
    }
    let (at, pinned) = (CannedProvider::default(), application().pin(None));
    let nothing = refresh(&at, &*pinned, "canary-refresh-1").await;
    assert_eq!(nothing, Err(RefreshProblem::Unreachable));
    at.answer_refreshes(answer);
    let second = refresh(&at, &*pinned, "canary-refresh-1").await.expect("a token");
    assert_eq!(refresh(&at, &*pinned, &second).await.as_deref(), Ok("canary-refresh-1++"));
    assert_eq!(refresh(&at, &*pinned, "canary-refresh-gone").await, Err(RefreshProblem::GrantRefused));
    for (canned, problem) in [
        (Canned::Failure(HttpFailure::TimedOut), RefreshProblem::Slow),
        (Canned::Text(200, "<html>".to_owned()), RefreshProblem::Garbled),
        (
            Canned::Headed(429, ("retry-after", "30"), json!({})),
            RefreshProblem::Throttled(Some(Duration::from_secs(30))),
        ),
        (Canned::Echo, RefreshProblem::Refused),
        (Canned::Json(401, json!({ "error": "invalid_client" })), RefreshProblem::CredentialsRejected),
    ] {
        at.answer_refresh(canned);
        assert_eq!(refresh(&at, &*pinned, "canary-refresh-1").await, Err(problem));
    }
    assert!(refresh(&at, &*pinned, "canary-refresh-1").await.is_ok());
}

#[tokio::test]
async fn a_mailbox_is_looked_for_and_its_newest_message_and_contacts_are_read() {
    let (at, pinned) = (CannedProvider::default(), application().pin(None));
    let token = SecretString::from("canary-access-1");
    assert_eq!(pinned.find_mailbox(&at, &token).await, MailboxFinding::Found("AAMk-inbox".to_owned()));
    let none = json!({ "error": { "code": "MailboxNotEnabledForRESTAPI", "message": "No mailbox." } });
    at.answer_inbox(Canned::Json(404, none));
    assert_eq!(pinned.find_mailbox(&at, &token).await, MailboxFinding::None);
    at.answer_inbox(Canned::Failure(HttpFailure::TimedOut));
    assert_eq!(pinned.find_mailbox(&at, &token).await, MailboxFinding::Unknown);

    let granted = scopes("Mail.Read Contacts.Read");
    let test = pinned.test_access(&at, &token, &granted).await.expect("answers");
    let newest = test.newest_message.flatten().map(Timestamp::for_machines);
    assert_eq!((newest.as_deref(), test.contacts), (Some(NEWEST_MESSAGE), Some(12)));
    at.answer_messages(Canned::Json(200, json!({ "value": [] })));
    at.answer_contacts(Canned::Json(200, json!({ "@odata.count": 0, "value": [] })));
    let empty = pinned.test_access(&at, &token, &granted).await.expect("answers");
    assert_eq!((empty.newest_message, empty.contacts), (Some(None), Some(0)));
    for seen in at.requests() {
        assert_eq!(seen.headers["authorization"], "Bearer canary-access-1");
        assert!(seen.url.starts_with("https://graph.example/v1.0/me/"), "{}", seen.url);
    }
}

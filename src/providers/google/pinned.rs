//! The values that one sign-in or grant is pinned to: its addresses, and the domain that the connector asks for.

use std::sync::Arc;

use ::http::Method;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    id_token::{self, NotProved},
    mail::GmailMailbox,
    mailbox, passage, profile, requests, revocation, scopes, units,
    urls::GoogleUrls,
};
use crate::{
    platform::failure::Failure,
    providers::{
        Claim, Mismatch, Pinned, RefreshRefusal, Refusal,
        http::ProviderHttp,
        mailbox::SharedMailbox,
        oauth::{self, AuthorizeRequest, CodeRequest, Grant, RefreshRequest},
        passage::Passage,
        provider::{
            AccessTest, Expected, Identity, MailboxFinding, Missing, Redeemed, Revocation, Unreadable,
        },
        shown_issuer,
    },
};

/// A sign-in with an OAuth client of Google, or a grant of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedSignIn {
    /// The client ID.
    pub client_id: String,
    /// The addresses. Later changes of the configuration do not affect them.
    pub urls: GoogleUrls,
    /// The Google Workspace domain of which the account must be; `None` for any account. A grant has none, because its
    /// account was checked.
    pub hosted_domain: Option<String>,
}

/// The stored form of the values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    authorize: String,
    token: String,
    revoke: String,
    issuer: String,
    gmail: String,
    people: String,
    // Without this, serde would read a missing member as `None`.
    #[serde(deserialize_with = "Option::deserialize")]
    hosted_domain: Option<String>,
}

impl PinnedSignIn {
    /// Reads the stored values of an application's sign-in.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(client_id: &str, pinned: &str) -> Result<Self, Unreadable> {
        let Stored { authorize, token, revoke, issuer, gmail, people, hosted_domain } =
            serde_json::from_str(pinned).map_err(|_| Unreadable("JSON object"))?;
        let urls = GoogleUrls { authorize, token, revoke, issuer, gmail, people };
        Ok(Self { client_id: client_id.to_owned(), urls, hosted_domain })
    }
}

#[async_trait]
impl Pinned for PinnedSignIn {
    fn to_json(&self) -> String {
        let GoogleUrls { authorize, token, revoke, issuer, gmail, people } = self.urls.clone();
        let hosted_domain = self.hosted_domain.clone();
        let stored = Stored { authorize, token, revoke, issuer, gmail, people, hosted_domain };
        // Texts are always JSON.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> Result<String, Failure> {
        requests::authorize_url(&self.urls, &self.client_id, self.hosted_domain.as_deref(), request)
    }

    fn check_callback_issuer(&self, issuer: &str, secrets: &[&str]) -> Result<(), Mismatch> {
        let expected = &self.urls.issuer;
        if id_token::is_same_issuer(expected, issuer) {
            return Ok(());
        }
        let received = (!issuer.is_empty()).then(|| shown_issuer(issuer, expected, secrets));
        Err(Mismatch::new(Claim::CallbackIss, Some(expected.clone()), received))
    }

    async fn redeem(
        &self,
        http: &dyn ProviderHttp,
        request: &CodeRequest<'_>,
        _proved: Option<&str>,
    ) -> Result<Redeemed, Refusal> {
        let registration = requests::registration(&self.urls, &self.client_id);
        let grant = oauth::exchange(http, &registration, request).await?;
        Ok(Redeemed { grant, directory: None })
    }

    /// The ID token proves who signed in. The APIs are asked besides, so that one that is not enabled is told at once.
    async fn identify(
        &self,
        http: &dyn ProviderHttp,
        redeemed: &Redeemed,
        expected: &Expected<'_>,
    ) -> Result<Identity, Refusal> {
        let grant = &redeemed.grant;
        let claims = id_token::Expected {
            client_id: &self.client_id,
            issuer: &self.urls.issuer,
            hosted_domain: self.hosted_domain.as_deref(),
            callback_issuer: expected.callback_issuer,
            nonce: expected.nonce,
            now: expected.now,
            provider_now: grant.date,
            secrets: expected.secrets,
        };
        let token = grant.id_token.as_ref().ok_or_else(NotProved::missing)?;
        let proved = id_token::check(token.expose_secret(), &claims)?;
        let granted = grant.scopes.as_deref().unwrap_or_default();
        let of_mailbox = profile::ask(http, &self.urls, &grant.access_token, granted).await?;
        let id_token::Identity { subject, email: of_token, name, hosted_domain } = proved;
        let mut emails: Vec<String> = of_mailbox.into_iter().collect();
        if let Some(email) = of_token.filter(|email| !emails.iter().any(|it| it.eq_ignore_ascii_case(email)))
        {
            emails.push(email);
        }
        // The address of the mailbox comes first: that of the account may be at another provider.
        let email = emails.first().cloned();
        Ok(Identity {
            account: email.clone().or_else(|| subject.clone()).unwrap_or_else(|| "unknown".to_owned()),
            subject,
            email,
            name,
            emails,
            directory: hosted_domain,
            proves_directory: false,
        })
    }

    fn missing(&self, asked: &[String], grant: &Grant) -> Missing {
        scopes::missing(asked, grant.scopes.as_deref())
    }

    fn is_checked(&self, _scope: &str) -> bool {
        true
    }

    fn granted(&self, asked: &[String], grant: &Grant) -> Vec<String> {
        scopes::granted(asked, grant.scopes.as_deref())
    }

    async fn refresh(
        &self,
        http: &dyn ProviderHttp,
        request: &RefreshRequest<'_>,
    ) -> Result<Grant, RefreshRefusal> {
        requests::refresh(http, &self.urls, &self.client_id, request).await
    }

    async fn revoke(
        &self,
        http: &dyn ProviderHttp,
        refresh_token: &SecretString,
        _secret: &SecretString,
    ) -> Revocation {
        revocation::revoke(http, &self.urls.revoke, refresh_token).await
    }

    async fn find_mailbox(&self, http: &dyn ProviderHttp, access_token: &SecretString) -> MailboxFinding {
        mailbox::find(http, &self.urls.gmail, access_token).await
    }

    async fn test_access(
        &self,
        http: &dyn ProviderHttp,
        access_token: &SecretString,
        scopes: &[String],
    ) -> Result<AccessTest, Refusal> {
        mailbox::test_access(http, &self.urls, access_token, scopes).await
    }

    fn passage(&self) -> Passage {
        passage::passage(&self.urls.gmail, &self.urls.people)
    }

    fn is_of_mailbox(&self, path: &str) -> bool {
        passage::is_of_mailbox(path)
    }

    fn raw_units(&self, method: &Method, path: &str) -> u32 {
        units::of(method, path)
    }

    fn mailbox(&self) -> Option<SharedMailbox> {
        Some(Arc::new(GmailMailbox::new(&self.urls.gmail, &self.urls.people)))
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::{
        platform::{clock::Timestamp, randomness::Hash},
        providers::{
            RefusalKind,
            google::{
                permissions::{GMAIL_READ, GMAIL_SEND},
                profile::tests::{Apis, PROFILE_PATH, disabled},
            },
        },
    };

    const CLIENT: &str = "123456789012-abc0def1.apps.googleusercontent.com";
    const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

    fn pinned(hosted_domain: Option<&str>) -> PinnedSignIn {
        PinnedSignIn {
            client_id: CLIENT.to_owned(),
            urls: GoogleUrls::of_google(),
            hosted_domain: hosted_domain.map(str::to_owned),
        }
    }

    #[test]
    fn the_values_are_stored_in_one_form_and_read_again() {
        let whole = pinned(Some("contoso.com"));
        let stored = concat!(
            r#"{"authorize":"https://accounts.google.com/o/oauth2/v2/auth","#,
            r#""token":"https://oauth2.googleapis.com/token","revoke":"https://oauth2.googleapis.com/revoke","#,
            r#""issuer":"https://accounts.google.com","gmail":"https://gmail.googleapis.com","#,
            r#""people":"https://people.googleapis.com","hosted_domain":"contoso.com"}"#,
        );
        assert_eq!(whole.to_json(), stored);
        for pinned in [whole, pinned(None)] {
            assert_eq!(PinnedSignIn::read(CLIENT, &pinned.to_json()), Ok(pinned.clone()));
        }
        for wrong in [
            "",
            "{}",
            &stored.replace(r#","hosted_domain":"contoso.com""#, ""),
            &stored.replace("token", "x"),
        ] {
            assert!(PinnedSignIn::read(CLIENT, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn o8_the_message_about_another_issuer_has_both_values() {
        assert_eq!(pinned(None).check_callback_issuer("https://accounts.google.com", &[]), Ok(()));
        let wrong = pinned(None).check_callback_issuer("https://login.example", &[]).expect_err("another");
        let expected = Some("https://accounts.google.com".to_owned());
        let message =
            Mismatch::new(Claim::CallbackIss, expected.clone(), Some("https://login.example/".to_owned()));
        assert_eq!(wrong, message);
        let none = pinned(None).check_callback_issuer("", &[]).expect_err("none");
        assert_eq!((none.expected, none.received), (expected, None));
    }

    /// What a sign-in with these claims and permissions comes to.
    async fn identified(
        hosted_domain: Option<&str>,
        changes: &[(&str, serde_json::Value)],
        scope: &str,
        apis: &Apis,
    ) -> Result<Identity, Refusal> {
        let mut claims = json!({
            "aud": CLIENT, "iss": "accounts.google.com", "sub": "110169484474386276334", "nonce": "the nonce",
            "exp": NOW.seconds() + 3600, "email": "ada@contoso.test", "email_verified": true, "name": "Ada",
            "hd": "contoso.test",
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let grant = Grant {
            access_token: SecretString::from("canary-access"),
            refresh_token: None,
            expires_in: None,
            ends_in: None,
            id_token: Some(SecretString::from(token)),
            scopes: Some(vec!["openid".to_owned(), scope.to_owned()]),
            date: None,
        };
        let expected = Expected {
            proved: None,
            callback_issuer: None,
            nonce: Hash::of(b"the nonce"),
            now: NOW,
            secrets: &[],
        };
        pinned(hosted_domain).identify(apis, &Redeemed { grant, directory: None }, &expected).await
    }

    #[tokio::test]
    async fn o19_the_id_token_names_the_account_and_the_profile_its_mailbox() {
        let apis = Apis::default().with(PROFILE_PATH, 200, &json!({ "emailAddress": "Ada@contoso.test" }));
        let identity = identified(Some("contoso.test"), &[], GMAIL_READ, &apis).await.expect("an identity");
        assert_eq!(
            identity,
            Identity {
                account: "Ada@contoso.test".to_owned(),
                subject: Some("110169484474386276334".to_owned()),
                email: Some("Ada@contoso.test".to_owned()),
                name: Some("Ada".to_owned()),
                emails: vec!["Ada@contoso.test".to_owned()],
                directory: Some("contoso.test".to_owned()),
                proves_directory: false,
            }
        );
        let elsewhere = [("email", json!("ada@fabrikam.test")), ("hd", json!(null))];
        let two = identified(None, &elsewhere, GMAIL_READ, &apis).await.expect("an identity");
        assert_eq!(two.emails, ["Ada@contoso.test", "ada@fabrikam.test"]);
        assert_eq!(two.directory, None);
        let unproved = [("email_verified", json!(false))];
        let unnamed = identified(None, &unproved, GMAIL_SEND, &apis).await.expect("an identity");
        assert_eq!((unnamed.account.as_str(), unnamed.email), ("110169484474386276334", None));
    }

    #[tokio::test]
    async fn a_sign_in_is_refused_for_another_domain_and_without_the_api() {
        let other = identified(Some("fabrikam.test"), &[], GMAIL_SEND, &Apis::default()).await;
        assert_eq!(other.expect_err("another domain").why, RefusalKind::WrongDirectory);
        let apis = Apis::default().with(PROFILE_PATH, 403, &disabled());
        let refused = identified(None, &[], GMAIL_READ, &apis).await;
        assert_eq!(refused.expect_err("no API").why, RefusalKind::ApiDisabled);
        let silent = identified(None, &[], GMAIL_READ, &Apis::default()).await.expect("an identity");
        assert_eq!(silent.email.as_deref(), Some("ada@contoso.test"), "a time-out does not refuse");
    }
}

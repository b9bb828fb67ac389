//! Sign-ins at Contoso.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::{
    platform::{clock::Timestamp, failure::Failure, randomness::Hash},
    providers::{
        Claim, Evidence, Mismatch, Pinned, RefreshRefusal, Refusal, RefusalKind, TOLERATED_SKEW,
        http::ProviderHttp,
        oauth::{self, AuthorizeRequest, CodeRequest, Grant, RefreshRequest, Registration, ResponseMeta},
        provider::{AccessTest, Expected, Identity, MailboxFinding, Missing, Redeemed, Revocation},
        shown_issuer,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{ACCOUNT, ISSUER, MAILBOX, PERMISSIONS, Region, errors::read_words};

/// A sign-in is pinned to the region, of which the addresses follow.
#[derive(Debug)]
pub struct ContosoPin {
    pub client_id: String,
    pub region: Region,
}

impl ContosoPin {
    fn registration<'a>(&'a self, authorize: &'a str, token: &'a str) -> Registration<'a> {
        Registration { client_id: &self.client_id, authorize, token, read_words }
    }
}

#[async_trait]
impl Pinned for ContosoPin {
    fn to_json(&self) -> String {
        self.region.to_json()
    }

    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> Result<String, Failure> {
        let (authorize, token) = (self.region.authorize_url(), self.region.token_url());
        let openid = "openid".to_owned();
        let scopes: Vec<_> = [openid].into_iter().chain(request.scopes.iter().cloned()).collect();
        let request = AuthorizeRequest { scopes: &scopes, ..*request };
        oauth::authorize_url(&self.registration(&authorize, &token), &request, &[("display", "contoso")])
    }

    fn check_callback_issuer(&self, issuer: &str, secrets: &[&str]) -> Result<(), Mismatch> {
        if issuer == ISSUER {
            return Ok(());
        }
        Err(mismatch(Claim::CallbackIss, ISSUER, Some(shown_issuer(issuer, ISSUER, secrets))))
    }

    async fn redeem(
        &self,
        http: &dyn ProviderHttp,
        request: &CodeRequest<'_>,
        _proved: Option<&str>,
    ) -> Result<Redeemed, Refusal> {
        let (authorize, token) = (self.region.authorize_url(), self.region.token_url());
        let grant = oauth::exchange(http, &self.registration(&authorize, &token), request).await?;
        Ok(Redeemed { grant, directory: None })
    }

    async fn identify(
        &self,
        http: &dyn ProviderHttp,
        redeemed: &Redeemed,
        expected: &Expected<'_>,
    ) -> Result<Identity, Refusal> {
        let token = redeemed.grant.id_token.as_ref();
        let token = token.ok_or_else(|| not_proved(Mismatch::new(Claim::IdToken, None, None)))?;
        let claims = claims(token.expose_secret()).ok_or(RefusalKind::Garbled)?;
        check(&claims, &self.client_id, expected).map_err(not_proved)?;
        let Some(subject) = text(&claims, "sub") else { return Err(RefusalKind::IdentityRefused.into()) };
        let account = account(http, &redeemed.grant.access_token).await?;
        let email = Some(account.clone()).filter(|account| account.contains('@'));
        Ok(Identity {
            subject: Some(subject.to_owned()),
            emails: email.iter().cloned().collect(),
            email,
            account,
            ..Identity::default()
        })
    }

    /// Contoso writes permissions as they were asked for.
    fn missing(&self, asked: &[String], grant: &Grant) -> Missing {
        // RFC 6749, 5.1: without a list, everything was granted.
        let granted = grant.scopes.as_deref().unwrap_or(asked);
        let mut missing = Missing::default();
        for scope in asked.iter().filter(|scope| !granted.contains(scope)) {
            let is_required = PERMISSIONS.iter().any(|it| it.required && it.name == scope);
            let list = if is_required { &mut missing.required } else { &mut missing.optional };
            list.push(scope.clone());
        }
        missing
    }

    fn is_checked(&self, _scope: &str) -> bool {
        true
    }

    fn granted(&self, asked: &[String], grant: &Grant) -> Vec<String> {
        let granted = grant.scopes.as_deref().unwrap_or(asked);
        asked.iter().filter(|scope| granted.contains(scope)).cloned().collect()
    }

    async fn refresh(
        &self,
        http: &dyn ProviderHttp,
        request: &RefreshRequest<'_>,
    ) -> Result<Grant, RefreshRefusal> {
        let (authorize, token) = (self.region.authorize_url(), self.region.token_url());
        oauth::refresh(http, &self.registration(&authorize, &token), request).await
    }

    /// Contoso revokes a refresh token, and with it the whole grant (RFC 7009).
    async fn revoke(
        &self,
        http: &dyn ProviderHttp,
        refresh_token: &SecretString,
        secret: &SecretString,
    ) -> Revocation {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", refresh_token.expose_secret())
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", secret.expose_secret())
            .finish();
        let request = ::http::Request::post(self.region.revoke_url())
            .header(::http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .expect("a request");
        match http.send(request).await {
            Ok(answer) if answer.status().is_success() => Revocation::Revoked,
            _ => Revocation::Failed,
        }
    }

    async fn find_mailbox(&self, http: &dyn ProviderHttp, access_token: &SecretString) -> MailboxFinding {
        let mailbox = match ask(http, MAILBOX, access_token).await {
            Ok(mailbox) => mailbox,
            Err(refusal) if refusal.why == RefusalKind::ApiDisabled => {
                return MailboxFinding::Refused(refusal);
            }
            Err(_) => return MailboxFinding::Unknown,
        };
        match mailbox.get("inbox") {
            Some(Value::String(id)) => MailboxFinding::Found(id.clone()),
            Some(Value::Bool(false)) => MailboxFinding::None,
            _ => MailboxFinding::Unknown,
        }
    }

    async fn test_access(
        &self,
        http: &dyn ProviderHttp,
        access_token: &SecretString,
        scopes: &[String],
    ) -> Result<AccessTest, Refusal> {
        let has = |scope: &str| scopes.iter().any(|granted| granted == scope);
        let mailbox = ask(http, MAILBOX, access_token).await?;
        let newest = mailbox.get("newest").and_then(Value::as_i64);
        let newest = newest.map(|seconds| Timestamp::from_micros(seconds * 1_000_000));
        Ok(AccessTest {
            newest_message: has("mail.all").then_some(newest),
            contacts: mailbox.get("contacts").and_then(Value::as_u64).filter(|_| has("contacts.all")),
        })
    }
}

fn mismatch(claim: Claim, expected: &str, received: Option<String>) -> Mismatch {
    Mismatch::new(claim, Some(expected.to_owned()), received)
}

fn not_proved(mismatch: Mismatch) -> Refusal {
    Refusal::found(RefusalKind::IdentityNotProved, Evidence::Mismatch(mismatch))
}

/// The claims of a JSON Web Token. It came from the token endpoint over TLS, so its signature need not be checked
/// (OpenID Connect Core 1.0, 3.1.3.7 (6)).
fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.is_object().then_some(claims)
}

fn text<'a>(claims: &'a Value, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn check(claims: &Value, client_id: &str, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let shown = |issuer: &str| shown_issuer(issuer, ISSUER, expected.secrets);
    let issuer = text(claims, "iss");
    if issuer != Some(ISSUER) {
        return Err(mismatch(Claim::Iss, ISSUER, issuer.map(shown)));
    }
    if let Some(announced) = expected.callback_issuer.filter(|announced| *announced != ISSUER) {
        return Err(mismatch(Claim::CallbackIss, ISSUER, Some(shown(announced))));
    }
    let audience = text(claims, "aud");
    if audience != Some(client_id) {
        let received = audience.map(|_| "another application".to_owned());
        return Err(mismatch(Claim::Aud, client_id, received));
    }
    let nonce = text(claims, "nonce");
    if nonce.is_none_or(|nonce| Hash::of(nonce.as_bytes()) != expected.nonce) {
        let received = nonce.map(|_| "it differs from the one that was sent".to_owned());
        return Err(Mismatch::new(Claim::Nonce, None, received));
    }
    let until = claims.get("exp").and_then(Value::as_i64);
    let now = expected.now.seconds();
    if until.is_none_or(|until| until <= now - TOLERATED_SKEW) {
        return Err(mismatch(Claim::Exp, "later than now", None));
    }
    Ok(())
}

/// Asks Contoso which account signed in.
async fn account(http: &dyn ProviderHttp, access_token: &SecretString) -> Result<String, Refusal> {
    let account = ask(http, ACCOUNT, access_token).await.map_err(|refusal| match refusal.why {
        RefusalKind::TokenRefused | RefusalKind::AccessRefused => RefusalKind::IdentityRefused.into(),
        _ => refusal,
    })?;
    text(&account, "mailbox").map(str::to_owned).ok_or_else(|| RefusalKind::Garbled.into())
}

/// Asks Contoso's API.
async fn ask(http: &dyn ProviderHttp, address: &str, access_token: &SecretString) -> Result<Value, Refusal> {
    let host = oauth::host(address);
    let request = ::http::Request::get(address)
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .body(Vec::new())
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?;
    let answer = http.send(request).await.map_err(|failure| oauth::no_answer(failure, &host))?;
    if !answer.status().is_success() {
        let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let refused = match answer.status() {
            ::http::StatusCode::UNAUTHORIZED => RefusalKind::TokenRefused,
            _ if text(&said, "error") == Some("api_disabled") => RefusalKind::ApiDisabled,
            _ => RefusalKind::AccessRefused,
        };
        return Err(ResponseMeta::of(&answer).why().unwrap_or(refused).into());
    }
    Ok(serde_json::from_slice(answer.body()).unwrap_or_default())
}

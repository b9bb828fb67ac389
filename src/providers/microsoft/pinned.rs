//! The values that one sign-in or grant is pinned to: its addresses, and the tenant if it is known.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    endpoints::{Endpoints, IssuerTemplate},
    graph,
    id_token::{self, ExpectedTenant, NotProved},
    mail::GraphMailbox,
    mailbox, metadata, passage, requests, scopes,
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

/// A sign-in with an Azure application, or a grant of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedSignIn {
    /// The application's client ID.
    pub client_id: String,
    /// The addresses.
    pub endpoints: Endpoints,
    /// The GUID of the tenant, if it is known.
    pub tenant: Option<String>,
    /// The tenant's domain, if the settings name the tenant by a domain and its GUID is not known.
    pub domain: Option<String>,
}

/// The stored form of the values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    authorize: String,
    token: String,
    graph: String,
    issuer: String,
    // Without this, serde would read a missing member as `None`.
    #[serde(deserialize_with = "Option::deserialize")]
    tenant: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    domain: Option<String>,
}

impl PinnedSignIn {
    /// Reads the stored values of an application's sign-in.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(client_id: &str, pinned: &str) -> Result<Self, Unreadable> {
        let Stored { authorize, token, graph, issuer, tenant, domain } =
            serde_json::from_str(pinned).map_err(|_| Unreadable("JSON object"))?;
        let endpoints = Endpoints { authorize, token, graph, issuer: IssuerTemplate(issuer) };
        Ok(Self { client_id: client_id.to_owned(), endpoints, tenant, domain })
    }

    /// The domain whose GUID is unknown. An earlier sign-in may have proved it since this one began.
    fn unknown_domain(&self, proved: Option<&str>) -> Option<&str> {
        self.domain.as_deref().filter(|_| proved.is_none())
    }
}

#[async_trait]
impl Pinned for PinnedSignIn {
    fn to_json(&self) -> String {
        let Endpoints { authorize, token, graph, issuer } = self.endpoints.clone();
        let (tenant, domain) = (self.tenant.clone(), self.domain.clone());
        let stored = Stored { authorize, token, graph, issuer: issuer.0, tenant, domain };
        // Texts are always JSON.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> Result<String, Failure> {
        requests::authorize_url(&self.endpoints, &self.client_id, request)
    }

    fn check_callback_issuer(&self, issuer: &str, secrets: &[&str]) -> Result<(), Mismatch> {
        let (template, tenant) = (&self.endpoints.issuer, self.tenant.as_deref());
        if template.may_be(issuer, tenant) {
            return Ok(());
        }
        let expected = tenant.map_or_else(|| template.0.clone(), |tenant| template.for_tenant(tenant));
        let received = (!issuer.is_empty()).then(|| shown_issuer(issuer, &template.0, secrets));
        Err(Mismatch::new(Claim::CallbackIss, Some(expected), received))
    }

    async fn redeem(
        &self,
        http: &dyn ProviderHttp,
        request: &CodeRequest<'_>,
        proved: Option<&str>,
    ) -> Result<Redeemed, Refusal> {
        // If the connector names its tenant by a domain, the GUID is unknown before the first successful sign-in. The
        // metadata of the domain has the GUID; if there is none, the first checked ID token gives it.
        let domain = self.unknown_domain(proved);
        let of_domain = async { metadata::tenant_of(http, &self.endpoints.issuer, domain?).await };
        let registration = requests::registration(&self.endpoints, &self.client_id);
        let exchange = oauth::exchange(http, &registration, request);
        let (grant, directory) = tokio::join!(exchange, of_domain);
        Ok(Redeemed { grant: grant?, directory })
    }

    async fn identify(
        &self,
        http: &dyn ProviderHttp,
        redeemed: &Redeemed,
        expected: &Expected<'_>,
    ) -> Result<Identity, Refusal> {
        let Redeemed { grant, directory } = redeemed;
        let is_unknown = self.unknown_domain(expected.proved).is_some();
        let known = self.tenant.as_deref().or(expected.proved).or(directory.as_deref());
        let claims = id_token::Expected {
            client_id: &self.client_id,
            issuer: &self.endpoints.issuer,
            tenant: match known {
                Some(tenant) => ExpectedTenant::Is(tenant),
                None if is_unknown => ExpectedTenant::Some,
                None => ExpectedTenant::Any,
            },
            callback_issuer: expected.callback_issuer,
            nonce: expected.nonce,
            now: expected.now,
            provider_now: grant.date,
            secrets: expected.secrets,
        };
        let token = grant.id_token.as_ref().ok_or_else(NotProved::missing)?;
        let proved = id_token::check(token.expose_secret(), &claims)?;
        let me = graph::me(http, &self.endpoints.graph, &grant.access_token).await?;
        Ok(Identity {
            account: me.account,
            subject: proved.subject(),
            email: me.email,
            name: me.name,
            emails: me.emails,
            proves_directory: is_unknown && proved.tenant.is_some(),
            directory: proved.tenant,
        })
    }

    fn missing(&self, asked: &[String], grant: &Grant) -> Missing {
        scopes::missing(asked, grant.scopes.as_deref(), grant.has_refresh_token(), &self.endpoints.graph)
    }

    fn is_checked(&self, scope: &str) -> bool {
        scopes::is_checked(scope)
    }

    fn granted(&self, asked: &[String], grant: &Grant) -> Vec<String> {
        scopes::granted(asked, grant.scopes.as_deref(), &self.endpoints.graph)
    }

    /// Sends every granted permission, those of OpenID Connect too, as Microsoft's own libraries do. Microsoft gives a
    /// new refresh token only if `offline_access` is among them (v2-oauth2-auth-code-flow, "Refresh the access token").
    async fn refresh(
        &self,
        http: &dyn ProviderHttp,
        request: &RefreshRequest<'_>,
    ) -> Result<Grant, RefreshRefusal> {
        oauth::refresh(http, &requests::registration(&self.endpoints, &self.client_id), request).await
    }

    /// Microsoft has no such request; see `removal`.
    async fn revoke(
        &self,
        _http: &dyn ProviderHttp,
        _refresh_token: &SecretString,
        _secret: &SecretString,
    ) -> Revocation {
        Revocation::NotOffered
    }

    async fn find_mailbox(&self, http: &dyn ProviderHttp, access_token: &SecretString) -> MailboxFinding {
        mailbox::find(http, &self.endpoints.graph, access_token).await
    }

    async fn test_access(
        &self,
        http: &dyn ProviderHttp,
        access_token: &SecretString,
        scopes: &[String],
    ) -> Result<AccessTest, Refusal> {
        mailbox::test_access(http, &self.endpoints.graph, access_token, scopes).await
    }

    fn passage(&self) -> Passage {
        passage::passage(&self.endpoints.graph)
    }

    fn is_of_mailbox(&self, path: &str) -> bool {
        passage::is_of_mailbox(path)
    }

    fn mailbox(&self) -> Option<SharedMailbox> {
        Some(Arc::new(GraphMailbox::new(&self.endpoints.graph)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TID: &str = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const OTHER: &str = "3b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn pinned(tenant: Option<&str>, domain: Option<&str>) -> PinnedSignIn {
        PinnedSignIn {
            client_id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned(),
            endpoints: Endpoints {
                authorize: "https://login.example/a".to_owned(),
                token: "https://login.example/t".to_owned(),
                graph: "https://graph.example/v1.0".to_owned(),
                issuer: IssuerTemplate("https://login.example/{tenant}/v2.0".to_owned()),
            },
            tenant: tenant.map(str::to_owned),
            domain: domain.map(str::to_owned),
        }
    }

    #[test]
    fn the_values_are_stored_in_one_form_and_read_again() {
        let whole = pinned(None, Some("contoso.com"));
        let stored = concat!(
            r#"{"authorize":"https://login.example/a","token":"https://login.example/t","#,
            r#""graph":"https://graph.example/v1.0","issuer":"https://login.example/{tenant}/v2.0","#,
            r#""tenant":null,"domain":"contoso.com"}"#,
        );
        assert_eq!(whole.to_json(), stored);
        for pinned in [whole, pinned(Some(TID), None), pinned(None, None)] {
            assert_eq!(PinnedSignIn::read(&pinned.client_id, &pinned.to_json()), Ok(pinned.clone()));
        }
        for wrong in
            ["", "{}", &stored.replace(r#","domain":"contoso.com""#, ""), &stored.replace("token", "x")]
        {
            assert!(PinnedSignIn::read("", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn o8_the_message_about_another_issuer_has_both_values() {
        let issuer = |tenant: &str| format!("https://login.example/{tenant}/v2.0");
        assert_eq!(pinned(None, None).check_callback_issuer(&issuer(TID), &[]), Ok(()));
        assert_eq!(pinned(Some(TID), None).check_callback_issuer(&issuer(TID), &[]), Ok(()));
        let wrong = pinned(Some(TID), None).check_callback_issuer(&issuer(OTHER), &[]).expect_err("another");
        let message = Mismatch::new(Claim::CallbackIss, Some(issuer(TID)), Some(issuer(OTHER)));
        assert_eq!(wrong, message);
        let none = pinned(None, None).check_callback_issuer("", &[]).expect_err("none");
        assert_eq!((none.expected, none.received), (Some(issuer("{tenant}")), None));
    }

    #[test]
    fn n13_a_domain_counts_as_unknown_until_a_sign_in_has_proved_its_tenant() {
        let of_domain = pinned(None, Some("contoso.com"));
        assert_eq!(of_domain.unknown_domain(None), Some("contoso.com"));
        assert_eq!(of_domain.unknown_domain(Some(TID)), None);
        assert_eq!(pinned(Some(TID), None).unknown_domain(None), None);
    }
}

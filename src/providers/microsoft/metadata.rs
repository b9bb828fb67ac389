//! Reads the GUID of a domain's tenant from the OpenID metadata.

use std::time::Duration;

use super::endpoints::IssuerTemplate;
use crate::providers::{http::ProviderHttp, members::Members};

/// Time limit of the request for the metadata. A sign-in has fifteen seconds in all, and continues without the
/// metadata.
const METADATA_TIME_LIMIT: Duration = Duration::from_secs(3);

/// The GUID of the tenant to which a domain belongs. It is in the issuer of the domain's metadata (OpenID Connect
/// Discovery 1.0, 4). `None` if the provider has no such metadata or does not answer in time.
pub async fn tenant_of(http: &dyn ProviderHttp, issuer: &IssuerTemplate, domain: &str) -> Option<String> {
    if !issuer.names_tenant() {
        return None;
    }
    let base = issuer.for_tenant(domain);
    let request =
        ::http::Request::get(format!("{}/.well-known/openid-configuration", base.trim_end_matches('/')))
            .header(::http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .ok()?;
    let answer = tokio::time::timeout(METADATA_TIME_LIMIT, http.send(request)).await.ok()?.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    issuer.tenant_in(Members::read(answer.body())?.text("issuer")?)
}

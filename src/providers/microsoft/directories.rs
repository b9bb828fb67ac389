//! Finds the tenant that an administrator typed, for a consent link: by its GUID, or by a domain, whose GUID is in the
//! OpenID metadata.

use super::{MicrosoftUrls, endpoints::IssuerTemplate, fields::Tenant, metadata};
use crate::providers::{guid, http::ProviderHttp, provider::FoundDirectory};

/// How to name a tenant in the form.
pub const HELP: &str = "A domain of the company, such as contoso.com, or the Directory (tenant) ID that its Overview page shows.";

/// The tenant of all personal accounts (Microsoft, id-token-claims-reference). It has no administrator.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

const NEITHER: &str = "Write a domain of the company, such as contoso.com, or its Directory (tenant) ID.";
const UNKNOWN: &str = "Microsoft does not know this domain, or does not answer at the moment. Check the domain, or write \
                       the Directory (tenant) ID of the company.";
const OF_PERSONS: &str = "This domain belongs to personal accounts. Each of them agrees alone, so no administrator is \
                          asked.";

/// The tenant that was typed, or the only one that may sign in.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub async fn find(
    http: &dyn ProviderHttp,
    urls: &MicrosoftUrls,
    only: Option<&Tenant>,
    typed: &str,
) -> Result<FoundDirectory, &'static str> {
    let tenant = match only {
        Some(only) => only.clone(),
        // Its own words are about the application's tenant, which this is not.
        None => Tenant::parse(typed).map_err(|_| NEITHER)?,
    };
    let name = tenant.as_str();
    let id = match guid(name) {
        Some(id) => id,
        None => metadata::tenant_of(http, &IssuerTemplate(urls.issuer.clone()), name).await.ok_or(UNKNOWN)?,
    };
    if id == PERSONAL {
        return Err(OF_PERSONS);
    }
    Ok(FoundDirectory { id, name: name.to_owned() })
}

//! Parses the values of the form that only Microsoft has. The parser of client secrets is in `secret`.

#[cfg(test)]
mod tests;

#[cfg(feature = "ssr")]
use super::guid::parse_guid;
use super::guid::{FoundGuid, GuidLabel, find_guid};
use crate::platform::text;

/// Parses a client ID: the Application (client) ID of the Azure application, a GUID. The text may contain other
/// words, a label or an address, if it has only one GUID and the label does not name another ID.
///
/// # Returns
/// The client ID, in lower case.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub fn parse_client_id(text: &str) -> Result<String, &'static str> {
    if text::trim(text).is_empty() {
        return Err("Copy the Application (client) ID from your application's Overview page.");
    }
    match find_guid(text) {
        FoundGuid::One { id, label: None | Some(GuidLabel::Client) } => Ok(id),
        FoundGuid::One { label: Some(GuidLabel::Tenant), .. } => Err(
            "This is the Directory (tenant) ID. Copy the Application (client) ID from your application's Overview \
             page.",
        ),
        FoundGuid::One { label: Some(GuidLabel::Object), .. } => Err(
            "This is the Object ID. Copy the Application (client) ID, which the Overview page shows above it.",
        ),
        FoundGuid::One { label: Some(GuidLabel::Secret), .. } => Err(
            "This is the Secret ID. Copy the Application (client) ID from your application's Overview page.",
        ),
        FoundGuid::One { label: Some(GuidLabel::Other), .. } => Err(
            "This is not the ID of your application. Copy the Application (client) ID from your application's \
             Overview page.",
        ),
        FoundGuid::Several => Err(
            "This text has more than one ID. Copy only the Application (client) ID from your application's \
             Overview page.",
        ),
        FoundGuid::Nothing => Err(
            "This is not a Client ID. A Client ID has 36 characters, such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427.",
        ),
    }
}

/// Whether a text is a GUID. Client IDs, secret IDs and the IDs of tenants are GUIDs.
#[cfg(feature = "ssr")]
pub fn looks_like_guid(text: &str) -> bool {
    parse_guid(text).is_some()
}

/// Whether a text looks like one of Microsoft's client secrets: it has no blank, and it has letters of both cases,
/// digits and a tilde. Names do not look so. Invisible characters are ignored, so they cannot disguise a secret.
pub fn looks_like_secret(text: &str) -> bool {
    let plain = text::ascii(text);
    let text = text::unwrapped(&plain);
    let has = |what: fn(&char) -> bool| text.chars().any(|c| what(&c));
    (30..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.contains('~')
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

/// A tenant: a GUID or a domain, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Parses a tenant. Other words may surround a GUID, as with a client ID. A domain may have the scheme and the
    /// slash of an address without a path, or the @ of an email, around it.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match find_guid(text) {
            FoundGuid::One { id, label: None | Some(GuidLabel::Tenant) } => Ok(Self(id)),
            FoundGuid::One { label: Some(GuidLabel::Client), .. } => Err(
                "This is the Application (client) ID. Copy the Directory (tenant) ID from your application's Overview \
                 page.",
            ),
            FoundGuid::One { .. } => Err(
                "This is not the ID of a tenant. Copy the Directory (tenant) ID from your application's Overview page.",
            ),
            FoundGuid::Several => Err(
                "This text has more than one ID. Copy only the Directory (tenant) ID from your application's Overview \
                 page.",
            ),
            FoundGuid::Nothing => text::domain(text).or_else(|| domain_alone(text)).map(Self).ok_or(
                "Write the Directory (tenant) ID from your application's Overview page, or a domain of your company, \
                 such as contoso.com.",
            ),
        }
    }

    /// The tenant as a segment of a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a GUID, so that an ID token can be compared with it.
    #[cfg(feature = "ssr")]
    pub fn is_guid(&self) -> bool {
        looks_like_guid(&self.0)
    }
}

/// Domains of Microsoft's own hosts. An address on one of them leads to a page of Microsoft's and names no tenant.
const MICROSOFT: [&str; 9] = [
    "azure.cn",
    "azure.com",
    "azure.us",
    "live.com",
    "microsoft.com",
    "microsoftonline.com",
    "microsoftonline.us",
    "office.com",
    "windows.net",
];

/// The domain of an address that has only a scheme and a host (`https://contoso.com/`), or of the end of an email
/// (`@contoso.com`). An address with a path may be that of any page, so it gives `None`.
fn domain_alone(text: &str) -> Option<String> {
    let plain = text::ascii(text);
    let bare = text::unwrapped(&plain);
    if let Some(domain) = bare.strip_prefix('@') {
        return text::domain(domain);
    }
    let (scheme, rest) = bare.split_once("://")?;
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let domain = text::domain(rest.strip_suffix('/').unwrap_or(rest)).filter(|_| is_web)?;
    let is_microsofts = MICROSOFT.iter().any(|theirs| {
        domain.strip_suffix(*theirs).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    (!is_microsofts).then_some(domain)
}

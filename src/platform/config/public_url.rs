//! The public URL.

use std::str::FromStr;

use url::Url;

/// Where the provider sends browsers back to.
pub const REDIRECT_PATH: &str = "/api/connectors";

/// The address under which browsers reach the program: scheme, host and port, nothing after them.
///
/// It comes from the configuration and never from a request's header: an attacker who chooses the
/// `Host` header would otherwise choose the Redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
    https: bool,
}

impl PublicUrl {
    /// As a browser writes an origin: `https://mail.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// As a browser writes the `Host` header: `mail.example.com` or `localhost:3000`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether browsers come by https, so that cookies are `Secure`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The one Redirect URI of all connectors.
    pub fn redirect_uri(&self) -> String {
        self.join(REDIRECT_PATH)
    }

    /// A path of ours as a whole address.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| {
            format!("`{text}` is not an address; write it whole, such as https://mail.example.com")
        })?;
        let https = match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => true,
            ("http", Some("localhost")) => false,
            ("http", Some(_)) => {
                return Err(format!(
                    "`{text}` is not https; Microsoft takes http only for localhost: write https://…"
                ));
            }
            _ => return Err(format!("`{text}` begins neither with https:// nor with http://")),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(format!("`{text}` has more than scheme, host and port: leave the rest out"));
        }
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { origin: format!("{}://{authority}", url.scheme()), authority, https })
    }
}

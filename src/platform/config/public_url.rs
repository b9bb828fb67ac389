//! The public URL of the program.

use std::str::FromStr;

use url::Url;

use crate::platform::origin::Origin;

/// The path to which the provider sends browsers back.
pub const REDIRECT_PATH: &str = "/api/connectors";

/// The URL under which browsers reach the program: scheme, host and port only.
///
/// The URL comes from the configuration and never from a request: an attacker who chooses the `Host` header would
/// otherwise choose the Redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    parts: Origin,
    origin: String,
    authority: String,
}

impl PublicUrl {
    /// The origin as a browser writes it: `https://mail.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The `Host` header as a browser writes it: `mail.example.com` or `localhost:3000`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Scheme, host and port, for comparing with another origin.
    pub fn parts(&self) -> &Origin {
        &self.parts
    }

    /// Whether browsers use https. Cookies are then `Secure`.
    pub fn is_https(&self) -> bool {
        self.parts.is_https()
    }

    /// The one Redirect URI of all connectors.
    pub fn redirect_uri(&self) -> String {
        self.join(REDIRECT_PATH)
    }

    /// The whole URL of a path of this program.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            let host = if text.is_empty() { "mail360.example.com" } else { text.trim_start_matches('/') };
            return Err(format!("`{text}` is not a complete address: write https://{host}"));
        };
        let (authority, after) = rest.split_at(rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            // It may hold a password, so the error does not repeat it.
            return Err("has a user or a password in it: leave out everything before the @".to_owned());
        }
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => {
                return Err(format!("`{text}` must begin with https:// or http://: write https://{rest}"));
            }
        };
        let Some(parts) = Origin::of_authority(https, authority) else {
            return Err(format!(
                "`{text}` has no valid host: write a host name, such as https://mail360.example.com, \
                 and a port only as a number from 1 to 65535"
            ));
        };
        if !https && parts.host() != "localhost" {
            let port = parts.unusual_port().map(|port| format!(":{port}")).unwrap_or_default();
            return Err(format!(
                "`{text}` must begin with https, because providers accept http only for localhost: write https://{}, with \
                 a reverse proxy in front for TLS, or http://localhost{port} if only browsers of this machine use it",
                parts.host()
            ));
        }
        if after.trim_end_matches('/') == REDIRECT_PATH {
            return Err(format!(
                "`{text}` is the Redirect URI: leave out {REDIRECT_PATH}, and write {parts}"
            ));
        }
        if !["", "/"].contains(&after) {
            let path = Url::parse(text).is_ok_and(|url| url.path() != "/");
            return Err(if path {
                format!(
                    "`{text}` must be only https://host or https://host:port, without a path. The console needs a host name \
                     of its own, such as https://mail360.example.com"
                )
            } else {
                format!("`{text}` has more than scheme, host and port: write {parts}")
            });
        }
        Ok(Self { origin: parts.to_string(), authority: parts.authority(), parts })
    }
}

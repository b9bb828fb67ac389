//! The configured addresses of Google's services.

/// The addresses of Google's services. None of them ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleUrls {
    /// Authorization endpoint.
    pub authorize: String,
    /// Token endpoint.
    pub token: String,
    /// The endpoint that revokes grants.
    pub revoke: String,
    /// Issuer of ID tokens.
    pub issuer: String,
    /// The host of the Gmail API, with its scheme.
    pub gmail: String,
    /// The host of the People API, with its scheme.
    pub people: String,
}

impl GoogleUrls {
    /// The addresses of Google itself.
    pub fn of_google() -> Self {
        Self {
            authorize: AUTHORIZE.to_owned(),
            token: TOKEN.to_owned(),
            revoke: REVOKE.to_owned(),
            issuer: ISSUER.to_owned(),
            gmail: GMAIL.to_owned(),
            people: PEOPLE.to_owned(),
        }
    }

    /// Whether people sign in at Google itself, so that the pages of its console are known.
    pub fn is_google(&self) -> bool {
        self.authorize == AUTHORIZE
    }
}

pub(super) const AUTHORIZE: &str = "https://accounts.google.com/o/oauth2/v2/auth";
pub(super) const TOKEN: &str = "https://oauth2.googleapis.com/token";
pub(super) const REVOKE: &str = "https://oauth2.googleapis.com/revoke";
pub(super) const ISSUER: &str = "https://accounts.google.com";
pub(super) const GMAIL: &str = "https://gmail.googleapis.com";
pub(super) const PEOPLE: &str = "https://people.googleapis.com";

/// A warning for each setting that is Google's own while people sign in elsewhere, or the other way round.
pub(super) fn warnings(urls: &GoogleUrls) -> Vec<String> {
    let is_google = urls.is_google();
    let settings = [
        ("MAIL360_GOOGLE_TOKEN_URL", &urls.token, TOKEN, "every sign-in fails"),
        ("MAIL360_GOOGLE_ISSUER", &urls.issuer, ISSUER, "every sign-in fails"),
        ("MAIL360_GOOGLE_REVOKE_URL", &urls.revoke, REVOKE, "a disconnected account keeps its access there"),
    ];
    let differs = settings.into_iter().filter(|(_, url, own, _)| (url.as_str() == *own) != is_google);
    let warning = |(setting, url, _, effect): (&str, &String, &str, &str)| {
        let authorize = &urls.authorize;
        format!(
            "{setting} is {url}, and MAIL360_GOOGLE_AUTHORIZE_URL is {authorize}: one of them is Google’s own address, \
             and the other is not, so {effect}. Set {setting} to the same service as the others."
        )
    };
    differs.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_service_belong_together() {
        let google = GoogleUrls::of_google();
        assert!(warnings(&google).is_empty());
        let elsewhere = GoogleUrls {
            authorize: "http://127.0.0.1:4371/o/oauth2/v2/auth".to_owned(),
            token: "http://127.0.0.1:4371/oauth2/token".to_owned(),
            revoke: "http://127.0.0.1:4371/oauth2/revoke".to_owned(),
            issuer: "http://127.0.0.1:4371".to_owned(),
            // The APIs may be Google's own, or a gateway's.
            ..google.clone()
        };
        assert!(warnings(&elsewhere).is_empty());
        let one = GoogleUrls { issuer: elsewhere.issuer.clone(), ..google.clone() };
        let [warning] = &warnings(&one)[..] else { panic!("one warning") };
        assert!(warning.starts_with("MAIL360_GOOGLE_ISSUER is http://127.0.0.1:4371"), "{warning}");
        let other = GoogleUrls { authorize: elsewhere.authorize, ..google };
        assert_eq!(warnings(&other).len(), 3);
    }
}

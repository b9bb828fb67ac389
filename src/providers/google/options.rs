//! The settings of Google's addresses. An empty setting counts as not set, as in `platform::config`.

use std::sync::Arc;

use clap::Args;

use super::{
    provider::GoogleProvider,
    urls::{AUTHORIZE, GMAIL, GoogleUrls, ISSUER, PEOPLE, REVOKE, TOKEN},
};
use crate::providers::{SharedProvider, provider_url};

/// The addresses as typed.
#[derive(Args, Clone, Debug)]
// Clap names a group after its struct, and `platform::config` has a struct with the same name.
#[group(id = "google")]
#[command(next_help_heading = "Other clouds and tests")]
pub struct Options {
    /// Google's authorization endpoint, to which browsers are sent to sign in.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_AUTHORIZE_URL", default_value = AUTHORIZE)]
    pub google_authorize_url: String,

    /// Google's token endpoint, at which codes are exchanged for tokens.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_TOKEN_URL", default_value = TOKEN)]
    pub google_token_url: String,

    /// Google's endpoint at which tokens are revoked.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_REVOKE_URL", default_value = REVOKE)]
    pub google_revoke_url: String,

    /// The issuer of Google's ID tokens.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_ISSUER", default_value = ISSUER)]
    pub google_issuer: String,

    /// Base address of the Gmail API, without `/gmail/v1`.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_GMAIL_URL", default_value = GMAIL)]
    pub google_gmail_url: String,

    /// Base address of the People API, without `/v1`.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_GOOGLE_PEOPLE_URL", default_value = PEOPLE)]
    pub google_people_url: String,
}

impl Options {
    /// Checks all addresses.
    ///
    /// # Errors
    /// Every mistake, each with its setting and how to correct it.
    pub fn check(&self) -> Result<SharedProvider, Vec<String>> {
        self.urls().map(|urls| Arc::new(GoogleProvider::new(urls)) as SharedProvider)
    }

    fn urls(&self) -> Result<GoogleUrls, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut check = |setting: &str, typed: &str, default: &str| {
            let address = if typed.trim().is_empty() { default } else { typed };
            let address = provider_url::check(address, None);
            // Paths are appended with a slash of their own.
            let address = address.map(|address| address.trim_end_matches('/').to_owned());
            address.map_err(|mistake| mistakes.push(format!("{setting}: {mistake}")))
        };
        let authorize = check("MAIL360_GOOGLE_AUTHORIZE_URL", &self.google_authorize_url, AUTHORIZE);
        let token = check("MAIL360_GOOGLE_TOKEN_URL", &self.google_token_url, TOKEN);
        let revoke = check("MAIL360_GOOGLE_REVOKE_URL", &self.google_revoke_url, REVOKE);
        let issuer = check("MAIL360_GOOGLE_ISSUER", &self.google_issuer, ISSUER);
        let gmail = check("MAIL360_GOOGLE_GMAIL_URL", &self.google_gmail_url, GMAIL);
        let people = check("MAIL360_GOOGLE_PEOPLE_URL", &self.google_people_url, PEOPLE);
        match (authorize, token, revoke, issuer, gmail, people) {
            (Ok(authorize), Ok(token), Ok(revoke), Ok(issuer), Ok(gmail), Ok(people)) => {
                Ok(GoogleUrls { authorize, token, revoke, issuer, gmail, people })
            }
            _ => Err(mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    const FLAGS: [&str; 6] = [
        "--google-authorize-url",
        "--google-token-url",
        "--google-revoke-url",
        "--google-issuer",
        "--google-gmail-url",
        "--google-people-url",
    ];

    fn urls(arguments: &[&str]) -> Result<GoogleUrls, Vec<String>> {
        Line::parse_from([&["mail360"], arguments].concat()).options.urls()
    }

    #[test]
    fn without_settings_the_addresses_are_googles_own() {
        assert_eq!(urls(&[]), Ok(GoogleUrls::of_google()));
        assert!(GoogleUrls::of_google().is_google());
        let elsewhere = urls(&["--google-authorize-url", "http://localhost:4371/o/oauth2/v2/auth"]);
        assert!(!elsewhere.expect("sound").is_google());
    }

    #[test]
    fn an_address_may_end_in_a_slash() {
        let urls = urls(&["--google-gmail-url", "http://127.0.0.1:4372/gw/gmail.googleapis.com/"]);
        assert_eq!(urls.expect("sound").gmail, "http://127.0.0.1:4372/gw/gmail.googleapis.com");
    }

    #[test]
    fn n22_braces_are_refused_in_every_configured_address() {
        for flag in FLAGS {
            for address in ["https://{tenant}/x", "https://a.example/{tenant}", "https://{tenant}@a.example"]
            {
                let mistakes = urls(&[flag, address]).expect_err(address);
                assert_eq!(mistakes.len(), 1, "{flag} {address}: {mistakes:?}");
            }
        }
    }

    #[test]
    fn c39_each_mistake_names_its_setting_in_the_order_of_the_settings() {
        for flag in FLAGS {
            let mistakes = urls(&[&format!("{flag}=http://google.example/x")]).expect_err(flag);
            let setting =
                format!("MAIL360_{}: ", flag.trim_start_matches('-').to_uppercase().replace('-', "_"));
            assert_eq!(mistakes.len(), 1, "{flag}: {mistakes:?}");
            assert!(
                mistakes[0].starts_with(&setting) && mistakes[0].contains("write https://"),
                "{mistakes:?}"
            );
        }
        let two = urls(&["--google-people-url", "x", "--google-token-url", "y"]).expect_err("two");
        let settings: Vec<_> = two.iter().filter_map(|mistake| mistake.split_once(':')).collect();
        let settings: Vec<_> = settings.into_iter().map(|(setting, _)| setting).collect();
        assert_eq!(settings, ["MAIL360_GOOGLE_TOKEN_URL", "MAIL360_GOOGLE_PEOPLE_URL"]);
    }

    #[test]
    fn c39_an_empty_setting_counts_as_not_set() {
        let command = Line::command();
        let settings = command.get_arguments().filter(|argument| argument.get_env().is_some());
        assert_eq!(settings.count(), FLAGS.len());
        for flag in FLAGS {
            for empty in ["", " ", "\t"] {
                assert_eq!(urls(&[&format!("{flag}={empty}")]), Ok(GoogleUrls::of_google()), "{flag}");
            }
        }
    }
}

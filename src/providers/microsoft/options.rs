//! The settings of Microsoft's addresses. An empty setting counts as not set, as in `platform::config`.

use std::sync::Arc;

use clap::Args;

use super::{MicrosoftUrls, provider::Microsoft};
use crate::providers::{SharedProvider, provider_url};

const AUTHORIZE: &str = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize";
const TOKEN: &str = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token";
const GRAPH: &str = "https://graph.microsoft.com/v1.0";
const ISSUER: &str = "https://login.microsoftonline.com/{tenant}/v2.0";

/// The addresses as typed.
#[derive(Args, Clone, Debug)]
// Clap names a group after its struct, and `platform::config` has a struct with the same name.
#[group(id = "microsoft")]
#[command(next_help_heading = "Other clouds and tests")]
pub struct Options {
    /// Microsoft's authorization endpoint, to which browsers are sent to sign in. `{tenant}` is replaced by
    /// the connector's tenant.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_MICROSOFT_AUTHORIZE_URL", default_value = AUTHORIZE)]
    pub microsoft_authorize_url: String,

    /// Microsoft's token endpoint, at which codes are exchanged for tokens.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_MICROSOFT_TOKEN_URL", default_value = TOKEN)]
    pub microsoft_token_url: String,

    /// Base address of Microsoft Graph.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_MICROSOFT_GRAPH_URL", default_value = GRAPH)]
    pub microsoft_graph_url: String,

    /// The issuer of ID tokens. `{tenant}` is replaced by the tenant that the ID token names.
    #[arg(long, global = true, hide_short_help = true, env = "MAIL360_MICROSOFT_ISSUER", default_value = ISSUER)]
    pub microsoft_issuer: String,
}

impl Options {
    /// Checks all addresses.
    ///
    /// # Errors
    /// Every mistake, each with its setting and how to correct it.
    pub fn check(&self) -> Result<SharedProvider, Vec<String>> {
        self.urls().map(|urls| Arc::new(Microsoft::new(urls)) as SharedProvider)
    }

    fn urls(&self) -> Result<MicrosoftUrls, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut check = |setting: &str, typed: &str, default: &str| {
            let address = if typed.trim().is_empty() { default } else { typed };
            let address = provider_url::check(address, Some("{tenant}"));
            address.map_err(|mistake| mistakes.push(format!("{setting}: {mistake}")))
        };
        let authorize = check("MAIL360_MICROSOFT_AUTHORIZE_URL", &self.microsoft_authorize_url, AUTHORIZE);
        let token = check("MAIL360_MICROSOFT_TOKEN_URL", &self.microsoft_token_url, TOKEN);
        let graph = check("MAIL360_MICROSOFT_GRAPH_URL", &self.microsoft_graph_url, GRAPH);
        let issuer = check("MAIL360_MICROSOFT_ISSUER", &self.microsoft_issuer, ISSUER);
        match (authorize, token, graph, issuer) {
            (Ok(authorize), Ok(token), Ok(graph), Ok(issuer)) => Ok(MicrosoftUrls {
                authorize,
                token,
                // Paths are appended to it with a slash of their own.
                graph: graph.trim_end_matches('/').to_owned(),
                issuer,
            }),
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

    fn urls(arguments: &[&str]) -> Result<MicrosoftUrls, Vec<String>> {
        Line::parse_from([&["mail360"], arguments].concat()).options.urls()
    }

    #[test]
    fn graphs_address_may_end_in_a_slash() {
        let urls = urls(&["--microsoft-graph-url", "https://graph.microsoft.us/v1.0/"]);
        assert_eq!(urls.expect("sound").graph, "https://graph.microsoft.us/v1.0");
    }

    #[test]
    fn n22_braces_before_the_path_are_refused_in_every_configured_address() {
        for flag in [
            "--microsoft-authorize-url",
            "--microsoft-token-url",
            "--microsoft-graph-url",
            "--microsoft-issuer",
        ] {
            for address in
                ["https://{tenant}/x", "https://{tenant}", "https://a:{tenant}", "https://{tenant}@a.example"]
            {
                let mistakes = urls(&[flag, address]).expect_err(address);
                assert_eq!(mistakes.len(), 1, "{flag} {address}: {mistakes:?}");
            }
        }
    }

    #[test]
    fn c39_each_mistake_in_an_address_says_what_to_write_instead() {
        for (flag, wrong, fix) in [
            ("microsoft-token-url", "login.example.com/token", "begin it with https://"),
            ("microsoft-token-url", "http://login.example.com/token", "write https://"),
            ("microsoft-authorize-url", "https://login.example.com/{tenent}/authorize", "write {tenant}"),
            ("microsoft-graph-url", "https://graph.example.com/v1.0?x", "leave out the ? or #"),
            ("microsoft-issuer", "https://{tenant}.example.com/v2.0", "only allowed in the path"),
        ] {
            let mistakes = urls(&[&format!("--{flag}={wrong}")]).expect_err(wrong);
            let setting = format!("MAIL360_{}: ", flag.to_uppercase().replace('-', "_"));
            assert_eq!(mistakes.len(), 1, "{flag}={wrong}: {mistakes:?}");
            assert!(mistakes[0].starts_with(&setting), "{flag}={wrong}: {mistakes:?}");
            assert!(mistakes[0].contains(fix), "{flag}={wrong}: {mistakes:?}");
        }
    }

    #[test]
    fn every_mistake_is_reported_in_the_order_of_the_settings() {
        let mistakes = urls(&["--microsoft-issuer", "x", "--microsoft-token-url", "y"]).expect_err("two");
        let settings: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.split_once(':')).collect();
        let settings: Vec<_> = settings.into_iter().map(|(setting, _)| setting).collect();
        assert_eq!(settings, ["MAIL360_MICROSOFT_TOKEN_URL", "MAIL360_MICROSOFT_ISSUER"]);
    }

    #[test]
    fn c39_an_empty_setting_counts_as_not_set() {
        let unset = urls(&[]).expect("the defaults are sound");
        let command = Line::command();
        let settings: Vec<_> = command
            .get_arguments()
            .filter(|argument| argument.get_env().is_some())
            .filter_map(|argument| argument.get_long())
            .collect();
        assert_eq!(settings.len(), 4);
        for setting in settings {
            for empty in ["", " ", "\t"] {
                assert_eq!(urls(&[&format!("--{setting}={empty}")]).as_ref(), Ok(&unset), "{setting}");
            }
        }
    }
}

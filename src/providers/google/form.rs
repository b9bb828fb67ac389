//! The parsers of Google's values, for the form of a connector.

use super::{client_file, fields, follow, secret};
use crate::providers::form::{FileValues, ProviderForm, SecretAndWarning};

/// The name of the field with the Google Workspace domain whose accounts may sign in.
pub const HOSTED_DOMAIN: &str = "hosted_domain";

/// The parsers of Google's values.
#[derive(Clone, Copy, Debug)]
pub struct Form;

impl ProviderForm for Form {
    fn name(&self) -> &'static str {
        "google"
    }

    fn parse_client_id(&self, text: &str) -> Result<String, &'static str> {
        fields::parse_client_id(text)
    }

    fn parse_secret<'a>(&self, text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str> {
        secret::parse_client_secret(text, client_id)
    }

    fn looks_like_secret(&self, text: &str) -> bool {
        secret::looks_like_secret(text)
    }

    fn read_file<'a>(&self, text: &'a str) -> Option<Result<FileValues<'a>, &'static str>> {
        client_file::read(text)
    }

    fn parse_setting(&self, name: &str, text: &str) -> Result<String, &'static str> {
        match name {
            HOSTED_DOMAIN => fields::parse_hosted_domain(text),
            _ => Err("Gmail has no such setting."),
        }
    }

    fn follow(&self) -> Option<()> {
        follow::follow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";

    #[test]
    fn every_setting_is_parsed_by_its_name() {
        assert_eq!(Form.parse_setting(HOSTED_DOMAIN, " Contoso.COM ").as_deref(), Ok("contoso.com"));
        assert_eq!(Form.parse_setting(HOSTED_DOMAIN, "").as_deref(), Ok(""));
        assert!(Form.parse_setting("tenant", "contoso.com").is_err());
    }

    #[test]
    fn the_values_of_a_file_are_those_that_the_parsers_take_from_it() {
        let secret = "GOCSPX-not-a_real-Secret00000000000";
        let text = format!("{{\"web\":{{\"client_id\":\"{ID}\",\"client_secret\":\"{secret}\"}}}}");
        let file = Form.read_file(&text).expect("a file").expect("its values");
        assert_eq!(Form.parse_client_id(&text).as_deref(), Ok(file.client_id));
        assert_eq!(Form.parse_secret(&text, ID), Ok((file.client_secret, None)));
        assert!(Form.read_file(ID).is_none());
    }
}

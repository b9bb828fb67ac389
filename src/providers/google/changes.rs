//! Changes of a connector's settings that a page offers after a failed sign-in.

use super::form::HOSTED_DOMAIN;
use crate::providers::diagnosis::{Ask, SettingsChange};

/// To let accounts of every domain sign in.
pub(super) static ANY_DOMAIN: SettingsChange = SettingsChange {
    values: &[(HOSTED_DOMAIN, "")],
    asks: None,
    button: "Allow accounts of any domain and sign in again",
};

/// To let accounts of one domain alone sign in. The page asks for the domain.
pub(super) static DOMAIN: SettingsChange = SettingsChange {
    values: &[],
    asks: Some(&Ask {
        field: HOSTED_DOMAIN,
        heading: "Accounts of one Google Workspace domain",
        label: "Google Workspace domain",
        help: "The primary domain of the organization, such as example.com. The Google Admin console names it under \
               Account, Domains.",
        title: "Which domain?",
    }),
    button: "Use this domain and sign in again",
};

/// The change that asks for this field.
pub(super) fn asking(field: &str) -> Option<&'static SettingsChange> {
    [&DOMAIN].into_iter().find(|change| change.asks.is_some_and(|ask| ask.field == field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_can_be_corrected_or_left_out() {
        assert_eq!(asking(HOSTED_DOMAIN), Some(&DOMAIN));
        assert_eq!(asking("client_id"), None);
        assert_eq!(ANY_DOMAIN.values, [(HOSTED_DOMAIN, "")]);
        assert!(ANY_DOMAIN.asks.is_none());
    }
}

//! Changes of a connector's settings that a page offers after a failed sign-in.

use super::{
    AccountType,
    form::{ACCOUNT_TYPE, TENANT as TENANT_FIELD},
};
use crate::providers::diagnosis::{Ask, SettingsChange};

/// To let people of any tenant sign in.
pub(super) static MULTIPLE_TENANTS: SettingsChange = SettingsChange {
    values: &[(ACCOUNT_TYPE, AccountType::MultipleTenants.name())],
    asks: None,
    button: "Choose Multiple Entra ID tenants and sign in again",
};

/// To let personal accounts alone sign in.
pub(super) static PERSONAL_ONLY: SettingsChange = SettingsChange {
    values: &[(ACCOUNT_TYPE, AccountType::PersonalOnly.name())],
    asks: None,
    button: "Choose Personal accounts only and sign in again",
};

/// To let people of one tenant alone sign in. The page asks for the tenant.
pub(super) static TENANT: SettingsChange = SettingsChange {
    values: &[(ACCOUNT_TYPE, AccountType::SingleTenant.name())],
    asks: Some(&Ask {
        field: TENANT_FIELD,
        heading: "Single tenant only",
        label: "Directory (tenant) ID",
        help: "From the application’s Overview page, or a domain of the organisation such as contoso.com.",
        title: "Which tenant?",
    }),
    button: "Use this tenant and sign in again",
};

/// The change that asks for this field.
pub(super) fn asking(field: &str) -> Option<&'static SettingsChange> {
    [&TENANT].into_iter().find(|change| change.asks.is_some_and(|ask| ask.field == field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_button_names_the_account_type_that_it_sets() {
        for (change, kind) in
            [(&MULTIPLE_TENANTS, AccountType::MultipleTenants), (&PERSONAL_ONLY, AccountType::PersonalOnly)]
        {
            assert_eq!(change.values, [(ACCOUNT_TYPE, kind.name())]);
            assert_eq!(change.button, format!("Choose {} and sign in again", kind.label()));
        }
        assert_eq!(TENANT.asks.map(|ask| ask.heading), Some(AccountType::SingleTenant.label()));
        assert_eq!(asking(TENANT_FIELD), Some(&TENANT));
        assert_eq!(asking(ACCOUNT_TYPE), None);
    }
}

//! Who may sign in: the account type of the Azure application.

/// Whose accounts may sign in, as chosen when the application was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccountType {
    /// Those of one tenant.
    SingleTenant,
    /// Work and school accounts of any tenant.
    MultipleTenants,
    /// Those, and personal accounts.
    #[default]
    TenantsAndPersonal,
    /// Personal accounts alone.
    PersonalOnly,
}

impl AccountType {
    /// All of them, in the portal's order.
    pub const ALL: [Self; 4] =
        [Self::SingleTenant, Self::MultipleTenants, Self::TenantsAndPersonal, Self::PersonalOnly];

    /// As form and database have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleTenant => "single_tenant",
            Self::MultipleTenants => "multiple_tenants",
            Self::TenantsAndPersonal => "tenants_and_personal",
            Self::PersonalOnly => "personal_only",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As the portal calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SingleTenant => "Single tenant only",
            Self::MultipleTenants => "Multiple Entra ID tenants",
            Self::TenantsAndPersonal => "Any Entra ID Tenant + Personal Microsoft accounts",
            Self::PersonalOnly => "Personal accounts only",
        }
    }

    /// As the portal called it before, and much of Microsoft's documentation still does.
    pub const fn older_label(self) -> &'static str {
        match self {
            Self::SingleTenant => "Accounts in this organizational directory only (… - Single tenant)",
            Self::MultipleTenants => {
                "Accounts in any organizational directory (Any Microsoft Entra ID tenant - Multitenant)"
            }
            Self::TenantsAndPersonal => {
                "Accounts in any organizational directory and personal Microsoft accounts"
            }
            Self::PersonalOnly => "Personal Microsoft accounts only",
        }
    }

    /// Whether a tenant must be given with it.
    pub const fn needs_tenant(self) -> bool {
        matches!(self, Self::SingleTenant)
    }

    /// What stands for `{tenant}` in Microsoft's addresses where no tenant is given: an application that
    /// is open to fewer is refused at a wider one (AADSTS50194, AADSTS9002331).
    pub const fn path_segment(self) -> &'static str {
        match self {
            Self::SingleTenant | Self::MultipleTenants => "organizations",
            Self::TenantsAndPersonal => "common",
            Self::PersonalOnly => "consumers",
        }
    }

    /// What stands for `{tenant}` where an administrator approves: never `common`, which Microsoft refuses there
    /// (v2-admin-consent); none where each person approves for themselves, or where the one tenant is not known.
    pub fn approval_tenant(self, tenant: Option<&str>) -> Option<&str> {
        match self {
            Self::PersonalOnly => None,
            Self::SingleTenant => tenant,
            Self::MultipleTenants | Self::TenantsAndPersonal => Some("organizations"),
        }
    }

    /// Why there is no address at which an administrator approves; none where there is one.
    pub fn no_approval(self, tenant: Option<&str>, has_client_id: bool) -> Option<NoApproval> {
        match self.approval_tenant(tenant) {
            None if self.needs_tenant() => Some(NoApproval::Tenant),
            None => Some(NoApproval::Needless),
            Some(_) if !has_client_id => Some(NoApproval::ClientId),
            Some(_) => None,
        }
    }
}

/// Why there is no address at which an administrator approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoApproval {
    /// The application is not known.
    ClientId,
    /// Its one tenant is not known.
    Tenant,
    /// Each person approves for themselves.
    Needless,
}

impl NoApproval {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ClientId, Self::Tenant, Self::Needless];

    /// As the page names it for its script.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::Tenant => "tenant",
            Self::Needless => "needless",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_is_never_asked_for_approval() {
        for kind in AccountType::ALL {
            assert_ne!(kind.approval_tenant(Some("contoso.com")), Some("common"));
        }
        assert_eq!(AccountType::SingleTenant.approval_tenant(Some("contoso.com")), Some("contoso.com"));
        assert_eq!(AccountType::SingleTenant.approval_tenant(None), None);
        assert_eq!(AccountType::PersonalOnly.approval_tenant(Some("contoso.com")), None);
    }

    #[test]
    fn what_keeps_the_address_for_approval_back_is_named() {
        let tenant = Some("contoso.com");
        for (kind, tenant, has_client_id, reason) in [
            (AccountType::SingleTenant, None, true, Some(NoApproval::Tenant)),
            (AccountType::SingleTenant, tenant, false, Some(NoApproval::ClientId)),
            (AccountType::SingleTenant, tenant, true, None),
            (AccountType::TenantsAndPersonal, None, false, Some(NoApproval::ClientId)),
            (AccountType::MultipleTenants, None, true, None),
            (AccountType::PersonalOnly, tenant, true, Some(NoApproval::Needless)),
        ] {
            assert_eq!(
                kind.no_approval(tenant, has_client_id),
                reason,
                "{kind:?} {tenant:?} {has_client_id}"
            );
        }
    }
}

//! The account type of an Azure application: the kinds of accounts that may sign in.

/// The account type that was chosen when the application was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccountType {
    /// Accounts of one tenant.
    SingleTenant,
    /// Work and school accounts of any tenant.
    MultipleTenants,
    /// Work and school accounts of any tenant, and personal accounts.
    #[default]
    TenantsAndPersonal,
    /// Personal accounts alone.
    PersonalOnly,
}

impl AccountType {
    /// All of them, in the portal's order.
    pub const ALL: [Self; 4] =
        [Self::SingleTenant, Self::MultipleTenants, Self::TenantsAndPersonal, Self::PersonalOnly];

    /// The name in the form and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleTenant => "single_tenant",
            Self::MultipleTenants => "multiple_tenants",
            Self::TenantsAndPersonal => "tenants_and_personal",
            Self::PersonalOnly => "personal_only",
        }
    }

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

    /// Explains the account type to an administrator who registers an application for the first time.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::SingleTenant => "Only people of one company.",
            Self::MultipleTenants => "People of any company.",
            Self::TenantsAndPersonal => "Any company, and private accounts (Outlook.com).",
            Self::PersonalOnly => "Only private accounts.",
        }
    }

    /// Whether this account type needs a tenant.
    pub const fn needs_tenant(self) -> bool {
        matches!(self, Self::SingleTenant)
    }

    /// The value of `{tenant}` in Microsoft's addresses if the connector has no tenant. Microsoft refuses an
    /// application at a segment for more kinds of accounts than the application accepts (AADSTS50194, AADSTS9002331).
    pub const fn path_segment(self) -> &'static str {
        match self {
            Self::SingleTenant | Self::MultipleTenants => "organizations",
            Self::TenantsAndPersonal => "common",
            Self::PersonalOnly => "consumers",
        }
    }

    /// The two values of the address at which an administrator approves: the value of `{tenant}`, and the client ID.
    /// The first is never `common`, because Microsoft refuses it there (v2-admin-consent).
    ///
    /// # Errors
    /// The reason why there is no such address.
    pub fn approval<'a>(
        self,
        tenant: Option<&'a str>,
        client_id: Option<&'a str>,
    ) -> Result<(&'a str, &'a str), NoApproval> {
        let tenant = match self {
            Self::PersonalOnly => return Err(NoApproval::Needless),
            Self::SingleTenant => tenant.ok_or(NoApproval::Tenant)?,
            Self::MultipleTenants | Self::TenantsAndPersonal => "organizations",
        };
        Ok((tenant, client_id.ok_or(NoApproval::ClientId)?))
    }
}

/// The reason why there is no address at which an administrator approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoApproval {
    /// The client ID is not known.
    ClientId,
    /// The tenant is not known.
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
    fn the_address_for_approval_is_never_for_common_and_what_keeps_it_back_is_named() {
        let (tenant, id) = (Some("contoso.com"), Some("id"));
        for (kind, tenant, client_id, approval) in [
            (AccountType::SingleTenant, tenant, id, Ok(("contoso.com", "id"))),
            (AccountType::SingleTenant, None, id, Err(NoApproval::Tenant)),
            (AccountType::SingleTenant, tenant, None, Err(NoApproval::ClientId)),
            (AccountType::MultipleTenants, tenant, id, Ok(("organizations", "id"))),
            (AccountType::TenantsAndPersonal, None, id, Ok(("organizations", "id"))),
            (AccountType::TenantsAndPersonal, None, None, Err(NoApproval::ClientId)),
            (AccountType::PersonalOnly, tenant, id, Err(NoApproval::Needless)),
        ] {
            assert_eq!(kind.approval(tenant, client_id), approval, "{kind:?} {tenant:?} {client_id:?}");
        }
    }
}

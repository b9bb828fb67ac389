//! Microsoft's error codes, as data: what each means in plain words, whose job it is, and what to do. Used for
//! words only: the OAuth `error` decides what the program does, for Microsoft warns that the codes change
//! (Microsoft, reference-error-codes).

use super::{Remedy, Who};
use crate::connectors::model::AccountType;

/// What is said of a code.
pub struct Entry {
    /// The codes, without `AADSTS`.
    pub codes: &'static [u64],
    /// What happened, in a line.
    pub title: &'static str,
    /// What it means.
    pub what: &'static str,
    /// Whose job it is.
    pub who: Who,
    /// What they do next.
    pub next: &'static str,
    /// What the page offers for that.
    pub remedy: Remedy,
}

/// The entry of a code.
pub fn find(code: u64) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.codes.contains(&code))
}

/// Microsoft's own page about a code.
pub fn page(code: u64) -> String {
    format!("https://login.microsoftonline.com/error?code={code}")
}

/// The table.
pub const TABLE: &[Entry] = &[
    // The client secret.
    Entry {
        codes: &[7_000_215, 70_002],
        title: "Microsoft does not accept the client secret",
        what: "What is stored here is not one of the application’s secrets. Most often the Secret ID was copied \
               instead of the Value, or the secret belongs to another application.",
        who: Who::Admin,
        next: "Under Certificates & secrets make a new client secret, copy it from the Value column, not Secret ID, \
               and replace the secret here.",
        remedy: Remedy::Secret,
    },
    Entry {
        codes: &[7_000_222],
        title: "The client secret has expired",
        what: "The secret that is stored here is past its last day, and Microsoft takes it no longer.",
        who: Who::Admin,
        next: "Under Certificates & secrets make a new client secret, copy it from the Value column, and replace the \
               secret here.",
        remedy: Remedy::Secret,
    },
    Entry {
        codes: &[7_000_218, 700_025],
        title: "The application is registered as a public client",
        what: "Microsoft takes it for an app on phones or computers, which has no client secret, and so refuses ours.",
        who: Who::Admin,
        next: "In the Azure portal, under Authentication, add the Redirect URI on the platform Web, remove it from \
               every other platform, and set Allow public client flows to No.",
        remedy: Remedy::RedirectUri,
    },
    // The application.
    Entry {
        codes: &[700_016],
        title: "Microsoft does not find the application",
        what: "The tenant that was asked (a tenant is a company’s directory at Microsoft) has no application with \
               this Client ID. Either the ID was not copied right, or the application is registered in another tenant.",
        who: Who::Admin,
        next: "Find the application under App registrations in the Azure portal, and compare its Application (client) \
               ID with the Client ID here. Where this connector is for a single tenant, compare Directory (tenant) ID too.",
        remedy: Remedy::Edit,
    },
    Entry {
        codes: &[70_001, 7_000_112],
        title: "The application is switched off",
        what: "Somebody has disabled it in its tenant (its company’s directory at Microsoft), so nobody can sign in \
               through it.",
        who: Who::TenantAdmin,
        next: "Under Enterprise applications choose the application, then Properties, and set Enabled for users to \
               sign-in to Yes.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[50_011],
        title: "The Redirect URI is not the one in Azure",
        what: "Microsoft sends people back only to an address that is registered for the application, letter by letter.",
        who: Who::Admin,
        next: "In the Azure portal, under Authentication, on the platform Web, add the Redirect URI exactly as it \
               stands here.",
        remedy: Remedy::RedirectUri,
    },
    Entry {
        codes: &[900_971],
        title: "No Redirect URI is registered in Azure",
        what: "Microsoft does not know where to send people back to.",
        who: Who::Admin,
        next: "In the Azure portal, under Authentication, choose Add a platform, then Web, and enter the Redirect URI.",
        remedy: Remedy::RedirectUri,
    },
    Entry {
        codes: &[7_000_229, 650_052],
        title: "The company does not have the application yet",
        what: "The application, or something that it asks for, has not been added to the tenant (the company’s \
               directory at Microsoft) whose account signs in.",
        who: Who::TenantAdmin,
        next: "Let an administrator of the company approve the permissions at the address for approval: that adds the \
               application. Then sign in again.",
        remedy: Remedy::Approval,
    },
    // The tenant and the kind of accounts.
    Entry {
        codes: &[90_002],
        title: "Microsoft does not know the tenant",
        what: "No tenant (a company’s directory at Microsoft) has this ID or domain, or it is in another of \
               Microsoft’s clouds.",
        who: Who::Admin,
        next: "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
        remedy: Remedy::Tenant,
    },
    Entry {
        codes: &[50_194],
        title: "The application is for one tenant alone",
        what: "In Azure it is registered as “Single tenant only”, but the sign-in began where accounts of all \
               tenants (companies’ directories at Microsoft) do.",
        who: Who::Admin,
        next: "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal, and choose Single \
               tenant only here.",
        remedy: Remedy::Tenant,
    },
    Entry {
        codes: &[9_001_023],
        title: "This needs to know the tenant",
        what: "What was asked cannot be had where accounts of all tenants (companies’ directories at Microsoft) \
               sign in.",
        who: Who::Admin,
        next: "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
        remedy: Remedy::Tenant,
    },
    Entry {
        codes: &[9_002_331],
        title: "The application is for personal accounts alone",
        what: "In Azure it is registered as “Personal accounts only”, but the sign-in began where work and school \
               accounts do.",
        who: Who::Admin,
        next: "Choose Personal accounts only here too.",
        remedy: Remedy::AccountType(AccountType::PersonalOnly),
    },
    Entry {
        codes: &[9_002_332],
        title: "The application is for work and school accounts alone",
        what: "In Azure it is registered without personal accounts, or its Client ID is not the one that stands here; \
               the sign-in was with a personal account, or began where only those do.",
        who: Who::Admin,
        next: "Compare the Client ID with Application (client) ID in the Azure portal. If it is the same, choose \
               Multiple Entra ID tenants here too, and sign in with a work or school account.",
        remedy: Remedy::AccountType(AccountType::MultipleTenants),
    },
    Entry {
        codes: &[50_020, 50_034, 51_004, 16_000, 500_208],
        title: "This account cannot sign in here",
        what: "It does not exist in the tenant (the company’s directory at Microsoft), or is not of the kind that the \
               application lets in.",
        who: Who::SignsIn,
        next: "Sign in again with another account: one of the tenant, or of the kind that stands under Who may sign in. \
               If this one should be let in, change that in Azure and here.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[700_005, 7_000_012],
        title: "The access belongs to another tenant",
        what: "It was given by one tenant (a company’s directory at Microsoft) and shown to another.",
        who: Who::Admin,
        next: "Sign in again, with an account of the connector’s tenant. If it ends here once more, compare the tenant \
               with Directory (tenant) ID in the Azure portal.",
        remedy: Remedy::Again,
    },
    // Approval.
    Entry {
        codes: &[65_001],
        title: "The permissions have not been approved yet",
        what: "Neither this person nor an administrator of their company has agreed to what the application asks for.",
        who: Who::SignsIn,
        next: "Sign in again and choose Accept where Microsoft lists the permissions. If Microsoft does not let you, \
               send the address for approval to a Microsoft 365 administrator.",
        remedy: Remedy::Approval,
    },
    Entry {
        codes: &[65_004],
        title: "The sign-in was cancelled",
        what: "Whoever signed in did not agree to what the connector asks for. The connector is as it was.",
        who: Who::SignsIn,
        next: "Sign in again, and choose Accept where Microsoft lists the permissions.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[90_094, 90_095],
        title: "A Microsoft 365 administrator must approve the permissions",
        what: "Microsoft lets people of this company agree to such permissions only after a Microsoft 365 \
               administrator of it has. For permissions to read mail that has been usual since 2025.",
        who: Who::TenantAdmin,
        next: "Send them the address for approval. Once they have approved, sign in again.",
        remedy: Remedy::Approval,
    },
    Entry {
        codes: &[50_105],
        title: "This person is not assigned to the application",
        what: "The application is open only to people whom a Microsoft 365 administrator has assigned to it.",
        who: Who::TenantAdmin,
        next: "Under Enterprise applications choose the application, then Users and groups, and add this person.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[65_005, 650_056, 650_057, 70_011, 28_002],
        title: "A permission is not set up for the application",
        what: "What the connector asks for and what the application may have do not fit together.",
        who: Who::Admin,
        next: "Compare API permissions in the Azure portal with View API scope on the connector’s page: each must be \
               there, as a delegated permission of Microsoft Graph.",
        remedy: Remedy::Edit,
    },
    // The sign-in itself.
    Entry {
        codes: &[54_005],
        title: "The sign-in’s one-time code had been used",
        what: "Microsoft gives the browser a code that works once; this one was used before.",
        who: Who::SignsIn,
        next: "Start the sign-in again, in one window.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[501_481],
        title: "The sign-in’s proof does not fit",
        what: "What the sign-in began with and what it came back with are not of the same one.",
        who: Who::SignsIn,
        next: "Start the sign-in again, in one window. If it ends here once more, tell whoever runs this program.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[9_002_313, 900_144, 90_014],
        title: "Microsoft did not understand the request",
        what: "Something in it was missing or malformed. That is a fault of this program, or of what stands between it \
               and Microsoft.",
        who: Who::Operator,
        next: "Start the sign-in again. If it ends here once more, report it with the text for support.",
        remedy: Remedy::Again,
    },
    // The account.
    Entry {
        codes: &[70_008, 700_082],
        title: "What Microsoft gave has expired",
        what: "The sign-in’s one-time code, or the access that came of it, was not used in time.",
        who: Who::SignsIn,
        next: "Sign in again.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[50_173, 50_132, 50_133],
        title: "The access was withdrawn",
        what: "The password was reset, or an administrator has ended the account’s sign-ins.",
        who: Who::SignsIn,
        next: "Sign in again.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[70_043],
        title: "A rule of the company has ended the access",
        what: "A Conditional Access policy asks people to sign in anew after some time.",
        who: Who::SignsIn,
        next: "Sign in again. If that is asked too often, an administrator of the company can change the policy \
               (sign-in frequency).",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[50_072, 50_076, 50_079, 50_074, 50_078],
        title: "Microsoft asks for a second factor",
        what: "The account must prove itself by a code or a device as well.",
        who: Who::SignsIn,
        next: "Sign in again, and do what Microsoft asks.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[53_000, 53_003, 530_032],
        title: "A rule of the company forbids the sign-in",
        what: "A Conditional Access policy does not let this account, device or place use the application.",
        who: Who::TenantAdmin,
        next: "Look under Sign-in logs in the Microsoft Entra admin center which policy it was, and let the application \
               through.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[50_057],
        title: "The account is disabled",
        what: "An administrator of the company has switched it off.",
        who: Who::TenantAdmin,
        next: "Enable the account, or sign in with another one.",
        remedy: Remedy::Again,
    },
    // Microsoft.
    Entry {
        codes: &[50_196],
        title: "Too many sign-ins in a row",
        what: "Microsoft has seen the same request too often in a short time.",
        who: Who::Nobody,
        next: "Wait five minutes, then start the sign-in again.",
        remedy: Remedy::Again,
    },
    Entry {
        codes: &[90_006, 90_024, 90_033, 50_033],
        title: "Microsoft has trouble of its own",
        what: "It says that this will pass. The connector is as it was.",
        who: Who::Nobody,
        next: "Wait a minute, and sign in again.",
        remedy: Remedy::Again,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_code_stands_there_once_and_is_found() {
        let mut seen = HashSet::new();
        for entry in TABLE {
            for code in entry.codes {
                assert!(seen.insert(code), "{code} stands there twice");
                assert_eq!(find(*code).map(|found| found.title), Some(entry.title));
            }
        }
        assert!(find(1).is_none());
    }

    #[test]
    fn the_words_are_whole_sentences() {
        for Entry { title, what, next, .. } in TABLE {
            assert!(!title.ends_with('.') && !title.is_empty(), "{title}");
            assert!(what.ends_with('.') && next.ends_with('.'), "{title}");
            assert!(!what.contains("  ") && !next.contains("  "), "{title}");
        }
    }
}

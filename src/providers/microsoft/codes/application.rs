//! The application, its Redirect URI, and what it needs in the tenant whose account signs in.

use super::{Cause, CodeEntry, Remedy, Who, just_made};
use crate::providers::microsoft::places::OVERVIEW;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[700_016, 700_011],
        title: "Microsoft does not find the application",
        what: "The tenant that was asked (a tenant is a company’s directory at Microsoft) has no application with \
               this Client ID.",
        causes: &[
            Cause::one(
                "If the Client ID or the tenant could be another one",
                Who::Admin,
                "Find the application under App registrations in the Azure portal, and compare its Application \
                 (client) ID with the Client ID here. Where this connector is for a single tenant, compare Directory \
                 (tenant) ID too.",
                Remedy::Edit,
            ),
            just_made(
                "If you registered the application within the last few minutes",
                Remedy::TryCredentials,
            ),
            Cause::one(
                "If the account that signs in is of another company than the application",
                Who::CompanyAdmin,
                "Send an administrator of that company the message for the administrator: allowing the permissions adds \
                 the application there. In Azure the application must be open to accounts of other companies.",
                Remedy::Consent,
            ),
        ],
    },
    CodeEntry {
        codes: &[70_001],
        title: "Microsoft does not find the application, or it is switched off",
        what: "Microsoft uses this code for an application that it does not find in the tenant (a company’s directory \
               at Microsoft), and for one that is disabled there.",
        causes: &[
            Cause::one(
                "If Microsoft’s words say that it was not found",
                Who::Admin,
                "Find the application under App registrations in the Azure portal, and compare its Application \
                 (client) ID with the Client ID here, and Directory (tenant) ID with the tenant.",
                Remedy::Edit,
            ),
            just_made(
                "If you registered the application within the last few minutes",
                Remedy::TryCredentials,
            ),
            Cause::one(
                "If they say that it is disabled",
                Who::CompanyAdmin,
                "Under Enterprise applications choose the application, then Properties, and set Enabled for users to \
                 sign-in to Yes.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[90_112],
        title: "Microsoft does not accept the Client ID as an ID",
        what: "Microsoft expects the ID of an application in the form 00000000-0000-0000-0000-000000000000, and \
               received something else.",
        causes: &[
            Cause::one(
                "If the Client ID could be another text",
                Who::Admin,
                "Copy Application (client) ID from the application’s Overview page in the Azure portal.",
                Remedy::Edit,
            ),
            Cause::one(
                "If it is the one in Azure",
                Who::Operator,
                "Check whether a proxy changes what is sent to Microsoft, and report it with the text for support.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[7_000_112],
        title: "The application is switched off",
        what: "The application is disabled in a tenant (a company’s directory at Microsoft), so no one can sign in \
               through it there.",
        causes: &[
            Cause::one(
                "If an administrator disabled it",
                Who::CompanyAdmin,
                "Under Enterprise applications choose the application, then Properties, and set Enabled for users to \
                 sign-in to Yes.",
                Remedy::Message,
            ),
            Cause::one(
                "If it is enabled there",
                Who::Admin,
                "Look at the application’s Overview page in the Azure portal: Microsoft says there if it has disabled \
                 the application itself.",
                Remedy::Open(OVERVIEW),
            ),
        ],
    },
    CodeEntry {
        codes: &[1_000_031],
        title: "The application cannot be used at this time",
        what: "Microsoft says that the application cannot be accessed, and does not say why.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Look at the application under Enterprise applications, and under Sign-in logs in the Microsoft Entra \
             admin center, for what keeps it back. Then sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[65_002],
        title: "The Client ID belongs to an application of Microsoft’s own",
        what: "Microsoft says that only Microsoft may use this application in this way.",
        causes: &[Cause::only(
            Who::Admin,
            "Register an application of your own under App registrations, and enter its Application (client) ID here.",
            Remedy::Edit,
        )],
    },
    CodeEntry {
        codes: &[50_003, 50_146, 501_461, 50_165],
        title: "The application is set up for tokens that Microsoft cannot make",
        what: "A token is what Microsoft gives to an application. This application has a setting for how its tokens \
               are signed, encrypted or changed. A key or a value of that setting is missing or does not fit.",
        causes: &[
            Cause::one(
                "If the application does not need the setting",
                Who::CompanyAdmin,
                "Under Enterprise applications choose the application, then Single sign-on and Token encryption, and \
                 remove the setting. Then sign in again.",
                Remedy::Message,
            ),
            Cause::one(
                "If another program uses the application and needs it",
                Who::Admin,
                "Register an application of its own for this connector under App registrations, and enter its \
                 Application (client) ID and a new secret here.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[
            50_100, 50_101, 50_102, 50_103, 50_108, 50_109, 50_111, 50_123, 50_124, 50_163, 501_631, 501_632,
        ],
        title: "The application’s rules for claims have an error",
        what: "Claims are what Microsoft tells an application about an account. The company has rules that change \
               them for this application, and Microsoft could not apply these rules.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Under Enterprise applications choose the application, then Single sign-on, and correct or remove the \
             rules for claims. Then sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[50_162, 501_621],
        title: "The application’s rules for claims took too long",
        what: "Claims are what Microsoft tells an application about an account. The company has rules that change \
               them for this application, and Microsoft did not finish applying them in time.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Sign in again: it may succeed.", Remedy::Again),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::CompanyAdmin,
                "Under Enterprise applications choose the application, then Single sign-on, and make the rules for \
                 claims simpler. Then sign in again.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_011, 70_004],
        title: "The Redirect URI is not the one in Azure",
        what: "Microsoft sends people back only to an address that is registered for the application, letter by \
               letter.",
        causes: &[
            Cause::one(
                "If it is not registered in Azure, or not exactly like this",
                Who::Admin,
                "In the Azure portal, under Authentication, on the platform Web, add the Redirect URI exactly as it \
                 is here.",
                Remedy::RedirectUri,
            ),
            just_made("If you registered it within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[900_971, 500_113],
        title: "No Redirect URI is registered in Azure",
        what: "Microsoft does not know where to send people back to.",
        causes: &[
            Cause::one(
                "If Azure shows none",
                Who::Admin,
                "In the Azure portal, under Authentication, choose Add a platform, then Web, and enter the Redirect \
                 URI.",
                Remedy::RedirectUri,
            ),
            just_made("If you registered it within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[7_000_229, 90_099],
        title: "The company does not have the application yet",
        what: "The application has not been added to the tenant (the company’s directory at Microsoft) that was asked.",
        causes: &[
            Cause::one(
                "If no administrator of the company has approved it yet",
                Who::CompanyAdmin,
                "Send them the message for the administrator: allowing the permissions adds the application. Then \
                 sign in again.",
                Remedy::Consent,
            ),
            just_made("If one approved it within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[650_052, 500_011, 500_014, 50_001, 650_054],
        title: "The company does not have the application yet, or lacks a service that it needs",
        what: "The tenant (the company’s directory at Microsoft) that was asked does not have the service that the \
               application wants to use, or it is disabled there. Microsoft’s words name it.",
        causes: &[
            Cause::one(
                "If no administrator of the company has approved the application yet",
                Who::CompanyAdmin,
                "Send them the message for the administrator: allowing the permissions adds what is missing. Then \
                 sign in again.",
                Remedy::Consent,
            ),
            Cause::one(
                "If the company has no subscription for that service, or it has lapsed",
                Who::CompanyAdmin,
                "Look under Billing in the Microsoft 365 admin center whether the company has a subscription with the \
                 service, and whether it is active.",
                Remedy::Message,
            ),
            Cause::one(
                "If another tenant was meant",
                Who::Admin,
                "Compare Directory (tenant) ID, on the application’s Overview page, with the tenant of this connector.",
                Remedy::Edit,
            ),
        ],
    },
];

//! Errors of the Gmail API and the People API.

use super::{Cause, CodeEntry, Remedy, Who, just_made};
use crate::providers::google::places::{DATA_ACCESS, GMAIL_API, PEOPLE_API};

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &["SERVICE_DISABLED", "accessNotConfigured", "access_not_configured"],
        phrases: &["has not been used in project", "access not configured"],
        title: "An API of Google is not enabled for the application",
        what: "Google serves the Gmail API and the People API only to a Google Cloud project in which they are enabled. \
               Nothing is wrong with the accounts: no one has to sign in again.",
        causes: &[
            Cause::one(
                "If mail could not be read",
                Who::Admin,
                "Open Gmail API in the project of the OAuth client, and choose Enable.",
                Remedy::Open(GMAIL_API),
            ),
            Cause::one(
                "If contacts could not be read",
                Who::Admin,
                "Open People API in the project of the OAuth client, and choose Enable.",
                Remedy::Open(PEOPLE_API),
            ),
            just_made("If you enabled it within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions", "insufficient_scope"],
        phrases: &["request had insufficient authentication scopes", "insufficient permission"],
        title: "The account has not granted a permission",
        what: "Google refuses the request because the user did not allow it when they signed in.",
        causes: &[
            Cause::one(
                "If a box was left empty on Google’s page",
                Who::SignsIn,
                "Sign in again, and tick all boxes on the page that lists the permissions.",
                Remedy::Again,
            ),
            Cause::one(
                "If the page did not list the permission",
                Who::Admin,
                "Compare the permissions of this connector with those under Data Access in Google Cloud console, and add \
                 what is missing there. Then let the user sign in again.",
                Remedy::Open(DATA_ACCESS),
            ),
        ],
    },
    CodeEntry {
        codes: &["domainPolicy"],
        phrases: &["the domain administrators have disabled gmail apps"],
        title: "The account’s company does not let programs use Gmail",
        what: "The administrators of the account’s domain have switched off access to Gmail for programs.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "In the Google Admin console (admin.google.com) open Apps, Google Workspace, Gmail, and see that the service is \
             on for this user. Then open Security, Access and data control, API controls, and allow this application \
             access to Gmail.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &["mail_service_not_enabled"],
        phrases: &["mail service not enabled"],
        title: "The account has no Gmail mailbox",
        what: "Google knows the account, but Gmail is not switched on for it.",
        causes: &[
            Cause::one(
                "If the account is to have a mailbox at Gmail",
                Who::CompanyAdmin,
                "In the Google Admin console (admin.google.com) open Apps, Google Workspace, Gmail, and turn the service \
                 on for this user. The user’s license must contain Gmail.",
                Remedy::Message,
            ),
            Cause::one(
                "If another account was meant",
                Who::SignsIn,
                "Sign in again with an account that has a mailbox at Gmail.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &["delegationDenied"],
        phrases: &["delegation denied for"],
        title: "Google refuses access to another person’s mailbox",
        what: "The request named another mailbox than that of the account which signed in.",
        causes: &[Cause::only(
            Who::SignsIn,
            "Sign in again with the account to which the mailbox belongs.",
            Remedy::Again,
        )],
    },
    CodeEntry {
        codes: &["dailyLimitExceeded", "quotaExceeded"],
        phrases: &["daily limit exceeded"],
        title: "The application’s daily limit at Google is used up",
        what: "A Google Cloud project may send a certain number of requests a day. All accounts of the connector share it.",
        causes: &[
            Cause::one(
                "If it happens rarely",
                Who::NoOne,
                "Wait until the limit begins again, at midnight in California.",
                Remedy::Again,
            ),
            Cause::one(
                "If it happens often",
                Who::Admin,
                "In Google Cloud console open Gmail API, choose Quotas & System Limits, and ask for a higher limit.",
                Remedy::Open(GMAIL_API),
            ),
        ],
    },
    CodeEntry {
        codes: &["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"],
        phrases: &["too many concurrent requests for user", "user-rate limit exceeded"],
        title: "Google gets too many requests for this mailbox",
        what: "Google serves a certain number of requests a minute for each mailbox and each application.",
        causes: &[Cause::only(Who::NoOne, "Wait a few minutes, and try again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &["authError", "UNAUTHENTICATED"],
        phrases: &["request had invalid authentication credentials"],
        title: "Google no longer accepts the access to the mailbox",
        what: "The access token has expired, or the access was withdrawn.",
        causes: &[Cause::only(
            Who::SignsIn,
            "Try again. If this happens again, let the user sign in again.",
            Remedy::Again,
        )],
    },
];

//! Who may sign in: the application's audience and its verification, and the rules of a company.

use super::{Cause, CodeEntry, Remedy, Who};
use crate::providers::google::places::{AUDIENCE, VERIFICATION};

/// The best audience for a company.
const MAKE_INTERNAL: Cause = Cause::one(
    "If all users belong to your Google Workspace organization",
    Who::Admin,
    "In Google Cloud console open Audience, and choose Make internal. Then all accounts of the organization may sign in, \
     no verification is needed, and their access does not end after seven days.",
    Remedy::Open(AUDIENCE),
);

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &["app_in_testing"],
        phrases: &[
            "has not completed the google verification process",
            "can only be accessed by developer-approved testers",
            "is currently being tested, and can only be accessed",
        ],
        title: "The application is in testing, and this account is not a test user",
        what: "The application’s publishing status at Google is Testing. Then only the accounts in its list of test users \
               may sign in.",
        causes: &[
            MAKE_INTERNAL,
            Cause::one(
                "If users of other organizations or personal accounts sign in too",
                Who::Admin,
                "Under Audience choose Publish app. Google then asks for a verification of the permissions. Until it is \
                 done, users see a warning that they can pass.",
                Remedy::Open(AUDIENCE),
            ),
            Cause::one(
                "If you only want to try it out",
                Who::Admin,
                "Under Audience, at Test users, choose Add users, and add the account. Google ends the access of test \
                 users after seven days.",
                Remedy::Open(AUDIENCE),
            ),
        ],
    },
    CodeEntry {
        codes: &["app_not_verified"],
        phrases: &[
            "google hasn't verified this app",
            "google has not verified this app",
            "this app isn't verified",
            "this app is not verified",
        ],
        title: "Google has not verified the application",
        what: "Google shows this warning for an external application that asks for access to mail or contacts and has not \
               been verified.",
        causes: &[
            Cause::one(
                "If you trust the application",
                Who::SignsIn,
                "Sign in again. On the page with the warning choose Advanced, then the line that begins with Go to.",
                Remedy::Again,
            ),
            MAKE_INTERNAL,
            Cause::one(
                "If many users of other organizations sign in",
                Who::Admin,
                "Open Verification Center, and submit the application for verification. For permissions that read mail \
                 Google also asks for a yearly security assessment.",
                Remedy::Open(VERIFICATION),
            ),
        ],
    },
    CodeEntry {
        codes: &["app_blocked"],
        phrases: &[
            "this app is blocked",
            "this app tried to access sensitive info",
            "sign in with google temporarily disabled for this app",
        ],
        title: "Google blocks the application",
        what: "Google lets no more accounts allow this application access to mail or contacts. It does so with \
               unverified applications, for example after the 100th user.",
        causes: &[
            MAKE_INTERNAL,
            Cause::one(
                "If users of other organizations or personal accounts sign in too",
                Who::Admin,
                "Open Verification Center, and submit the application for verification.",
                Remedy::Open(VERIFICATION),
            ),
            Cause::one("If the account belongs to a company", Who::CompanyAdmin, TRUST, Remedy::Message),
        ],
    },
    CodeEntry {
        codes: &["org_internal"],
        phrases: &[
            "this client is restricted to users within its organization",
            "can only be used within its organization",
            "is only available to users within its organization",
        ],
        title: "The application is only for accounts of its own organization",
        what: "The application’s user type at Google is Internal, and the account that signed in belongs to another \
               organization or is a personal one.",
        causes: &[
            Cause::one(
                "If another account was meant",
                Who::SignsIn,
                "Sign in again with an account of the organization in which the application was made.",
                Remedy::Again,
            ),
            Cause::one(
                "If accounts of other organizations are to sign in",
                Who::Admin,
                "In Google Cloud console open Audience, and choose Make external and then Publish app. In testing, \
                 Google would end every access after seven days.",
                Remedy::Open(AUDIENCE),
            ),
        ],
    },
    CodeEntry {
        codes: &["admin_policy_enforced"],
        phrases: &[
            "is unable to authorize one or more scopes requested due to the policies",
            "access to your account data is restricted by policies within your organization",
            "your admin needs to review",
            "your institution's admin needs to review",
        ],
        title: "The account’s company does not allow the application",
        what: "A rule of the account’s Google Workspace organization keeps this application from the permissions that it \
               asks for.",
        causes: &[Cause::only(Who::CompanyAdmin, TRUST, Remedy::Message)],
    },
];

/// How an administrator of a company allows an application.
pub(in crate::providers::google) const TRUST: &str = "In the Google Admin console (admin.google.com) open Security, Access and data control, API \
                                controls, and choose Manage app access. Choose Configure new app, search for the Client \
                                ID, and set the access to Trusted. Under API controls Gmail must not be restricted for \
                                trusted apps.";

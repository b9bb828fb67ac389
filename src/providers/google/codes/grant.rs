//! Grants that Google has ended.

use super::{Cause, CodeEntry, Remedy, Who};
use crate::providers::google::places::AUDIENCE;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &["token_expired_or_revoked"],
        phrases: &["token has been expired or revoked", "token has been revoked"],
        title: "Google has ended the access",
        what: "Google says that the access has expired or was withdrawn. If the application’s publishing status at Google \
               is Testing, Google ends every access after seven days.",
        causes: &[
            Cause::one(
                "If the last sign-in was about seven days ago",
                Who::Admin,
                "In Google Cloud console open Audience and look at Publishing status. If it is Testing, choose Make \
                 internal, or Publish app if users of other organizations sign in too. Then let the users sign in again.",
                Remedy::Open(AUDIENCE),
            ),
            Cause::one(
                "If it was not",
                Who::SignsIn,
                "Sign in again. Google ends an access if the password was changed, if the user or an administrator removed \
                 the application, if it was not used for six months, and if the same account signed in to the application \
                 more than 100 times.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &["invalid_rapt", "rapt_required"],
        phrases: &["reauth related error"],
        title: "A rule of the company ends the access after some hours",
        what: "The account’s Google Workspace organization lets sessions of Google Cloud end after some hours (Google Cloud \
               session control), and the rule counts this application.",
        causes: &[
            Cause::one(
                "To end this for good",
                Who::CompanyAdmin,
                "In the Google Admin console (admin.google.com) open Security, Access and data control, Google Cloud \
                 session control. Choose Exempt trusted apps, or Never require reauthentication. Then open API controls, \
                 Manage app access, and set the application to Trusted.",
                Remedy::Message,
            ),
            Cause::one(
                "To connect the account until then",
                Who::SignsIn,
                "Sign in again. The access ends again after some hours.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &["account_deleted"],
        phrases: &["account has been deleted", "account has been disabled", "account has been suspended"],
        title: "The account is deleted or suspended at Google",
        what: "Google says that the account exists no more, or is switched off.",
        causes: &[
            Cause::one(
                "If this account is to be used",
                Who::CompanyAdmin,
                "In the Google Admin console (admin.google.com) open Directory, Users, and restore or reactivate the \
                 account. Then the user signs in again.",
                Remedy::Message,
            ),
            Cause::one(
                "If another account will do",
                Who::SignsIn,
                "Sign in again with that account.",
                Remedy::Again,
            ),
        ],
    },
];

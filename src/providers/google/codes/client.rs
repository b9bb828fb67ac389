//! The application: its Client ID and its secret.

use super::{Cause, CodeEntry, Remedy, Who, just_made};
use crate::providers::google::places::CLIENTS;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &["client_not_found"],
        phrases: &["the oauth client was not found"],
        title: "Google does not find the application",
        what: "Google has no OAuth client with this Client ID. An OAuth client is an application that is registered in \
               Google Cloud.",
        causes: &[
            Cause::one(
                "If the Client ID could be wrong",
                Who::Admin,
                "In Google Cloud console choose the project, open Clients, and open the client. Copy its Client ID, and \
                 compare it with the Client ID here.",
                Remedy::Edit,
            ),
            just_made("If you made the client within the last few hours", Remedy::TryCredentials),
            Cause::one(
                "If the client is not in the list",
                Who::Admin,
                "Under Clients choose Create client and the type Web application. Add the Redirect URI, and choose \
                 Create. Enter the new Client ID and the new client secret here.",
                Remedy::Open(CLIENTS),
            ),
        ],
    },
    CodeEntry {
        codes: &["client_secret_invalid"],
        phrases: &["the provided client secret is invalid", "client_secret is invalid"],
        title: "Google does not accept the client secret",
        what: "Google did not accept this client secret for this Client ID.",
        causes: &[
            Cause::one(
                "If the secret could be the wrong text, disabled or deleted",
                Who::Admin,
                "In Google Cloud console open Clients, and open the client. Choose Add secret, copy the new secret, which \
                 begins with GOCSPX-, and replace the client secret here.",
                Remedy::Secret,
            ),
            Cause::one(
                "If the project has several clients",
                Who::Admin,
                "Open Clients and open the client from which you copied the secret. Compare its Client ID with the \
                 Client ID here.",
                Remedy::Edit,
            ),
            just_made(
                "If you made the client or the secret within the last few hours",
                Remedy::TryCredentials,
            ),
        ],
    },
    CodeEntry {
        codes: &["deleted_client"],
        phrases: &["the oauth client was deleted"],
        title: "The application was deleted at Google",
        what: "Somebody has deleted this OAuth client, or Google has: it deletes clients that no one uses for six months.",
        causes: &[
            Cause::one(
                "If it was deleted within the last 30 days",
                Who::Admin,
                "In Google Cloud console open Clients, choose Restore deleted credentials, and restore the client. All \
                 accounts go on by themselves.",
                Remedy::Open(CLIENTS),
            ),
            Cause::one(
                "If it cannot be restored",
                Who::Admin,
                "Under Clients choose Create client and the type Web application. Add the Redirect URI, and choose \
                 Create. Enter the new Client ID and the new client secret here. Then every user has to sign in again.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &["disabled_client"],
        phrases: &["the oauth client was disabled"],
        title: "The application is switched off at Google",
        what: "Google, or an owner of the project, has disabled this OAuth client.",
        causes: &[
            Cause::one(
                "If an owner of the project has disabled it",
                Who::Admin,
                "In Google Cloud console open Clients, and enable the client.",
                Remedy::Open(CLIENTS),
            ),
            Cause::one(
                "If Google has disabled it",
                Who::CompanyAdmin,
                "Look in the mailboxes of the owners of the Google Cloud project for Google’s message. It names the \
                 reason, and how to appeal.",
                Remedy::Message,
            ),
        ],
    },
];

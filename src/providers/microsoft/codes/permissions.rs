//! The permissions, and their approval.

use super::{Cause, CodeEntry, Remedy, Who, just_made};
use crate::providers::microsoft::places::PERMISSIONS;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[65_001, 50_150],
        title: "The permissions have not been approved yet",
        what: "Microsoft knows of no approval of what the application asks for: neither by this person nor by an \
               administrator of their company.",
        causes: &[
            Cause::one(
                "If Microsoft lists the permissions and a button Accept",
                Who::SignsIn,
                "Sign in again and choose Accept.",
                Remedy::Again,
            ),
            Cause::one(
                "If Microsoft said that an administrator must approve",
                Who::CompanyAdmin,
                "Send them the message for the administrator. When they have allowed the permissions, sign in again.",
                Remedy::Consent,
            ),
            just_made("If they were approved within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[65_004],
        title: "The sign-in was cancelled, or the permissions were not approved",
        what: super::super::general::NOT_ACCEPTED,
        causes: super::super::general::CANCELLED,
    },
    CodeEntry {
        codes: &[90_094, 90_095, 90_093, 900_941, 900_981],
        title: "A Microsoft 365 administrator must approve the permissions",
        what: "In this company a Microsoft 365 administrator must allow these permissions first. Since 2025 this is \
               normal for reading mail.",
        causes: &[
            Cause::one(
                "If no administrator has approved them yet",
                Who::CompanyAdmin,
                "Send them the message for the administrator. When they have allowed the permissions, sign in again.",
                Remedy::Consent,
            ),
            just_made("If they were approved within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[50_105],
        title: "This person is not assigned to the application",
        what: "The application is open only to people whom a Microsoft 365 administrator has assigned to it.",
        causes: &[
            Cause::one(
                "If this person is to use the application",
                Who::CompanyAdmin,
                "Under Enterprise applications choose the application, then Users and groups, and add this person: \
                 themselves, or a group of which they are a direct member.",
                Remedy::Message,
            ),
            just_made("If they were added within the last few minutes", Remedy::Again),
        ],
    },
    CodeEntry {
        codes: &[650_057, 650_053, 70_011, 28_002, 28_003, 700_022, 700_023],
        title: "A permission is not set up for the application",
        what: "The connector asks for a permission that the application in Azure does not have.",
        causes: &[
            Cause::one(
                "If your software needs the permission",
                Who::Admin,
                "Compare API permissions in the Azure portal with View API scope on the connector’s page. Add what is \
                 missing in Azure, as a delegated permission of Microsoft Graph.",
                Remedy::Open(PERMISSIONS),
            ),
            Cause::one(
                "If it does not",
                Who::Admin,
                "Remove the permission from this connector.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[650_056, 65_005, 90_008],
        title: "A permission is not set up for the application, or not approved",
        what: "Microsoft uses this code for several flaws of how the application is set up.",
        causes: &[
            Cause::one(
                "If a permission is missing in Azure",
                Who::Admin,
                "Compare API permissions in the Azure portal with View API scope on the connector’s page: each must be \
                 there, as a delegated permission of Microsoft Graph, and User.Read among them.",
                Remedy::Open(PERMISSIONS),
            ),
            Cause::one(
                "If all are there and not approved yet",
                Who::CompanyAdmin,
                "Send them the message for the administrator. When they have allowed the permissions, sign in again.",
                Remedy::Consent,
            ),
            Cause::one(
                "If the Client ID could be another one",
                Who::Admin,
                "Compare Application (client) ID with the Client ID here.",
                Remedy::Edit,
            ),
        ],
    },
];

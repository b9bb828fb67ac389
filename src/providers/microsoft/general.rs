//! Explanations of an OAuth `error` whose cause is not known: Microsoft sent no code, or one that is not in the table.
//! They never state a particular cause, because each of these errors has many.

use super::{
    codes::just_made,
    places::{OVERVIEW, PERMISSIONS},
};
use crate::providers::diagnosis::{Cause, Diagnosis, Remedy, Who};

/// The last step, if nothing else is known.
const READ: &str = "Read Microsoft’s message below. If it has a code, the link beside the code explains it. Correct \
                    the setting in Azure, then sign in again.";

/// The meaning of a sign-in without an approval.
pub(super) const NOT_ACCEPTED: &str =
    "The user did not accept the permissions, or was not allowed to accept them. Nothing has changed.";

/// The causes of a sign-in that came back without an approval.
pub(super) const CANCELLED: &[Cause] = &[
    Cause::one(
        "If Cancel was chosen, or the window was left",
        Who::SignsIn,
        "Sign in again, and choose Accept where Microsoft lists the permissions.",
        Remedy::Again,
    ),
    Cause::one(
        "If Microsoft said that an administrator must approve",
        Who::CompanyAdmin,
        "Send them the message for the administrator. When they have allowed the permissions, sign in again.",
        Remedy::Consent,
    ),
];

/// The causes of `access_denied` with a code that is not known.
const DENIED: &[Cause] = &[
    Cause::one(
        "If Microsoft’s words name a rule or a policy, or say nothing",
        Who::CompanyAdmin,
        "Look under Sign-in logs in the Microsoft Entra admin center for the correlation ID below: there it says what \
         stopped the sign-in.",
        Remedy::Message,
    ),
    Cause::one(
        "If Microsoft said that an administrator must approve",
        Who::CompanyAdmin,
        "Send them the message for the administrator. When they have allowed the permissions, sign in again.",
        Remedy::Consent,
    ),
    Cause::one(
        "If the sign-in was cancelled",
        Who::SignsIn,
        "Sign in again, and choose Accept where Microsoft lists the permissions.",
        Remedy::Again,
    ),
];

/// The causes of `invalid_client`.
const CREDENTIALS: &[Cause] = &[
    Cause::one(
        "If the secret could be the wrong text, expired or deleted",
        Who::Admin,
        "Under Certificates & secrets make a new client secret, copy it from the Value column, not Secret ID, and \
         replace the client secret here.",
        Remedy::Secret,
    ),
    just_made(
        "If you made the application or the secret within the last few minutes",
        Remedy::TryCredentials,
    ),
    Cause::one(
        "If the Client ID could be another application’s",
        Who::Admin,
        "Compare it with Application (client) ID, on the application’s Overview page in the Azure portal.",
        Remedy::Edit,
    ),
    Cause::one("If neither helps", Who::Admin, READ, Remedy::Again),
];

/// The causes of `unauthorized_client`.
const APPLICATION: &[Cause] = &[
    Cause::one(
        "If something here could differ from Azure",
        Who::Admin,
        "In the Azure portal compare Application (client) ID with the Client ID here, and Supported account types with \
         Who may sign in here. The platform under Authentication must be Web.",
        Remedy::Edit,
    ),
    just_made("If you made the application within the last few minutes", Remedy::TryCredentials),
    Cause::one("If nothing differs", Who::Admin, READ, Remedy::Again),
];

/// The kinds of errors for which only the OAuth name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum General {
    /// `access_denied` without a code.
    Cancelled,
    /// `access_denied` with a code that is not known.
    Denied,
    /// `invalid_client`.
    Credentials,
    /// `unauthorized_client`.
    Application,
    /// `invalid_scope`.
    Permissions,
    /// `invalid_grant` with a code that is not known.
    Grant,
    /// Any other error in place of a one-time code.
    AtSignIn,
    /// Any other error of the token endpoint.
    AtExchange,
    /// An error that an administrator pasted.
    Pasted,
}

impl General {
    /// The explanation for the screen.
    pub(super) fn diagnosis(self) -> Diagnosis {
        let (title, what, causes) = match self {
            Self::Cancelled => (
                "The sign-in was cancelled, or the permissions were not approved",
                NOT_ACCEPTED,
                CANCELLED.to_vec(),
            ),
            Self::Denied => (
                "Microsoft did not let the sign-in through",
                "Microsoft says that access is denied, with a code that we do not know. The connector was not changed.",
                DENIED.to_vec(),
            ),
            Self::Credentials => (
                "Microsoft does not accept the Client ID and secret",
                "Microsoft knows no application with this Client ID and this client secret.",
                CREDENTIALS.to_vec(),
            ),
            Self::Application => (
                "Microsoft does not let the application sign people in",
                "Microsoft says that the application may not use this kind of sign-in.",
                APPLICATION.to_vec(),
            ),
            Self::Permissions => (
                "Microsoft does not accept a permission",
                "Microsoft refuses the list of permissions that the connector asks for.",
                vec![Cause::only(
                    Who::Admin,
                    "Compare API permissions in the Azure portal with View API scope on the connector’s page. Add what \
                     is missing in Azure, or remove it from this connector.",
                    Remedy::Open(PERMISSIONS),
                )],
            ),
            Self::Grant => (
                "Microsoft did not give access",
                "Microsoft did not accept the answer of this sign-in, with a code that we do not know. The connector was \
                 not changed.",
                vec![
                    Cause::one("At first", Who::SignsIn, "Start the sign-in again.", Remedy::Again),
                    Cause::one("If the sign-in fails with this error again", Who::Admin, READ, Remedy::Again),
                ],
            ),
            Self::AtSignIn => (
                "Microsoft stopped the sign-in",
                "We do not know this error.",
                vec![Cause::only(Who::Admin, READ, Remedy::Open(OVERVIEW))],
            ),
            Self::AtExchange => (
                "Microsoft refused to finish the sign-in",
                "The user signed in, but Microsoft did not give access. We do not know this error.",
                vec![Cause::only(Who::Admin, READ, Remedy::Open(OVERVIEW))],
            ),
            Self::Pasted => (
                "Microsoft stopped the sign-in",
                "We do not know this error.",
                vec![
                    Cause::one("If the page named a setting", Who::Admin, READ, Remedy::Open(OVERVIEW)),
                    Cause::one(
                        "If the page asked for an administrator",
                        Who::CompanyAdmin,
                        "Send them the message for the administrator. When they have allowed the permissions, sign in \
                         again.",
                        Remedy::Consent,
                    ),
                ],
            ),
        };
        Diagnosis { title, what: what.to_owned(), causes }
    }
}

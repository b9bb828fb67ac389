//! Explanations of an OAuth `error` whose cause is not known: Google sent nothing more precise. They never state a
//! particular cause, because each of these errors has many.

use super::{
    codes::just_made,
    places::{AUDIENCE, CLIENTS, DATA_ACCESS},
};
use crate::providers::diagnosis::{Cause, Diagnosis, Remedy, Who};

/// The last step, if nothing else is known.
const READ: &str = "Read Google’s message below. Correct the setting that it names in Google Cloud console, then sign in \
                    again.";

/// The causes of a sign-in that came back without an approval.
const CANCELLED: &[Cause] = &[
    Cause::one(
        "If Cancel was chosen, or the window was left",
        Who::SignsIn,
        "Sign in again, and choose Continue where Google lists the permissions.",
        Remedy::Again,
    ),
    Cause::one(
        "If Google said that the application is in testing",
        Who::Admin,
        "In Google Cloud console open Audience, and choose Make internal, or add the account under Test users.",
        Remedy::Open(AUDIENCE),
    ),
    Cause::one(
        "If Google said that the company does not allow it",
        Who::CompanyAdmin,
        super::codes::TRUST,
        Remedy::Message,
    ),
];

/// The causes of `invalid_client`.
const CREDENTIALS: &[Cause] = &[
    Cause::one(
        "If the secret could be the wrong text, disabled or deleted",
        Who::Admin,
        "In Google Cloud console open Clients, and open the client. Choose Add secret, copy the new secret, and replace \
         the client secret here.",
        Remedy::Secret,
    ),
    just_made("If you made the client or the secret within the last few hours", Remedy::TryCredentials),
    Cause::one(
        "If the Client ID could be another client’s",
        Who::Admin,
        "Open Clients, open the client, and compare its Client ID with the Client ID here.",
        Remedy::Edit,
    ),
];

/// The causes of `unauthorized_client`.
const APPLICATION: &[Cause] = &[
    Cause::one(
        "If the client is of another type than Web application",
        Who::Admin,
        "In Google Cloud console open Clients. A type cannot be changed: choose Create client and the type Web \
         application. Enter the new Client ID and the new client secret here.",
        Remedy::Edit,
    ),
    just_made("If you made the client within the last few hours", Remedy::TryCredentials),
    Cause::one("If its type is Web application", Who::Admin, READ, Remedy::Open(CLIENTS)),
];

/// The kinds of errors for which only the OAuth name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum General {
    /// `access_denied`.
    Cancelled,
    /// `invalid_client`.
    Credentials,
    /// `unauthorized_client`.
    Application,
    /// `invalid_scope`.
    Permissions,
    /// Any other error in place of a one-time code.
    AtSignIn,
    /// Any other error of the token endpoint.
    AtExchange,
    /// An error that an administrator pasted.
    Pasted,
}

impl General {
    /// The kind of an error of the OAuth specifications; `None` for others.
    pub(super) fn of(error: &str) -> Option<Self> {
        Some(match error {
            "access_denied" => Self::Cancelled,
            "invalid_client" => Self::Credentials,
            "unauthorized_client" => Self::Application,
            "invalid_scope" => Self::Permissions,
            "invalid_request" | "unsupported_response_type" => Self::AtSignIn,
            _ => return None,
        })
    }

    /// The explanation for the screen.
    pub(super) fn diagnosis(self) -> Diagnosis {
        let (title, what, causes) = match self {
            Self::Cancelled => (
                "The sign-in was cancelled, or the permissions were not approved",
                "The user did not accept the permissions, or was not allowed to accept them. Nothing has changed.",
                CANCELLED.to_vec(),
            ),
            Self::Credentials => (
                "Google does not accept the Client ID and secret",
                "Google knows no OAuth client with this Client ID and this client secret.",
                CREDENTIALS.to_vec(),
            ),
            Self::Application => (
                "Google does not let the application sign people in",
                "Google says that the application may not use this kind of sign-in.",
                APPLICATION.to_vec(),
            ),
            Self::Permissions => (
                "Google does not accept a permission",
                "Google refuses the list of permissions that the connector asks for: one of them does not exist, or the \
                 application may not ask for it.",
                vec![Cause::only(
                    Who::Admin,
                    "Compare Data Access in Google Cloud console with View API scope on the connector’s page. Add what is \
                     missing at Google, or remove it from this connector.",
                    Remedy::Open(DATA_ACCESS),
                )],
            ),
            Self::AtSignIn => (
                "Google stopped the sign-in",
                "We do not know this error.",
                vec![Cause::only(Who::Admin, READ, Remedy::Open(CLIENTS))],
            ),
            Self::AtExchange => (
                "Google refused to finish the sign-in",
                "The user signed in, but Google did not give access. We do not know this error.",
                vec![Cause::only(Who::Admin, READ, Remedy::Open(CLIENTS))],
            ),
            Self::Pasted => (
                "Google stopped the sign-in",
                "We do not know this error.",
                vec![
                    Cause::one("If the page named a setting", Who::Admin, READ, Remedy::Open(CLIENTS)),
                    Cause::one(
                        "If the page asked for an administrator",
                        Who::CompanyAdmin,
                        super::codes::TRUST,
                        Remedy::Message,
                    ),
                ],
            ),
        };
        Diagnosis { title, what: what.to_owned(), causes }
    }
}

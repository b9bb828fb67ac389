//! What to say of each end of a sign-in: what happened, whose job it is, and the one next step.

mod causes;
pub mod codes;
mod general;
mod parts;

use general::General;
pub use parts::{Cause, Diagnosis, Remedy, Who};

use super::model::{Outcome, ProviderWords, Why, code_in};

impl Diagnosis {
    fn of_code(code: u64) -> Option<Self> {
        let codes::Entry { title, what, causes, .. } = codes::find(code)?;
        Some(Self { title, what: (*what).to_owned(), causes: causes.to_vec() })
    }

    /// Of an error that Microsoft showed on a page of its own.
    pub fn of_shown(code: Option<u64>) -> Self {
        code.and_then(Self::of_code).unwrap_or_else(|| General::Pasted.diagnosis())
    }
}

/// The code that says most: Microsoft often names a general code first (AADSTS70002) and the cause after it, in the
/// list of codes or in the description. A code that is not in the table only where no other is.
pub fn telling_code(said: &ProviderWords) -> Option<u64> {
    let description = said.description.as_deref().unwrap_or_default();
    let named = description.match_indices("AADSTS").filter_map(|(at, _)| code_in(&description[at..]));
    let all: Vec<u64> = said.codes.iter().copied().chain(named).collect();
    let known = |code: &&u64| codes::find(**code).is_some();
    let telling = all.iter().filter(known).find(|code| !codes::GENERAL.contains(code));
    telling.or_else(|| all.iter().find(known)).copied().or_else(|| said.code())
}

/// The words for a sign-in that did not go through: those of Microsoft's code where it sent one that is known,
/// which say more than the kind of the failure does.
pub fn of(why: &Why, said: Option<&ProviderWords>) -> Diagnosis {
    if let Some(cause) = said.and_then(|said| said.cause.as_ref()) {
        return causes::of(why, cause);
    }
    // How long to wait stands in the answer, and in no table.
    let code = said.and_then(telling_code).filter(|_| !matches!(why, Why::Throttled(_)));
    let unclear = matches!(why, Why::Denied | Why::RefusedAtSignIn | Why::ExchangeRefused | Why::CodeRefused);
    let error = said.and_then(|said| said.error.as_deref()).filter(|_| unclear);
    let by_error = || match error? {
        "consent_required" => Diagnosis::of_code(65_001),
        // OpenID Connect Core 3.1.2.6.
        "interaction_required" | "login_required" | "account_selection_required" => {
            Some(Diagnosis::of_one_cause(
                "Microsoft asks for one more step",
                "The account has to do something on Microsoft’s page before it may sign in. The connector is as it was.",
                Who::SignsIn,
                "Sign in again, and do what Microsoft asks.",
                Remedy::Again,
            ))
        }
        _ => None,
    };
    // Without a code an error of OAuth means what its specification says; with an unknown one it can mean anything.
    let by_unknown_code = || match why {
        Why::Denied => Some(General::Denied.diagnosis()),
        Why::CodeRefused => Some(General::Grant.diagnosis()),
        _ => None,
    };
    let known = code.and_then(Diagnosis::of_code).or_else(by_error);
    known.or_else(|| code.and_then(|_| by_unknown_code())).unwrap_or_else(|| of_why(why))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn of_why(why: &Why) -> Diagnosis {
    let (title, what, who, next, remedy) = match why {
        Why::Denied => return General::Cancelled.diagnosis(),
        Why::RefusedAtSignIn => return General::AtSignIn.diagnosis(),
        Why::CredentialsRejected => return General::Credentials.diagnosis(),
        Why::ApplicationRefused => return General::Application.diagnosis(),
        Why::PermissionsRefused => return General::Permissions.diagnosis(),
        Why::CodeRefused => (
            "Microsoft did not take the sign-in’s one-time code",
            "Microsoft gives the browser a code that works once. This one had been used, was too old, or was made \
             for another application.",
            Who::SignsIn,
            "Start the sign-in again, in one window.",
            Remedy::Again,
        ),
        Why::ExchangeRefused => return General::AtExchange.diagnosis(),
        Why::IdentityNotProved => (
            "Microsoft’s proof of who signed in does not fit",
            "The proof was made for another application, another sign-in or another company’s directory (tenant), and \
             was not believed.",
            Who::Admin,
            "Start the sign-in again. If it ends here once more, compare Who may sign in with Supported account \
             types in Azure.",
            Remedy::Again,
        ),
        Why::WrongTenant => (
            "This account belongs to another tenant",
            "The connector is for one tenant alone (a tenant is a company’s directory at Microsoft), and the account \
             that signed in is not of that tenant.",
            Who::Admin,
            "Sign in with an account of the connector’s tenant, or correct the tenant.",
            Remedy::Edit,
        ),
        Why::IdentityRefused => (
            "Microsoft Graph did not say who signed in",
            "The sign-in went through, but Microsoft Graph, from which applications read at Microsoft, did not \
             let this one read the profile.",
            Who::Admin,
            "See that the delegated permission User.Read is listed under API permissions and, where the column says so, \
             approved. Then sign in again.",
            Remedy::Again,
        ),
        Why::PermissionsMissing(missing) => {
            return Diagnosis {
                title: "A permission is missing",
                what: format!(
                    "The connector cannot do without it, and it was not granted: {}.",
                    missing.join(", ")
                ),
                causes: vec![
                    Cause::one(
                        "If it is not in the list in Azure",
                        Who::Admin,
                        "Add it under API permissions in the Azure portal, as a delegated permission of Microsoft \
                         Graph. Then sign in again.",
                        Remedy::Again,
                    ),
                    Cause::one(
                        "If it is there and not approved yet",
                        Who::TenantAdmin,
                        "Send the address for approval to an administrator of the company. Once they have approved, \
                         sign in again.",
                        Remedy::Consent,
                    ),
                    Cause::just_made(
                        "If it was added or approved within the last few minutes",
                        Remedy::Again,
                    ),
                ],
            };
        }
        Why::WrongIssuer => (
            "The answer came from another provider or tenant",
            "The browser came back from another place than the one that it was sent to. Nothing of it was \
             used.",
            Who::Admin,
            "Start the sign-in again. If it ends here once more, tell whoever runs this program.",
            Remedy::Again,
        ),
        Why::Unavailable => (
            "Microsoft has trouble of its own",
            "It answered that it cannot serve the request now. The connector is as it was.",
            Who::Nobody,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        Why::Unreachable => (
            "Microsoft could not be reached",
            "No connection came about, or it broke off. The connector is as it was.",
            Who::Operator,
            "Sign in again in a minute. If this happens again, ask whoever runs this program to check that it may \
             reach Microsoft’s sign-in and Microsoft Graph (login.microsoftonline.com and graph.microsoft.com, or the \
             addresses that are set instead): a firewall or a proxy may be in the way.",
            Remedy::Again,
        ),
        Why::Slow => (
            "Microsoft did not answer in time",
            "The program waits some seconds for an answer, and then gives up. The connector is as it was.",
            Who::Nobody,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        Why::Throttled(after) => {
            let next = match after {
                Some(seconds @ ..120) => format!("Wait {seconds} seconds, then sign in again."),
                Some(seconds) => format!("Wait {} minutes, then sign in again.", seconds.div_ceil(60)),
                None => "Wait a few minutes, then sign in again.".to_owned(),
            };
            return Diagnosis::of_one_cause(
                "Microsoft has had too many requests",
                "It asks this program to slow down. The connector is as it was.",
                Who::Nobody,
                next,
                Remedy::Again,
            );
        }
        Why::Garbled => (
            "Microsoft’s answer could not be understood",
            "Something between here and Microsoft answered in its place, or the answer was damaged. The \
             connector is as it was.",
            Who::Operator,
            "Sign in again. If it ends here once more, check proxies and firewalls.",
            Remedy::Again,
        ),
        Why::Expired => (
            "The sign-in took too long",
            "A sign-in must come back within ten minutes. The connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::ConnectorChanged => (
            "The connector was changed meanwhile",
            "Its settings are no longer those that the sign-in began with, so it proves nothing of them.",
            Who::Admin,
            "Start the sign-in again, with the new settings.",
            Remedy::Again,
        ),
        Why::NotAllowed => (
            "Whoever began the sign-in may no longer do so",
            "They were disabled, or are no longer an administrator, since they began. Nothing was sent to \
             Microsoft, and the connector is as it was.",
            Who::Admin,
            "Start the sign-in again, as an administrator.",
            Remedy::Again,
        ),
        Why::SecretUnreadable => (
            "The stored client secret cannot be opened",
            "It was encrypted with another key or by another version of this program, or it was \
             changed in the database. Nothing was sent to Microsoft, and the connector is as it was.",
            Who::Operator,
            "Put the right encryption key in place (`mail360 check` says whether it fits), then sign in again.",
            Remedy::Again,
        ),
        Why::AttemptUnreadable => (
            "What was kept for this sign-in cannot be opened",
            "It was encrypted with another key, or it was changed in the database. Nothing was sent \
             to Microsoft, and the connector is as it was.",
            Who::Operator,
            "Start the sign-in again. If it ends here once more, `mail360 check` says whether the encryption \
             key fits.",
            Remedy::Again,
        ),
        Why::EndedByOperator => (
            "Whoever runs this program has ended this sign-in",
            "All sessions and all sign-ins that were open were ended, as after a backup was restored. The \
             connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::LoggedOut => (
            "A session was ended after this sign-in began",
            "Somebody logged out, or a password, a second factor or a role was changed, or an administrator ended all \
             sessions of the user who began it. Nothing was sent to Microsoft, and the connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::Superseded => (
            "Newer sign-ins have ended this one",
            "Ten sign-ins were open; the oldest was ended.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

/// An outcome in a few words, for lists.
pub fn in_short(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { current: true, .. } => "Verified",
        Outcome::Verified { current: false, .. } => "Went through, for older settings",
        Outcome::Failed { why, provider } => of(why, provider.as_ref()).title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_chooses_the_words_and_an_unknown_one_leaves_them() {
        let said = |text| ProviderWords::new(Some("invalid_client"), Some(text), None, None);
        let expired = of(&Why::CredentialsRejected, Some(&said("AADSTS7000222: The keys are expired.")));
        assert_eq!(expired.title, "The client secret has expired");
        let unknown = of(&Why::CredentialsRejected, Some(&said("AADSTS9999999: Something new.")));
        assert_eq!(unknown.title, "Microsoft does not accept the Client ID and the secret");
        assert_eq!(of(&Why::CredentialsRejected, None), unknown);
    }

    fn words(why: Why, error: &str, description: &str) -> Diagnosis {
        of(&why, Some(&ProviderWords::new(Some(error), Some(description), None, None)))
    }

    #[test]
    fn where_the_code_is_unknown_the_error_still_names_the_right_person() {
        let step = words(Why::ExchangeRefused, "interaction_required", "AADSTS9999999: New.");
        assert_eq!(
            step.causes,
            [Cause::only(Who::SignsIn, "Sign in again, and do what Microsoft asks.", Remedy::Again)]
        );
        let consent = words(Why::RefusedAtSignIn, "consent_required", "");
        assert!(consent.remedies().contains(&Remedy::Consent));
        let policy = words(Why::Denied, "access_denied", "AADSTS9999999: A policy.");
        assert_eq!(policy.causes[0].who, Who::TenantAdmin);
        let slow = words(Why::Unavailable, "access_denied", "AADSTS9999999: New.");
        assert_eq!(slow.title, "Microsoft has trouble of its own");
    }

    #[test]
    fn c1_a_refusal_is_cancelled_or_waits_for_an_administrator_with_code_and_without() {
        for description in ["the user canceled the authentication", "AADSTS65004: User declined to consent."]
        {
            let refused = words(Why::Denied, "access_denied", description);
            assert!(refused.title.starts_with("The sign-in was cancelled"), "{}", refused.title);
            assert_eq!(refused.remedies(), [Remedy::Again, Remedy::Consent]);
            assert!(refused.causes.iter().any(|cause| cause.when.contains("administrator must approve")));
            assert_eq!(refused.without_approval().remedies(), [Remedy::Again]);
        }
    }

    #[test]
    fn c2_only_an_invalid_grant_without_a_code_is_said_to_be_about_the_one_time_code() {
        for code in [530_003, 53_001, 70_000, 50_126, 50_097, 53_002, 9_999_999] {
            let refused = words(Why::CodeRefused, "invalid_grant", &format!("AADSTS{code}: No."));
            let text = format!("{refused:?}");
            assert!(!text.contains("one-time code") && !text.contains("had been used"), "{code}: {text}");
        }
        for description in ["", "AADSTS54005: Redeemed.", "AADSTS70008: Expired."] {
            let refused = words(Why::CodeRefused, "invalid_grant", description);
            assert!(format!("{refused:?}").contains("one-time code"), "{description}");
        }
    }

    /// Words that are true of one cause only, and so must not stand where the cause is not known.
    const PARTICULAR: [&str; 8] = [
        "has expired.",
        "had been used",
        "was too old",
        "is switched off",
        "is disabled.",
        "Most often",
        "most often",
        "one-time code, ",
    ];

    #[test]
    fn c2_no_general_error_states_a_cause_that_an_unknown_code_does_not_name() {
        for (why, error) in [
            (Why::Denied, "access_denied"),
            (Why::RefusedAtSignIn, "invalid_request"),
            (Why::RefusedAtSignIn, "invalid_client"),
            (Why::CredentialsRejected, "invalid_client"),
            (Why::ApplicationRefused, "unauthorized_client"),
            (Why::PermissionsRefused, "invalid_scope"),
            (Why::CodeRefused, "invalid_grant"),
            (Why::ExchangeRefused, "invalid_request"),
            (Why::ExchangeRefused, "invalid_resource"),
        ] {
            let unknown = words(why, error, "AADSTS9999999: New.");
            for claim in PARTICULAR {
                assert!(
                    !unknown.what.contains(claim) && !unknown.title.contains(claim),
                    "{error}: {unknown:?}"
                );
            }
            // Each further cause says how to tell that it is this one.
            let headed =
                unknown.causes.len() == 1 || unknown.causes.iter().all(|cause| !cause.when.is_empty());
            assert!(headed, "{error}: {unknown:?}");
        }
    }

    #[test]
    fn of_several_codes_the_one_that_says_most_chooses_the_words() {
        let said = ProviderWords::new(
            Some("invalid_grant"),
            Some("AADSTS70002: Error validating credentials. AADSTS50126: Invalid username or password."),
            None,
            None,
        );
        assert_eq!(telling_code(&said), Some(50_126));
        assert_eq!(telling_code(&said.clone().with_codes([70_002])), Some(50_126));
        assert_eq!(telling_code(&said.clone().with_codes([9_999_999, 53_003])), Some(53_003));
        let unknown = ProviderWords::new(None, Some("AADSTS9999999: New."), None, None);
        assert_eq!(telling_code(&unknown), Some(9_999_999));
        assert_eq!(telling_code(&ProviderWords::default()), None);
    }

    #[test]
    fn a_connector_without_an_address_for_approval_is_not_told_to_send_one() {
        for code in [65_001, 65_004, 90_094, 650_056, 700_016, 7_000_229] {
            let diagnosis = Diagnosis::of_shown(Some(code)).without_approval();
            assert!(!diagnosis.causes.is_empty(), "{code}");
            assert!(!format!("{diagnosis:?}").contains("address for approval"), "{code}: {diagnosis:?}");
        }
    }

    #[test]
    fn who_is_throttled_reads_for_how_long() {
        let said = ProviderWords::new(None, Some("AADSTS90033: A transient error."), None, None);
        assert!(of(&Why::Throttled(Some(30)), Some(&said)).causes[0].next.starts_with("Wait 30 seconds"));
        assert!(of(&Why::Throttled(Some(121)), None).causes[0].next.starts_with("Wait 3 minutes"));
        assert!(of(&Why::Throttled(None), None).causes[0].next.starts_with("Wait a few minutes"));
    }
}

//! Contoso's words about errors. Its codes look like E-1234 and are only in descriptions.

use mail360::providers::{
    ErrorCode, ProviderWords, RawError, RefusalKind,
    diagnosis::{Ask, Cause, Diagnosis, Remedy, SettingsChange, Who},
    provider::Pasted,
};

use super::{API_DISABLED, OTHER_REGION, REGION};

/// The code for an application of another region.
const E_OTHER_REGION: u64 = 1234;

static ASK_REGION: Ask = Ask {
    field: REGION,
    heading: "Another region",
    label: "The region, eu or us",
    help: "The card of your application in the Contoso Console names it.",
    title: "Which region?",
};

pub static CHANGE_REGION: SettingsChange =
    SettingsChange { values: &[], asks: Some(&ASK_REGION), button: "Use this region and sign in again" };

pub fn read_words(raw: &RawError<'_>) -> ProviderWords {
    ProviderWords::of(raw.error, raw.description, raw.trace_id, raw.correlation_id)
        .with_codes(raw.description.and_then(code_in))
}

/// The first code in a text.
fn code_in(text: &str) -> Option<u64> {
    text.match_indices("E-").find_map(|(at, mark)| {
        let digits = text[at + mark.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
        (digits.len() == 4).then(|| digits.parse().ok())?
    })
}

pub fn is_of_another_region(said: &ProviderWords) -> bool {
    code_of(said) == Some(E_OTHER_REGION)
}

fn code_of(said: &ProviderWords) -> Option<u64> {
    said.code().or_else(|| said.description.as_deref().and_then(code_in))
}

pub fn code(said: &ProviderWords) -> Option<ErrorCode> {
    let code = code_of(said)?;
    Some(ErrorCode {
        text: format!("E-{code}"),
        page: None,
        diagnosis: (code == E_OTHER_REGION).then(other_region),
    })
}

fn other_region() -> Diagnosis {
    Diagnosis::of_one_cause(
        OTHER_REGION,
        "Contoso keeps each application in one region, and answers for it only there.",
        Who::Admin,
        "Look up the region in the Contoso Console, and choose it here.",
        Remedy::Change(&CHANGE_REGION),
    )
}

/// The only step of a connector without an address for consent, which all connectors of Contoso are.
pub const fn ask_in_the_console() -> Cause {
    Cause::only(
        Who::CompanyAdmin,
        "A Contoso administrator allows the application in the Contoso Console.",
        Remedy::Again,
    )
}

pub fn diagnose(why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis {
    if said.is_some_and(is_of_another_region) {
        return other_region();
    }
    let (title, what, who, next, remedy) = match why {
        RefusalKind::Denied => (
            "The access was refused at Contoso",
            "The person who signed in, or a rule of Contoso, refused the access.",
            Who::SignsIn,
            "Sign in again and agree.",
            Remedy::Again,
        ),
        RefusalKind::CredentialsRejected => (
            "Contoso does not accept the Client ID and the secret",
            "Contoso knows no application with both of them.",
            Who::Admin,
            "Make another secret in the Contoso Console, and enter it here.",
            Remedy::Secret,
        ),
        RefusalKind::ApiDisabled => (
            API_DISABLED,
            "Nothing is wrong with the account.",
            Who::Admin,
            "Switch on the API in the Contoso Console.",
            Remedy::Open("Access"),
        ),
        RefusalKind::PermissionsMissing(_) => (
            "A permission was not granted at Contoso",
            "The connector needs it.",
            Who::SignsIn,
            "Sign in again and agree to everything.",
            Remedy::Again,
        ),
        RefusalKind::WrongIssuer => (
            "The answer did not come from Contoso",
            "Another provider sent the browser back.",
            Who::Operator,
            "Find out who sent the browser here.",
            Remedy::Again,
        ),
        _ => (
            "The sign-in failed at Contoso",
            "Contoso did not say more.",
            Who::NoOne,
            "Sign in again later.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

pub fn read_pasted(text: &str) -> Pasted {
    let said = read_words(&RawError { description: Some(text), ..RawError::default() });
    Pasted {
        is_understood: said.code().is_some(),
        diagnosis: diagnose(&RefusalKind::RefusedAtSignIn, Some(&said)),
        said,
        uris: Vec::new(),
        is_about_redirect_uri: false,
    }
}

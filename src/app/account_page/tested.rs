//! The result of *Test access*.

use leptos::prelude::*;

use crate::{
    accounts::{
        model::StateReason,
        pages::reason_words,
        service::grants::{AccessTested, NoToken},
    },
    providers::{
        ClientId, RefreshProblem, SharedProvider,
        diagnosis::{Cause, Remedy},
        provider::AccessTest,
    },
    ui::{
        numbers::grouped,
        widgets::{Moment, Notice, Tone},
    },
};

/// The reason that says the same as a refused refresh.
const fn reason_of(problem: RefreshProblem) -> StateReason {
    match problem {
        RefreshProblem::GrantRefused => StateReason::GrantRefused,
        RefreshProblem::InteractionRequired => StateReason::InteractionRequired,
        RefreshProblem::ConsentRequired => StateReason::ConsentRequired,
        RefreshProblem::LoginRequired => StateReason::LoginRequired,
        RefreshProblem::CredentialsRejected => StateReason::CredentialsRejected,
        RefreshProblem::CompanyRefused => StateReason::CompanyRefused,
        RefreshProblem::ScopesRefused => StateReason::ScopesRefused,
        RefreshProblem::Refused => StateReason::Refused,
        RefreshProblem::Throttled(_) => StateReason::Throttled,
        RefreshProblem::Unavailable(_) => StateReason::Unavailable,
        RefreshProblem::Unreachable => StateReason::Unreachable,
        RefreshProblem::Slow => StateReason::Slow,
        RefreshProblem::Garbled => StateReason::Garbled,
    }
}

/// Why there is no access, in a sentence.
fn no_token_words(no_token: &NoToken, provider: &SharedProvider) -> String {
    match no_token {
        NoToken::Paused => "The account is paused. Resume it first.".to_owned(),
        NoToken::State(state) => format!("The state of the account is “{}”.", state.words()),
        NoToken::Busy { retry_after: 1 } => {
            "The access is just being renewed. Test it again in a second.".to_owned()
        }
        NoToken::Busy { retry_after } => {
            format!("The access cannot be renewed at this moment. Test it again in {retry_after} seconds.")
        }
        NoToken::Failed(refusal) => reason_words(reason_of(refusal.problem), provider.names()),
        // A test without an account or with a failure has its own error page.
        NoToken::NotFound | NoToken::Failure(_) => "The access could not be read.".to_owned(),
    }
}

/// The step of a cause that an administrator takes in the provider's console; `None` if it is another step.
fn draw_console_step(cause: &Cause, provider: &SharedProvider, client_id: &ClientId) -> Option<AnyView> {
    let Remedy::Open(page) = cause.remedy else { return None };
    let when = (!cause.when.is_empty()).then(|| format!("{}: ", cause.when));
    let next = provider.directions(&cause.next, client_id);
    let link = provider.console_page(page, client_id).map(|address| {
        let words = format!("Open {page} in {}", provider.names().console);
        view! {
            <p>
                <a href=address target="_blank" rel="noopener noreferrer">
                    {words} <span class="unseen">" (opens a new window)"</span>
                </a>
            </p>
        }
    });
    Some(view! { <p>{when} {next}</p> {link} }.into_any())
}

#[component]
pub(super) fn TestedNotice(
    tested: AccessTested,
    provider: SharedProvider,
    /// The client ID of the account's connector.
    client_id: ClientId,
) -> impl IntoView {
    match tested {
        AccessTested::Works(test) => view! { <Works test=test /> }.into_any(),
        AccessTested::Refused(refusal) => {
            let diagnosis = provider.diagnose(&refusal.why, refusal.words.as_deref());
            let causes = diagnosis.causes.iter();
            let steps: Vec<AnyView> =
                causes.filter_map(|cause| draw_console_step(cause, &provider, &client_id)).collect();
            view! {
                <Notice tone=Tone::Bad title="The access does not work">
                    <p>{format!("{}. {}", diagnosis.title, diagnosis.what)}</p>
                    {steps}
                </Notice>
            }
            .into_any()
        }
        AccessTested::NoToken(no_token) => {
            let words = no_token_words(&no_token, &provider);
            view! { <Notice tone=Tone::Bad title="The access does not work now"><p>{words}</p></Notice> }
                .into_any()
        }
    }
}

/// What was read, as far as the permissions allow.
#[component]
fn Works(test: AccessTest) -> impl IntoView {
    let AccessTest { newest_message, contacts } = test;
    let message = match newest_message {
        Some(Some(at)) => view! { "Newest message: " <Moment at=at /> ". " }.into_any(),
        Some(None) => "There is no message in the mailbox. ".into_any(),
        None => "It is not allowed to read mail. ".into_any(),
    };
    let contacts = match contacts {
        Some(number) => {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            format!("Contacts: {}.", grouped(number))
        }
        None => "It is not allowed to read contacts.".to_owned(),
    };
    view! { <Notice tone=Tone::Good title="The access works"><p>{message} {contacts}</p></Notice> }
}

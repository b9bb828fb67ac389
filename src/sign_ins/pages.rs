//! Pages about sign-ins: the page before the provider, the page of an outcome, the list of a connector's sign-ins, and
//! the explanation of a pasted error. Pages for people without a user are in [`connect`].

mod ask;
pub mod connect;
mod consent;
mod history;
mod message;
mod outcome;
mod parts;
mod pasted_error;
mod proof;
mod remedy;
mod verified;

use leptos::prelude::*;

pub use ask::AskPage;
pub use consent::{
    ALLOWED, ConsentPage, DOUBLED, DoubledPage, FOREIGN, Foreign, NOT_ALLOWED, NOT_NOW, NotNow,
};
pub use history::SignInList;
pub use message::{Message, MessageCard};
pub use outcome::{Headline, SignInPage};
pub use pasted_error::{MAX_PASTED, ShownPage, ShownView};
pub use remedy::{Offers, REPLACE_SECRET};

use super::{
    diagnosis::diagnose,
    model::Outcome,
    service::{Progress, SignInDetails, state_shown_by},
};
use crate::{
    connectors::{
        model::{ConnectorState, FailureReason},
        pages::StateBadge,
        service::{Connector, ConnectorId},
    },
    providers::{Field, Names, Providers, SharedProvider},
    ui::{
        islands::SendOnce,
        markup::Markup,
        widgets::{Moment, Tone, write_badge},
    },
};

/// The small page that sends the browser to the provider.
#[component]
pub fn Leaving(
    /// The complete address of the provider.
    url: String,
    /// The host of that address.
    host: String,
    connector: Connector,
) -> impl IntoView {
    let provider = connector.names().provider;
    view! {
        <div class="card">
            <div class="stack tight">
                <h1>{leaving_title(&host)}</h1>
                <p class="soft">
                    "To test " <strong><bdi>{connector.service_name.as_str().to_owned()}</bdi></strong>
                    "."
                </p>
            </div>
            <ol class="steps">
                <li>{format!("{provider} asks which account to use, and shows what the connector may do.")}</li>
                <li>"You agree, and come back here."</li>
                <li>"You see whether the connector works. Nothing is read from your mailbox."</li>
            </ol>
            <a class="button primary wide" href=url>{format!("Continue to {provider}")}</a>
        </div>
    }
}

/// The heading of [`Leaving`].
pub fn leaving_title(host: &str) -> String {
    format!("You are being sent to {host} to sign in")
}

/// The button that starts a sign-in.
#[component]
pub fn VerifyButton(
    id: ConnectorId,
    /// The names of its provider.
    names: &'static Names,
    /// The text of the button, if it is not the usual one.
    #[prop(optional, into)]
    words: Option<String>,
    /// Whether it is the main action of the page.
    #[prop(default = true)]
    primary: bool,
    /// Whether it is less important than the other buttons.
    #[prop(default = false)]
    plain: bool,
) -> impl IntoView {
    let class = match (primary, plain) {
        (true, _) => "button primary",
        (false, true) => "button plain",
        (false, false) => "button",
    };
    let words = words.unwrap_or_else(|| verify_words(names));
    view! {
        <form method="post" action=format!("/connectors/{id}/verify")>
            <button class=class>{words}</button>
        </form>
    }
}

/// The button that tries a connector's stored credentials again.
#[component]
pub fn TryAgain(
    id: ConnectorId,
    /// Whether it is the main action of the page.
    primary: bool,
) -> impl IntoView {
    let class = if primary { "button primary" } else { "button" };
    view! {
        <SendOnce>
            <form method="post" action=format!("/connectors/{id}/try-again")>
                <button class=class>"Try again without a new secret"</button>
            </form>
        </SendOnce>
    }
}

/// Facts about the state of a connector, by its sign-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateFacts {
    /// The name of the user whose sign-in verified it.
    pub verified_by: Option<String>,
    /// Why it fails, in the words of the sign-in that failed.
    pub reason: Option<&'static str>,
}

impl StateFacts {
    /// The facts in the latest sign-ins of a connector, latest first.
    pub fn of(sign_ins: &[SignInDetails], connector: &Connector) -> Self {
        let present =
            sign_ins.iter().filter(|it| it.attempt.connector_version == connector.application_version);
        let mut ended = present.filter_map(|it| match &it.progress {
            Progress::Ended(outcome) => Some((it, outcome)),
            _ => None,
        });
        match ended.find(|(_, outcome)| state_shown_by(outcome) == Some(connector.state)) {
            Some((it, Outcome::Verified { .. })) => {
                Self { verified_by: Some(it.user_name.clone()).filter(|name| !name.is_empty()), reason: None }
            }
            Some((_, Outcome::Failed { why, provider: said })) => {
                let title = diagnose(&*connector.provider, why, said.as_ref()).title;
                Self { verified_by: None, reason: Some(title) }
            }
            Some((
                _,
                Outcome::Connected { .. } | Outcome::Unconfirmed { .. } | Outcome::NotConnected { .. },
            ))
            | None => Self::default(),
        }
    }
}

/// The card on a connector's page with the connector's state and, for an administrator, the next step.
#[component]
pub fn StateCard(
    connector: Connector,
    /// Whether an administrator looks.
    admin: bool,
    /// The facts below the state.
    facts: StateFacts,
    /// Whether another part of the page already has the button.
    button_elsewhere: bool,
    /// Whether the page already explains refused credentials and has a button for the next step.
    remedy_elsewhere: bool,
    /// The providers, which have the labels of fields.
    providers: Providers,
) -> impl IntoView {
    let names = connector.names();
    let StateFacts { verified_by, reason } = facts;
    let words = match connector.state {
        ConnectorState::NotVerified if connector.unproved.is_empty() => match connector.verified_at {
            // After the last sign-in its credentials were refused; they are accepted again now.
            Some(at) => view! {
                "Last verified on " <Moment at=at />
                {format!(". {} has refused the connector since, so verify it again.", names.provider)}
            }
            .into_any(),
            None => "No one has tested this connector yet.".into_any(),
        },
        ConnectorState::NotVerified => {
            let labels = labels(&providers, &connector.unproved);
            let were = if labels.contains(", ") { " were" } else { " was" };
            view! { <strong>{labels}</strong> {were} " changed after the last test. Test the connector again." }
                .into_any()
        }
        ConnectorState::Verified => connector
            .verified_at
            .map(|at| {
                let by = verified_by.map(|name| view! { ", by " <bdi>{name}</bdi> });
                view! { "Verified on " <Moment at=at /> {by} "." }
            })
            .into_any(),
        ConnectorState::Failing(FailureReason::WrongDirectory) => {
            let directory = names.directory.to_lowercase();
            let account = format!(". The account belongs to another {directory} than the connector’s.");
            connector
                .failed_at
                .map(|at| view! { "Last failed sign-in: " <Moment at=at /> {account} })
                .into_any()
        }
        ConnectorState::Failing(FailureReason::ApiDisabled) => {
            let next = format!(
                ". Enable the API in {}. Then verify again: the page of that sign-in names the API.",
                names.console
            );
            connector.failed_at.map(|at| view! { "Last failed sign-in: " <Moment at=at /> {next} }).into_any()
        }
        ConnectorState::Failing(_) => {
            // A refresh or a check of the secret can fail, too.
            connector.failed_at.map(|at| view! { "Last failure: " <Moment at=at /> "." }).into_any()
        }
    };
    let refused = connector.state.wants_credentials();
    let verified = connector.state == ConnectorState::Verified;
    let button = (admin && !button_elsewhere).then(|| {
        let replace = (refused && !remedy_elsewhere).then(|| {
            let to = format!("/connectors/{}/secret", connector.id);
            view! {
                <a class="button primary" href=to>{REPLACE_SECRET}</a>
                <TryAgain id=connector.id primary=false />
            }
        });
        // The settings are wrong: a sign-in with the same ones would fail again.
        let wrong = matches!(
            connector.state,
            ConnectorState::Failing(FailureReason::ApplicationRefused | FailureReason::PermissionsRefused)
        );
        let edit = (wrong && !remedy_elsewhere).then(|| {
            let to = format!("/connectors/{}/edit", connector.id);
            view! { <a class="button primary" href=to>"Edit the connector"</a> }
        });
        let primary = !verified && !refused && !wrong && !remedy_elsewhere;
        let words = if verified { "Verify again".to_owned() } else { verify_words(names) };
        view! {
            <div class="row">
                {replace}
                {edit}
                <VerifyButton id=connector.id names=names words=words primary=primary />
            </div>
        }
    });
    let ask = (!admin && !verified).then(|| {
        let words =
            if refused { "An administrator can correct it." } else { "An administrator can verify it." };
        view! { <p>{words}</p> }
    });
    let badge = match (connector.state, reason) {
        (ConnectorState::Failing(_), Some(reason)) => {
            let mut html = Markup::default();
            write_badge(&mut html, Tone::Bad, "Failing", Some(reason));
            html.into_view().into_any()
        }
        (state, _) => view! { <StateBadge state=state names=names /> }.into_any(),
    };
    view! {
        <section class="card low" aria-labelledby="state-title">
            <h2 id="state-title">"State"</h2>
            <p>{badge}</p>
            <p class="soft">{words}</p>
            {ask}
            {button}
        </section>
    }
}

/// The words of the button that starts a first sign-in.
fn verify_words(names: &Names) -> String {
    format!("Sign in with {} to verify", names.provider)
}

/// The labels of fields whose names are separated by a blank.
fn labels(providers: &Providers, names: &str) -> String {
    let labels: Vec<_> = names.split_whitespace().map(|name| providers.label(&Field::of(name))).collect();
    labels.join(", ")
}

/// The provider in a sentence of a page that no connector belongs to.
fn name_of(provider: Option<&SharedProvider>) -> &'static str {
    provider.map_or("the provider", |provider| provider.names().provider)
}

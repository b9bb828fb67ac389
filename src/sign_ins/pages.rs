//! Pages about sign-ins: the page before the provider, the page of an outcome, the list of a connector's sign-ins, and
//! the explanation of a pasted error.

mod consent;
mod history;
mod outcome;
mod parts;
mod pasted_error;
mod proof;
mod remedy;

use leptos::prelude::*;

pub use consent::{ConsentPage, DoubledPage};
pub use history::SignInList;
pub use outcome::SignInPage;
pub use pasted_error::{MAX_PASTED, ShownPage, ShownView};
pub use remedy::{AskPage, Offers};

use crate::{
    connectors::{
        model::{ConnectorState, FailureReason},
        pages::StateBadge,
        service::{Connector, ConnectorId},
    },
    providers::{Field, Names, Providers, SharedProvider},
    ui::{islands::SendOnce, widgets::Moment},
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
                <h1>{format!("You are being sent to {host} to sign in")}</h1>
                <p class="soft">
                    "To verify " <strong><bdi>{connector.service_name.as_str().to_owned()}</bdi></strong>
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
) -> impl IntoView {
    let class = if primary { "button primary" } else { "button" };
    let words = words.unwrap_or_else(|| format!("Sign in with {} to verify", names.provider));
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

/// The card on a connector's page with the connector's state and, for an administrator, the next step.
#[component]
pub fn StateCard(
    connector: Connector,
    /// Whether an administrator looks.
    admin: bool,
    /// Whether another part of the page already has the button.
    button_elsewhere: bool,
    /// Whether the page already explains refused credentials and has a button for the next step.
    remedy_elsewhere: bool,
    /// The providers, which have the labels of fields.
    providers: Providers,
) -> impl IntoView {
    let names = connector.names();
    let words = match connector.state {
        ConnectorState::NotVerified if connector.unproved.is_empty() => match connector.verified_at {
            // After the last sign-in its credentials were refused; they are accepted again now.
            Some(at) => view! {
                "A sign-in last went through on " <Moment at=at />
                {format!(". {} has refused the connector since, so verify it again.", names.provider)}
            }
            .into_any(),
            None => "No sign-in has gone through with these settings yet.".into_any(),
        },
        ConnectorState::NotVerified => view! {
            {if connector.verified_at.is_some() {
                "Changed since it was last verified: "
            } else {
                "No sign-in has gone through yet. Changed since it was last tried: "
            }}
            <strong>{labels(&providers, &connector.unproved)}</strong>
            {if connector.verified_at.is_some() { ". What the last sign-in proved counts no longer." } else { "." }}
        }
        .into_any(),
        ConnectorState::Verified => connector
            .verified_at
            .map(|at| view! { "A sign-in last went through on " <Moment at=at /> "." })
            .into_any(),
        ConnectorState::Failing(FailureReason::WrongDirectory) => {
            let directory = names.directory.to_lowercase();
            let who = format!(" a person signed in whose company is not this connector’s {directory}.");
            connector.failed_at.map(|at| view! { "On " <Moment at=at /> {who} }).into_any()
        }
        ConnectorState::Failing(_) => {
            let refused = format!("{} last refused it on ", names.provider);
            connector.failed_at.map(|at| view! { {refused} <Moment at=at /> "." }).into_any()
        }
    };
    let refused = connector.state.wants_credentials();
    let button = (admin && !button_elsewhere).then(|| {
        let primary = connector.state != ConnectorState::Verified && !refused;
        let replace = (refused && !remedy_elsewhere).then(|| {
            let to = format!("/connectors/{}/secret", connector.id);
            view! {
                <a class="button primary" href=to>"Replace the client secret"</a>
                <TryAgain id=connector.id primary=false />
            }
        });
        view! {
            <div class="row">{replace}<VerifyButton id=connector.id names=names primary=primary /></div>
        }
    });
    view! {
        <section class="card low" aria-labelledby="state-title">
            <h2 id="state-title">"State"</h2>
            <p><StateBadge state=connector.state names=names /></p>
            <p class="soft">{words}</p>
            {button}
        </section>
    }
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

/// The page for a callback that fits no attempt of this browser. It is the same for every reason, so that an
/// attacker does not learn which states exist.
#[component]
pub fn Foreign(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>"This sign-in cannot be finished here"</h1>
            <p class="soft">
                {format!(
                    "It was cancelled at {name}, or started in another browser or too long ago, or its connector was \
                     deleted, or this address was not made by {name}. Nothing was changed."
                )}
            </p>
            <p>"Open Connectors in the browser in which you began, and start the sign-in again."</p>
            <div class="row"><a class="button" href="/connectors">"Go to Connectors"</a></div>
        </div>
    }
}

/// The page if the database could not be written during a callback. The callback's address still works.
#[component]
pub fn NotNow(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>"This sign-in cannot be finished at this moment"</h1>
            <p>
                {format!(
                    "Reload this page in a moment: your sign-in at {name} still counts until ten minutes after it \
                     began."
                )}
            </p>
            <p class="soft">
                "Mail360 cannot use its database now. If this goes on, tell the operator, who runs this program; the \
                 log says why."
            </p>
        </div>
    }
}

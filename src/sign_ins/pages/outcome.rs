//! The page that shows the outcome of a sign-in.

use leptos::prelude::*;

use super::{
    super::{
        diagnosis,
        model::{Outcome, SignInProblem},
        service::{Progress, SignInDetails},
    },
    VerifyButton,
    history::Timeline,
    parts::{Next, draw_provider_words},
    pasted_error::{PasteForm, did_it_show_an_error},
    proof::draw_findings,
    remedy::{Offers, Remedies},
    verified::{self, Verified},
};
use crate::{
    connectors::service::{Connector, ConnectorId},
    platform::clock::Timestamp,
    providers::{Names, ProviderWords, SharedProvider, diagnosis::Diagnosis},
    ui::{
        icons::Icon,
        widgets::{Back, Moment, Notice, Tone},
    },
};

/// The heading of the page of a sign-in. The title of the browser tab says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headline {
    pub(super) class: &'static str,
    pub(super) icon: Icon,
    pub words: &'static str,
}

impl Headline {
    /// The heading for a sign-in through this connector.
    pub fn of(sign_in: &SignInDetails, connector: &Connector) -> Self {
        let (class, icon, words) = match &sign_in.progress {
            Progress::Ended(Outcome::Verified { current, .. }) => {
                return verified::headline(&sign_in.attempt, connector, *current);
            }
            Progress::Ended(Outcome::Failed { why, provider: said }) => {
                ("bad", Icon::Bad, diagnosis::diagnose(&*connector.provider, why, said.as_ref()).title)
            }
            Progress::Ended(Outcome::Connected { .. }) => ("good", Icon::Good, diagnosis::CONNECTED),
            Progress::Ended(Outcome::Unconfirmed { .. }) => ("wait", Icon::Waiting, diagnosis::UNCONFIRMED),
            Progress::Ended(Outcome::NotConnected { why, .. }) => {
                ("bad", Icon::Bad, diagnosis::describe_connect_problem(*why))
            }
            Progress::Checking => ("wait", Icon::Waiting, "Checking…"),
            Progress::Interrupted => ("warn", Icon::Warning, "Interrupted, start again"),
            Progress::Abandoned => ("warn", Icon::Warning, "Not finished within ten minutes"),
            Progress::Open => ("wait", Icon::Waiting, "Not finished yet"),
        };
        Self { class, icon, words }
    }
}

/// The head of the page: the connector, the heading, and a line below it.
#[component]
pub(super) fn Head(
    id: ConnectorId,
    /// The name of the connector.
    name: String,
    headline: Headline,
    /// Whether the heading has the focus, because the user has waited for it.
    focus: bool,
    /// The line below the heading.
    children: Children,
) -> impl IntoView {
    let Headline { class, icon, words } = headline;
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name />
                <div class=format!("row title {class}")>
                    {icon.draw()}
                    <h1 tabindex=focus.then_some("-1") autofocus=focus>{words}</h1>
                </div>
                <p class="soft">{children()}</p>
            </div>
        </div>
    }
}

/// The page of one sign-in, for the user who started it.
#[component]
pub fn SignInPage(
    sign_in: SignInDetails,
    connector: Connector,
    /// The remedies that this connector can offer.
    offers: Offers,
    /// Whether accounts are connected through the connector already.
    has_accounts: bool,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let provider = names.provider;
    let (attempt, is_new) = (sign_in.attempt.clone(), sign_in.is_new);
    let headline = Headline::of(&sign_in, &connector);
    let steps = view! {
        <details class="disclosure">
            <summary>"Timeline"</summary>
            <Timeline sign_in=sign_in.clone() connector=connector.clone() show_provider_words=false />
        </details>
    };
    let (lead, content) = match sign_in.progress {
        Progress::Ended(Outcome::Verified { account, missing, .. }) => {
            return view! {
                <Verified
                    attempt=attempt
                    connector=connector
                    account=account
                    missing=missing
                    headline=headline
                    focus=is_new
                    has_accounts=has_accounts
                >
                    {steps}
                </Verified>
            }
            .into_any();
        }
        Progress::Ended(Outcome::Failed { why, provider }) => {
            let at = attempt.consumed_at.unwrap_or(attempt.created_at);
            return view! {
                <Failed
                    why=why
                    provider=provider
                    at=at
                    connector=connector
                    offers=offers
                    headline=headline
                    focus=is_new
                >
                    {steps}
                </Failed>
            }
            .into_any();
        }
        // The heading says it. These sign-ins have a page of their own, for the person behind the link.
        Progress::Ended(
            Outcome::Connected { .. } | Outcome::Unconfirmed { .. } | Outcome::NotConnected { .. },
        ) => {
            ("A person signed in with a connect link.".into_any(), ().into_any())
        }
        Progress::Checking => {
            let reload = format!("/sign-ins/{}", attempt.id);
            let words = format!(
                "{provider} has sent you back. We try the connector’s secret and permissions; this takes a few seconds."
            );
            (
                view! { <span role="status">{words}</span> }.into_any(),
                view! {
                    <Notice tone=Tone::Info>
                        <p>"This page reloads by itself. You may also " <a href=reload>"reload it now"</a> "."</p>
                    </Notice>
                }
                .into_any(),
            )
        }
        Progress::Interrupted => (
            "The sign-in was not finished: the program was stopped, or could not store the result. The connector was \
             not changed."
                .into_any(),
            draw_retry_buttons(id, names, name.clone()),
        ),
        Progress::Abandoned => (
            format!("{provider} did not send the browser back in time. The connector was not changed.").into_any(),
            draw_retry_and_paste_form(id, names, name.clone()),
        ),
        Progress::Open => (
            format!(
                "{provider} has not sent the browser back here yet, or we could not store its answer. Finish the \
                 sign-in in the window in which it is open, or start it again."
            )
            .into_any(),
            draw_retry_and_paste_form(id, names, name.clone()),
        ),
    };
    view! {
        <Head id=id name=name headline=headline focus=is_new>{lead}</Head>
        <div class="stack text">{content} {steps}</div>
    }
    .into_any()
}

/// The page of a sign-in that did not come back. The provider may have shown an error on its own page.
fn draw_retry_and_paste_form(id: ConnectorId, names: &'static Names, name: String) -> AnyView {
    view! {
        {draw_retry_buttons(id, names, name)}
        <section class="card low" aria-labelledby="paste-title">
            <h2 id="paste-title">{did_it_show_an_error(names)}</h2>
            <PasteForm connector=id names=names primary=false />
        </section>
    }
    .into_any()
}

pub(super) fn draw_retry_buttons(id: ConnectorId, names: &'static Names, name: String) -> AnyView {
    let words = format!("Sign in with {} again", names.provider);
    view! {
        <div class="row">
            <VerifyButton id=id names=names words=words />
            <a class="button plain" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
        </div>
    }
    .into_any()
}

#[component]
fn Failed(
    why: SignInProblem,
    provider: Option<ProviderWords>,
    at: Timestamp,
    connector: Connector,
    offers: Offers,
    headline: Headline,
    focus: bool,
    children: Children,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let diagnosis = diagnosis::diagnose(&*connector.provider, &why, provider.as_ref());
    let diagnosis = offers.adapt_diagnosis(&*connector.provider, diagnosis);
    let Diagnosis { what, .. } = diagnosis.clone();
    let found = draw_findings(names, provider.as_ref());
    let words = provider.filter(ProviderWords::has_words);
    let said = words.clone().map(|said| {
        view! { <ProviderSaid provider=connector.provider.clone() said=said at=at /> }
    });
    view! {
        <Head id=id name=name headline=headline focus=focus>{what}</Head>
        <div class="stack text">
            <Next
                diagnosis=diagnosis.clone()
                provider=connector.provider.clone()
                client_id=connector.client_id.clone()
            />
            <Remedies diagnosis=diagnosis connector=connector offers=offers said=words />
            {found}
            {said}
            {children()}
        </div>
    }
}

#[component]
fn ProviderSaid(provider: SharedProvider, said: ProviderWords, at: Timestamp) -> impl IntoView {
    let title = format!("What {} said", provider.names().provider);
    let rows = draw_provider_words(&*provider, said);
    view! {
        <section class="stack tight" aria-labelledby="said-title">
            <h2 id="said-title">{title}</h2>
            <dl class="facts note">{rows}<div><dt>"Time"</dt><dd><Moment at=at /></dd></div></dl>
        </section>
    }
}

//! The page that shows the outcome of a sign-in.

use leptos::prelude::*;

use super::{
    super::{
        diagnosis,
        model::{Outcome, Why},
        service::{Attempt, Progress, SignInDetails},
    },
    VerifyButton,
    history::Timeline,
    parts::{Next, provider_said},
    pasted_error::{PasteForm, did_it_show_an_error},
    proof::draw_findings,
    remedy::{Offers, Remedies},
};
use crate::{
    connectors::{
        model::ConnectorState,
        service::{Connector, ConnectorId},
    },
    platform::clock::Timestamp,
    providers::{Names, ProviderWords, SharedProvider, diagnosis::Diagnosis},
    ui::{
        icons::Icon,
        widgets::{Back, Badge, Moment, Notice, Tone},
    },
};

/// The page of one sign-in, for the user who started it.
#[component]
pub fn SignInPage(
    sign_in: SignInDetails,
    connector: Connector,
    /// The remedies that this connector can offer.
    offers: Offers,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let provider = names.provider;
    let attempt = sign_in.attempt.clone();
    let steps = view! {
        <details class="disclosure">
            <summary>"Timeline"</summary>
            <Timeline sign_in=sign_in.clone() connector=connector.clone() show_provider_words=false />
        </details>
    };
    let (tone, title, lead, content) = match sign_in.progress {
        Progress::Ended(Outcome::Verified { account, missing, current }) => {
            return view! {
                <Verified
                    attempt=attempt
                    connector=connector
                    account=account
                    missing=missing
                    current=current
                >
                    {steps}
                </Verified>
            }
            .into_any();
        }
        Progress::Ended(Outcome::Failed { why, provider }) => {
            return view! {
                <Failed why=why provider=provider attempt=attempt connector=connector offers=offers>
                    {steps}
                </Failed>
            }
            .into_any();
        }
        Progress::Checking => (
            ("wait", Icon::Waiting),
            "Checking…",
            format!(
                "{provider} has sent you back. The connector’s secret and permissions are being tried; this \
                 takes a few seconds."
            ),
            view! {
                <Notice tone=Tone::Info>
                    <p>
                        "This page reloads by itself. You may also "
                        <a href=format!("/sign-ins/{}", attempt.id)>"reload it now"</a> "."
                    </p>
                </Notice>
            }
            .into_any(),
        ),
        Progress::Interrupted => (
            ("warn", Icon::Warning),
            "Interrupted, start again",
            "The sign-in was not finished: the program was stopped, or could not write down what came of it. \
             The connector was not changed."
                .to_owned(),
            draw_retry_buttons(id, names, name.clone()),
        ),
        Progress::Abandoned => (
            ("warn", Icon::Warning),
            "Not finished within ten minutes",
            format!("{provider} did not send the browser back in time. The connector was not changed."),
            draw_retry_and_paste_form(id, names, name.clone()),
        ),
        Progress::Open => (
            ("wait", Icon::Waiting),
            "Not finished yet",
            format!(
                "{provider} has not sent the browser back here yet, or its answer could not be taken in. \
                 Finish the sign-in in the window in which it is open, or start it again."
            ),
            draw_retry_and_paste_form(id, names, name.clone()),
        ),
    };
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name />
                <div class=format!("row title {}", tone.0)>{tone.1.draw()}<h1>{title}</h1></div>
                <p class="soft">{lead}</p>
            </div>
        </div>
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
            <PasteForm connector=id names=names />
        </section>
    }
    .into_any()
}

fn draw_retry_buttons(id: ConnectorId, names: &'static Names, name: String) -> AnyView {
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
fn Verified(
    attempt: Attempt,
    connector: Connector,
    account: String,
    missing: Vec<String>,
    current: bool,
    children: Children,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let provider = names.provider;
    let at = attempt.consumed_at.unwrap_or(attempt.created_at);
    // The sign-in may be old.
    let same = current && attempt.connector_version == connector.application_version;
    let works = same && connector.state == ConnectorState::Verified;
    let (class, icon, title, lead) = if works {
        ("row title good", Icon::Good, "The connector works", " is verified. You signed in as ")
    } else if same {
        (
            "row title warn",
            Icon::Warning,
            "The sign-in went through, and the connector failed since",
            " was verified by it, and is so no longer. You signed in as ",
        )
    } else {
        (
            "row title warn",
            Icon::Warning,
            "The sign-in went through, for older settings",
            " has changed since this sign-in began, so it is not verified by it. You signed in as ",
        )
    };
    let refused = connector.state.wants_credentials();
    let outdated = (!works).then(|| {
        let (title, what) = if same || refused {
            ("The connector fails now", "The connector’s page says why, and what to do.")
        } else {
            (
                "The connector was changed since",
                "This proves the settings that it had. Sign in again to verify those that it has now.",
            )
        };
        view! { <Notice tone=Tone::Warn title=title><p>{what}</p></Notice> }
    });
    let next = if works || refused {
        let back = format!("/connectors/{id}");
        let name = name.clone();
        view! {
            <div class="row"><a class="button primary" href=back><span>"Back to " <bdi>{name}</bdi></span></a></div>
        }
        .into_any()
    } else {
        draw_retry_buttons(id, names, name.clone())
    };
    let warning = (!missing.is_empty()).then(|| {
        let list = missing.join(", ");
        let (title, it, is) = match missing.len() {
            1 => (format!("One optional permission is missing: {list}"), "it", "it is"),
            count => (format!("{count} optional permissions are missing: {list}"), "them", "they are"),
        };
        let Names { console, permissions_page, administrator, .. } = names;
        let steps = format!(
            "If your software needs {it}, see that {is} listed in {console} under {permissions_page} and, \
             where a {administrator} must approve {it}, approved there by "
        );
        let steps = connector.provider.directions(&steps, &connector.client_id);
        view! {
            <Notice tone=Tone::Warn title=title>
                <p>
                    {works.then_some("Everything else works. ")}
                    {steps}
                    <strong>{names.approve_button}</strong> ". Then verify again."
                </p>
            </Notice>
        }
    });
    // The pinned values decide which permissions a sign-in proves.
    let pinned = connector.provider.read_pinned(&attempt.client_id, &attempt.pinned).ok();
    let is_checked = |scope: &str| pinned.as_ref().is_some_and(|pinned| pinned.is_checked(scope));
    let permissions = attempt
        .scopes
        .iter()
        .map(|scope| {
            let badge = if missing.contains(scope) {
                view! { <Badge tone=Tone::Warn words="Not granted (optional)" /> }
            } else if is_checked(scope) {
                view! { <Badge tone=Tone::Good words="Granted" /> }
            } else {
                view! { <Badge tone=Tone::Idle words="Asked for; not checked" /> }
            };
            view! { <div><dt><code>{scope.clone()}</code></dt><dd>{badge}</dd></div> }
        })
        .collect_view();
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name.clone() />
                <div class=class>{icon.draw()}<h1>{title}</h1></div>
                <p class="soft">
                    <bdi>{name.clone()}</bdi> {lead} <bdi>{account}</bdi> " on "
                    <Moment at=at /> "."
                </p>
            </div>
        </div>
        <div class="stack text">
            {outdated}
            {warning}
            <section class="card low" aria-labelledby="proved-title">
                <h2 id="proved-title">{if works { "What was proved" } else { "What was proved then" }}</h2>
                <ul class="timeline" role="list">
                    {proved(
                        format!("{provider} knows the Client ID"),
                        "And it sends people back to the Redirect URI.",
                    )}
                    {proved("The Client Secret is right", format!("{provider} accepted it and gave access."))}
                    {proved("The account may sign in", "It is one of the accounts that this connector accepts.")}
                    {proved("The profile can be read", format!("{provider} said whose account it is."))}
                </ul>
            </section>
            <section class="card low" aria-labelledby="granted-title">
                <h2 id="granted-title">"Permissions"</h2>
                <dl class="facts">{permissions}</dl>
            </section>
            <p class="soft">
                {works.then_some("That is all there is to set up. ")} "The access from this sign-in was discarded: it only served to \
                 verify the connector."
            </p>
            {next}
            {children()}
        </div>
    }
}

fn proved(what: impl Into<String>, how: impl Into<String>) -> impl IntoView {
    let (what, how): (String, String) = (what.into(), how.into());
    view! {
        <li class="good">{Icon::Good.draw()}<div><p>{what}</p><p class="help">{how}</p></div></li>
    }
}

#[component]
fn Failed(
    why: Why,
    provider: Option<ProviderWords>,
    attempt: Attempt,
    connector: Connector,
    offers: Offers,
    children: Children,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let diagnosis = diagnosis::diagnose(&*connector.provider, &why, provider.as_ref());
    let diagnosis = offers.fit(&*connector.provider, diagnosis);
    let (remedies, Diagnosis { title, what, .. }) = (diagnosis.remedies(), diagnosis.clone());
    let at = attempt.consumed_at.unwrap_or(attempt.created_at);
    let found = draw_findings(names, provider.as_ref());
    let said = provider.filter(ProviderWords::is_said).map(|said| {
        view! { <Said provider=connector.provider.clone() said=said at=at /> }
    });
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name />
                <div class="row title bad">{Icon::Bad.draw()}<h1>{title}</h1></div>
                <p class="soft">{what}</p>
            </div>
        </div>
        <div class="stack text">
            <Next
                diagnosis=diagnosis
                provider=connector.provider.clone()
                client_id=connector.client_id.clone()
            />
            <Remedies remedies=remedies connector=connector offers=offers />
            {found}
            {said}
            {children()}
        </div>
    }
}

#[component]
fn Said(provider: SharedProvider, said: ProviderWords, at: Timestamp) -> impl IntoView {
    let title = format!("What {} said", provider.names().provider);
    let rows = provider_said(&*provider, said);
    view! {
        <section class="stack tight" aria-labelledby="said-title">
            <h2 id="said-title">{title}</h2>
            <dl class="facts note">{rows}<div><dt>"Time"</dt><dd><Moment at=at /></dd></div></dl>
        </section>
    }
}

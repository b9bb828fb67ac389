//! The page of a sign-in that went through: what it proved, which permissions were granted, and the next step.

use leptos::prelude::*;

use super::{
    super::service::Attempt,
    outcome::{Head, Headline, draw_retry_buttons},
};
use crate::{
    connectors::{model::ConnectorState, service::Connector},
    providers::Names,
    ui::{
        icons::Icon,
        widgets::{Badge, Moment, Notice, Tone, breakable},
    },
};

/// Whether a sign-in tried the present settings of the connector.
fn is_of_present_settings(attempt: &Attempt, connector: &Connector, current: bool) -> bool {
    current && attempt.connector_version == connector.application_version
}

/// The heading. The sign-in may be old.
pub(super) fn headline(attempt: &Attempt, connector: &Connector, current: bool) -> Headline {
    let same = is_of_present_settings(attempt, connector, current);
    let (class, icon, words) = if same && connector.state == ConnectorState::Verified {
        ("good", Icon::Good, WORKS)
    } else if same {
        ("warn", Icon::Warning, FAILED_SINCE)
    } else {
        ("warn", Icon::Warning, "The sign-in worked, but with old settings")
    };
    Headline { class, icon, words }
}

const WORKS: &str = "The connector works";
const FAILED_SINCE: &str = "The sign-in worked, but the connector has failed since";

#[component]
pub(super) fn Verified(
    attempt: Attempt,
    connector: Connector,
    account: String,
    missing: Vec<String>,
    headline: Headline,
    focus: bool,
    /// Whether accounts are connected through the connector already.
    has_accounts: bool,
    children: Children,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let names = connector.names();
    let provider = names.provider;
    let at = attempt.consumed_at.unwrap_or(attempt.created_at);
    let works = headline.words == WORKS;
    let same = works || headline.words == FAILED_SINCE;
    let lead = if works {
        " is verified. You signed in as "
    } else if same {
        " was verified by it, and is so no longer. You signed in as "
    } else {
        " has changed since this sign-in began, so it is not verified by it. You signed in as "
    };
    let refused = connector.state.wants_credentials();
    let outdated = (!works).then(|| {
        let (title, what) = if same || refused {
            ("The connector fails now", "The connector’s page says why, and what to do.")
        } else {
            (
                "The connector was changed since",
                "This proves the earlier settings. Sign in again to test the present ones.",
            )
        };
        view! { <Notice tone=Tone::Warn title=title><p>{what}</p></Notice> }
    });
    let next = if works {
        let label = if has_accounts { "Connect another account" } else { "Connect the first account" };
        view! {
            <div class="row">
                <a class="button primary" href=format!("/accounts/new?connector={id}")>{label}</a>
                <a class="button" href="/connectors">"Go to Connectors"</a>
                <a class="button plain" href="/connectors/new">"Add another connector"</a>
            </div>
        }
        .into_any()
    } else if refused {
        let back = format!("/connectors/{id}");
        let name = name.clone();
        view! {
            <div class="row"><a class="button primary" href=back><span>"Back to " <bdi>{name}</bdi></span></a></div>
        }
        .into_any()
    } else {
        draw_retry_buttons(id, names, name.clone())
    };
    let warning = draw_missing(&connector, &missing, works);
    let shown = name.clone();
    // The pinned values decide which permissions a sign-in proves.
    let pinned = connector.provider.read_pinned(&attempt.client_id, &attempt.pinned).ok();
    let is_checked = |scope: &str| pinned.as_ref().is_some_and(|pinned| pinned.is_checked(scope));
    let permissions = attempt
        .scopes
        .iter()
        .map(|scope| {
            let badge = if missing.contains(scope) {
                view! { <Badge tone=Tone::Warn words="Not granted (optional)" /> }.into_any()
            } else if is_checked(scope) {
                view! { <Badge tone=Tone::Good words="Granted" /> }.into_any()
            } else {
                format!("{provider} does not report this one.").into_any()
            };
            view! { <div><dt><code>{breakable(scope, '/')}</code></dt><dd>{badge}</dd></div> }
        })
        .collect_view();
    view! {
        <Head id=id name=name headline=headline focus=focus>
            <bdi>{shown}</bdi> {lead} <bdi>{account}</bdi> " on " <Moment at=at /> "."
        </Head>
        <div class="stack text">
            {outdated}
            {warning}
            <section class="card low" aria-labelledby="proved-title">
                <h2 id="proved-title">{if works { "What was proved" } else { "What was proved then" }}</h2>
                <ul class="timeline" role="list">
                    {proved(
                        format!("{provider} knows the Client ID"),
                        "It sends users back to the Redirect URI.",
                    )}
                    {proved("The Client Secret is right", format!("{provider} accepted it and gave access."))}
                    {proved("The account may sign in", "It is one of the accounts that this connector accepts.")}
                    {proved("The profile can be read", format!("{provider} said whose account it is."))}
                </ul>
            </section>
            <section class="card low" aria-labelledby="granted-title">
                <h2 id="granted-title">"Permissions"</h2>
                <dl class="facts wide-names">{permissions}</dl>
            </section>
            <p class="soft">
                {works.then_some("The connector is ready. ")} "We deleted the access from this test."
            </p>
            {next}
            {children()}
        </div>
    }
}

/// The warning about optional permissions that were not granted.
fn draw_missing(connector: &Connector, missing: &[String], works: bool) -> Option<impl IntoView + use<>> {
    let names = connector.names();
    let list = missing.join(", ");
    let (title, it, is) = match missing.len() {
        0 => return None,
        1 => (format!("One optional permission is missing: {list}"), "it", "it is"),
        count => (format!("{count} optional permissions are missing: {list}"), "them", "they are"),
    };
    let Names { console, permissions_page, administrator, approve_button, choice, .. } = names;
    let steps = format!(
        "If your software needs {it}, see that {is} listed in {console} under {permissions_page} and, where a \
         {administrator} must approve {it}, approved there by "
    );
    let steps = connector.provider.directions(&steps, &connector.client_id);
    Some(view! {
        <Notice tone=Tone::Warn title=title>
            <p>
                {works.then_some("Everything else works. ")}
                {(!choice.is_empty()).then(|| format!("{choice} "))}
                {steps}
                <strong>{*approve_button}</strong> ". Then verify again."
            </p>
        </Notice>
    })
}

fn proved(what: impl Into<String>, how: impl Into<String>) -> impl IntoView {
    let (what, how): (String, String) = (what.into(), how.into());
    view! {
        <li class="good">{Icon::Good.draw()}<div><p>{what}</p><p class="help">{how}</p></div></li>
    }
}

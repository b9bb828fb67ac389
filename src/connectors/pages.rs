//! Views of a connector that more than one page shows.

use leptos::prelude::*;
use time::Date;

use super::{
    model::{ConnectorState, EXPIRY_WARNING_DAYS, ExpiryDate},
    service::{Connector, ConnectorId},
};
use crate::{
    platform::config::doctor::Doctor,
    providers::{Field, Names, Provider, Providers, SharedProvider, provider::Fact},
    ui::{
        doctor::AddressDoctor,
        markup::Markup,
        widgets::{Copyable, Notice, Tone, write_badge},
    },
};

/// A name of each provider, joined by *or*, for a page that is not about one connector.
pub fn any_of(providers: &Providers, name: impl Fn(&Names) -> &'static str) -> String {
    let names: Vec<_> = providers.all().iter().map(|provider| name(provider.names())).collect();
    names.join(" or ")
}

/// The labels of the fields with these names.
pub fn labels_of(providers: &Providers, fields: &[String]) -> String {
    let labels: Vec<_> = fields.iter().map(|name| providers.label(&Field::of(name))).collect();
    labels.join(", ")
}

/// The Redirect URI, which the administrator enters at the provider.
#[component]
pub fn RedirectUri(
    /// Where it is entered: the provider's console.
    console: &'static str,
    /// The Redirect URI to register at the provider.
    uri: String,
    /// The result of the check of the Redirect URI.
    doctor: Doctor,
) -> impl IntoView {
    let help = format!(
        "{console} asks for this address when you register an application. All connectors use the same one."
    );
    view! {
        <section class="card low" aria-labelledby="redirect-title">
            <div>
                <h2 id="redirect-title">"Redirect URI"</h2>
                <p class="help">{help}</p>
            </div>
            <Copyable value=uri what="the Redirect URI" />
            <AddressDoctor doctor=doctor />
        </section>
    }
}

/// Writes a connector's state, in words and with an icon.
pub fn write_state(html: &mut Markup, state: ConnectorState, names: &Names) {
    match state {
        ConnectorState::NotVerified => write_badge(html, Tone::Idle, state.words(names), None),
        ConnectorState::Verified => write_badge(html, Tone::Good, state.words(names), None),
        ConnectorState::Failing(reason) => {
            write_badge(html, Tone::Bad, "Failing", Some(&reason.words(names)));
        }
    }
}

/// Writes the state of a connector whose accounts a job removes before it.
pub fn write_being_deleted(html: &mut Markup) {
    write_badge(html, Tone::Idle, "Being deleted", None);
}

/// The state of a connector, in words and with an icon.
#[component]
pub fn StateBadge(
    state: ConnectorState,
    /// The names of its provider.
    names: &'static Names,
) -> impl IntoView {
    let mut html = Markup::default();
    write_state(&mut html, state, names);
    html.into_view()
}

/// A notice for administrators that the secret of this connector expires soon or has expired.
#[component]
pub fn ExpiryNotice(
    id: ConnectorId,
    /// The last day of its secret.
    day: ExpiryDate,
    today: Date,
) -> impl IntoView {
    let days = day.days_from(today);
    let (tone, title) = match days {
        ..0 => (Tone::Bad, "The client secret has expired"),
        0..=EXPIRY_WARNING_DAYS => (Tone::Warn, "The client secret expires soon"),
        _ => return None,
    };
    let words = format!(" ({}). When a secret expires, its connector stops working. ", day.distance(today));
    Some(view! {
        <Notice tone=tone title=title>
            <p>
                "Last day: " <time datetime=day.to_string()>{day.for_people()}</time> {words}
                <a href=format!("/connectors/{id}/secret")>"Replace the client secret"</a>
            </p>
        </Notice>
    })
}

/// Writes when a secret expires: the time until then, and the date. A provider whose secrets do not expire offers no
/// period for them.
pub fn write_expiry(html: &mut Markup, provider: &dyn Provider, date: Option<ExpiryDate>, today: Date) {
    let Some(date) = date else {
        html.raw(if provider.secret_periods().is_empty() { "<p>never</p>" } else { "<p>unknown</p>" });
        return;
    };
    html.raw("<p>");
    let words = date.distance(today);
    match date.days_from(today) {
        days if days < 0 => write_badge(html, Tone::Bad, words, None),
        days if days <= EXPIRY_WARNING_DAYS => write_badge(html, Tone::Warn, words, None),
        _ => {
            html.text(words);
        }
    }
    html.raw("</p><p class=\"soft note\"><time datetime=\"").in_quotes(date).raw("\">");
    html.text(date.for_people()).raw("</time></p>");
}

/// Shows when a secret expires: the time until then, and the date.
#[component]
pub fn Expiry(
    provider: SharedProvider,
    /// The date, if it is known.
    date: Option<ExpiryDate>,
    today: Date,
) -> impl IntoView {
    let mut html = Markup::default();
    write_expiry(&mut html, &*provider, date, today);
    html.into_view()
}

/// A setting that only the provider has.
fn own_setting(fact: Fact) -> impl IntoView {
    let Fact { label, value, is_code, .. } = fact;
    let value = if is_code { view! { <code>{value}</code> }.into_any() } else { value.into_any() };
    view! { <div><dt>{label}</dt><dd>{value}</dd></div> }
}

/// The meaning of each setting, in a list that the reader opens.
fn draw_meanings(connector: &Connector, admin: bool) -> impl IntoView + use<> {
    let names = connector.names();
    let own = connector.application.facts().into_iter().map(|fact| (fact.label, fact.meaning.to_owned()));
    let secret = admin
        .then(|| ("Client Secret", "The password of the application. We never show it again.".to_owned()));
    let general = [
        Some(("Service Name", format!("Use the same name as in {}.", names.console))),
        Some(("Client ID", format!("{} recognises the application by this ID.", names.provider))),
        secret,
        Some((
            "Secret expires",
            "After this day no one can sign in until the secret is replaced.".to_owned(),
        )),
    ];
    let items = general
        .into_iter()
        .flatten()
        .chain(own)
        .chain([("API scope", "What your software may do for a user who has signed in.".to_owned())])
        .map(|(label, words)| view! { <li><strong>{label}</strong> ": " {words}</li> })
        .collect_view();
    view! {
        <details class="disclosure">
            <summary>"What do these settings mean?"</summary>
            <ul class="events" role="list">{items}</ul>
        </details>
    }
}

/// The settings of a connector.
#[component]
pub fn Settings(
    connector: Connector,
    today: Date,
    /// Whether an administrator looks.
    admin: bool,
) -> impl IntoView {
    let hint = connector.secret_hint.clone();
    let secret = admin.then(|| {
        let words = if hint.is_empty() {
            "stored encrypted".into_any()
        } else {
            view! { "begins with " <code>{hint}</code> ", stored encrypted" }.into_any()
        };
        view! { <div><dt>"Client Secret"</dt><dd>{words}</dd></div> }
    });
    let names = connector.names();
    let meanings = draw_meanings(&connector, admin);
    let own = connector.application.facts().into_iter().map(own_setting).collect_view();
    let scopes: Vec<_> = connector
        .provider
        .permissions()
        .iter()
        .filter(|permission| connector.scopes.iter().any(|scope| scope == permission.name))
        .map(|permission| {
            let calls = (!permission.calls.is_empty())
                .then(|| view! { <p class="help">{format!("In the API: {}", permission.calls)}</p> });
            view! {
                <li><code>{permission.name}</code><p class="help">{permission.allows} "."</p>{calls}</li>
            }
        })
        .collect();
    let count = match scopes.len() {
        1 => "1 permission".to_owned(),
        count => format!("{count} permissions"),
    };
    view! {
        <section class="card low" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <dl class="facts">
                <div><dt>"Service provider"</dt><dd>{names.service}</dd></div>
                <div>
                    <dt>"Service Name"</dt>
                    <dd><bdi>{connector.service_name.as_str().to_owned()}</bdi></dd>
                </div>
                <div><dt>"Client ID"</dt><dd><code>{connector.client_id.to_string()}</code></dd></div>
                {secret}
                <div>
                    <dt>"Secret expires"</dt>
                    <dd><Expiry provider=connector.provider.clone() date=connector.secret_expires_on today=today /></dd>
                </div>
                {own}
                <div>
                    <dt>"API scope"</dt>
                    <dd>
                        {count}
                        <details class="disclosure">
                            <summary>"View API scope"</summary>
                            <ul class="events" role="list">{scopes}</ul>
                        </details>
                    </dd>
                </div>
                <div>
                    <dt>"Added"</dt>
                    <dd><crate::ui::widgets::Moment at=connector.created_at /></dd>
                </div>
            </dl>
            {meanings}
        </section>
    }
}

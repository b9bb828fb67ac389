//! Views of a connector that more than one page shows.

use leptos::prelude::*;
use time::Date;

use super::{
    model::{ConnectorState, EXPIRY_WARNING_DAYS, ExpiryDate, ServiceName},
    service::{CONNECTORS_IN_BANNER, Connector, ConnectorId},
};
use crate::{
    platform::config::doctor::Doctor,
    providers::{Application, Field, Names, Providers, provider::Fact},
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
    console: String,
    /// The address.
    uri: String,
    /// The result of the check of the Redirect URI.
    doctor: Doctor,
    /// Whether it is shown in a column rather than across the page.
    #[prop(optional)]
    column: bool,
) -> impl IntoView {
    let class = if column { "card low" } else { "card low strip" };
    let help = format!(
        "Enter this address in {console} when you register your application. It is the same for all \
         connectors."
    );
    view! {
        <section class=class aria-labelledby="redirect-title">
            <div>
                <h2 id="redirect-title">"Redirect URI"</h2>
                <p class="help">{help}</p>
            </div>
            <Copyable value=uri what="the Redirect URI" />
            <AddressDoctor doctor=doctor />
        </section>
    }
}

/// Writes who may sign in, in two lines if it is one company.
pub fn write_who_may_sign_in(html: &mut Markup, application: &dyn Application) {
    match application.audience() {
        (words, Some(company)) => {
            html.raw("<p>").text(words).raw("</p><p class=\"soft note\"><code>");
            html.text(company).raw("</code></p>");
        }
        (words, None) => {
            html.text(words);
        }
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

/// A banner for administrators that names the connectors whose secret expires soon or has expired.
#[component]
pub fn ExpiryBanner(
    /// These connectors with the last day of each secret, the soonest first.
    expiring: Vec<(ConnectorId, ServiceName, ExpiryDate)>,
    today: Date,
) -> impl IntoView {
    let is_due = |date: &ExpiryDate| date.days_from(today) <= EXPIRY_WARNING_DAYS;
    let soon: Vec<_> = expiring.into_iter().filter(|(.., date)| is_due(date)).collect();
    let (.., first) = soon.first()?;
    let (tone, title) = if first.days_from(today) < 0 {
        (Tone::Bad, "A client secret has expired")
    } else {
        (Tone::Warn, "A client secret expires soon")
    };
    let more = soon.len() > CONNECTORS_IN_BANNER;
    let items = soon
        .into_iter()
        .take(CONNECTORS_IN_BANNER)
        .map(|(id, name, date)| {
            let to = format!("/connectors/{id}/secret");
            let name = name.as_str().to_owned();
            view! {
                <li>
                    <bdi>{name.clone()}</bdi> ": " {date.distance(today)} " ("
                    <time datetime=date.to_string()>{date.for_people()}</time> "). "
                    <a href=to>"Replace the secret" <span class="unseen">" of " {name}</span></a>
                </li>
            }
        })
        .collect_view();
    let all = more.then(|| view! { <p><a href="/connectors?sort=expiry">"All, soonest first"</a></p> });
    Some(view! {
        <Notice tone=tone title=title>
            <p>"After its last day no one can sign in through the connector."</p>
            <ul>{items}</ul>
            {all}
        </Notice>
    })
}

/// Writes when a secret expires: the time until then, and the date.
pub fn write_expiry(html: &mut Markup, date: Option<ExpiryDate>, today: Date) {
    let Some(date) = date else {
        html.raw("<p>unknown</p>");
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
    /// The date, if it is known.
    date: Option<ExpiryDate>,
    today: Date,
) -> impl IntoView {
    let mut html = Markup::default();
    write_expiry(&mut html, date, today);
    html.into_view()
}

/// A line that explains a setting.
fn meaning(words: impl Into<String>) -> AnyView {
    let words = words.into();
    view! { <p class="help">{words}</p> }.into_any()
}

/// A setting that only the provider has.
fn own_setting(fact: Fact) -> impl IntoView {
    let Fact { label, value, is_code, meaning: words } = fact;
    let value = if is_code { view! { <code>{value}</code> }.into_any() } else { value.into_any() };
    view! { <div><dt>{label}</dt><dd>{value}{meaning(words)}</dd></div> }
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
        view! {
            <div><dt>"Client Secret"</dt><dd>{words}{meaning("The application’s password. It is never shown again.")}</dd></div>
        }
    });
    let names = connector.names();
    let own = connector.application.facts().into_iter().map(own_setting).collect_view();
    let scopes = connector
        .provider
        .permissions()
        .iter()
        .filter(|permission| connector.scopes.iter().any(|scope| scope == permission.name))
        .map(|permission| view! { <li><code>{permission.name}</code>{meaning(permission.allows)}</li> })
        .collect_view();
    view! {
        <section class="card low" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <dl class="facts">
                <div><dt>"Service provider"</dt><dd>{names.service}</dd></div>
                <div>
                    <dt>"Service Name"</dt>
                    <dd>
                        <bdi>{connector.service_name.as_str().to_owned()}</bdi>
                        {meaning(format!("Best use the same name as in {}.", names.console))}
                    </dd>
                </div>
                <div><dt>"Client ID"</dt><dd>
                    <code>{connector.client_id.to_string()}</code>
                    {meaning(format!("{} recognises the application by this ID.", names.provider))}
                </dd></div>
                {secret}
                <div>
                    <dt>"Secret expires"</dt>
                    <dd>
                        <Expiry date=connector.secret_expires_on today=today />
                        {meaning("After this day no one can sign in until the secret is replaced.")}
                    </dd>
                </div>
                {own}
                <div>
                    <dt>"API scope"</dt>
                    <dd>
                        {meaning("What your software may do for a person who has signed in.")}
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
        </section>
    }
}

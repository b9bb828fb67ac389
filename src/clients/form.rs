//! The form of an API client, for a new and for an existing one: its name, what it may do, which accounts it reaches,
//! and under *Limits* from where, until when and how often it may call.

mod limits;

use leptos::prelude::*;
use url::form_urlencoded;

use super::{
    model::{ApiClientId, Client, ClientErrors, MAX_CONNECTORS, Network, ReachKind, TypedClient},
    words::{action_label, area_heading, danger_of, last_day, reach_words},
};
use crate::{
    connectors::service::ConnectorId,
    people::access::{AREAS, Scope, Scopes},
    platform::failure::Failure,
    ui::{
        islands::SendOnce,
        widgets::{ErrorSummary, FieldError, HelpMark, TextField},
    },
};

/// Maximum number of scopes that a form is read for. There are fewer.
const MAX_SCOPES: usize = 50;
/// The name of the hidden field with the version of the client that the form shows.
const VERSION: &str = "client_version";
/// The name of the hidden field with the one-time id of the form for a new client.
const FORM: &str = "form";
/// The fields in the order of the form, with their labels in the summary of mistakes.
const LABELS: [(&str, &str); 7] = [
    ("name", "Name"),
    ("scopes", "What it may do"),
    ("reach", "Accounts"),
    ("connectors", "Connectors"),
    ("networks", "Network addresses"),
    ("expires", "Last day"),
    ("rate", "Calls a second"),
];
const AT_ONCE: (&str, &str) = ("at_once", "Calls at the same time");
/// The fields that are behind *Limits*.
const LIMITS: [&str; 4] = ["networks", "expires", "rate", "at_once"];

/// A form as it was sent.
#[derive(Clone, Debug, Default)]
pub struct SentClient {
    pub typed: TypedClient,
    /// The version of the client that the form showed; `None` for a new client.
    pub version: Option<i64>,
    /// The one-time id of the form for a new client.
    pub form: Option<ApiClientId>,
}

impl SentClient {
    /// Reads the body of a form. Unknown fields are ignored.
    pub fn read(body: &[u8]) -> Self {
        let mut sent = Self::default();
        let typed = &mut sent.typed;
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            match &*name {
                "name" => typed.name = value,
                "scopes" if typed.scopes.len() < MAX_SCOPES => typed.scopes.push(value),
                "reach" => typed.reach = value,
                // One more than there may be, which the parser refuses.
                "connectors" if typed.connectors.len() <= MAX_CONNECTORS => {
                    typed.connectors.push(value);
                }
                "networks" => typed.networks = value,
                "expires" => typed.expires = value,
                "rate" => typed.rate = value,
                "at_once" => typed.at_once = value,
                VERSION => sent.version = value.parse().ok(),
                FORM => sent.form = value.parse().ok(),
                _ => {}
            }
        }
        sent
    }
}

/// What the form suggests for a new client: to read everything of all accounts.
pub fn suggested() -> TypedClient {
    let reading =
        Scopes::ordinary().iter().filter(|scope| action_label(*scope) == "Read").collect::<Vec<_>>();
    TypedClient {
        scopes: reading.into_iter().map(|scope| scope.name().to_owned()).collect(),
        reach: ReachKind::All.name().to_owned(),
        ..TypedClient::default()
    }
}

/// An existing client as its form shows it.
pub fn typed_of(client: &Client, connectors: &[ConnectorId]) -> TypedClient {
    TypedClient {
        name: client.name.clone(),
        scopes: client.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        reach: client.reach.name().to_owned(),
        connectors: connectors.iter().map(ToString::to_string).collect(),
        networks: Network::join(&client.networks),
        expires: last_day(client),
        rate: client.rate.to_string(),
        at_once: client.at_once.to_string(),
    }
}

/// The form with its values and mistakes.
#[derive(Clone, Debug)]
pub struct ClientFormView {
    /// The address to which it posts.
    pub action: String,
    pub typed: TypedClient,
    pub errors: ClientErrors,
    pub version: Option<i64>,
    /// The one-time id of the form for a new client: the id that the client gets.
    pub form: Option<ApiClientId>,
    /// The connectors that it offers, by name.
    pub connectors: Vec<(ConnectorId, String)>,
    /// The text of the button that sends it.
    pub button: &'static str,
    /// The address to which *Cancel* leads.
    pub cancel: String,
}

impl ClientFormView {
    fn error(&self, field: &str) -> Option<String> {
        let found = self.errors.iter().find(|(name, _)| *name == field);
        found.map(|(_, words)| (*words).to_owned())
    }

    fn is_chosen(&self, scope: Scope) -> bool {
        self.typed.scopes.iter().any(|name| name == scope.name())
    }

    /// The mistakes above the form, each a link to its field.
    pub fn summary(&self) -> Option<impl IntoView + use<>> {
        let fields = LABELS.into_iter().chain([AT_ONCE]);
        let fields: Vec<_> = fields.filter(|(field, _)| self.error(field).is_some()).collect();
        (!fields.is_empty()).then(|| view! { <ErrorSummary fields=fields /> })
    }
}

/// The offered connectors, with those of the client that are not among them.
pub fn with_chosen(
    mut offered: Vec<(ConnectorId, String)>,
    chosen: impl IntoIterator<Item = (ConnectorId, String)>,
) -> Vec<(ConnectorId, String)> {
    for (id, name) in chosen {
        if !offered.iter().any(|(other, _)| *other == id) {
            offered.push((id, name));
        }
    }
    offered
}

#[component]
pub fn ClientForm(model: ClientFormView) -> impl IntoView {
    let version =
        model.version.map(|version| view! { <input type="hidden" name=VERSION value=version.to_string() /> });
    let form = model.form.map(|form| view! { <input type="hidden" name=FORM value=form.to_string() /> });
    let limits_are_wrong = LIMITS.iter().any(|field| model.error(field).is_some());
    let has_limits = !model.typed.networks.is_empty() || !model.typed.expires.is_empty();
    view! {
        <SendOnce><form class="card low alone" method="post" action=model.action.clone()>
            {version}
            {form}
            <div class="fields">
                <TextField
                    name="name"
                    label="Name"
                    help="The name of your program. Logs and activity show it."
                    value=model.typed.name.clone()
                    error=model.error("name")
                    required=false
                />
                {draw_scopes(&model)}
                {draw_reach(&model)}
                <details class="disclosure" open={limits_are_wrong || has_limits}>
                    <summary>"Limits: addresses, last day, number of calls"</summary>
                    <div class="fields">{limits::draw(&model)}</div>
                </details>
            </div>
            <div class="row">
                <button class="button primary">{model.button}</button>
                <a class="button plain" href=model.cancel.clone()>"Cancel"</a>
            </div>
        </form></SendOnce>
    }
}

fn draw_scopes(model: &ClientFormView) -> impl IntoView + use<> {
    let areas = AREAS.map(|area| {
        let heading = area_heading(area);
        let id = format!("scopes-{area}");
        let boxes = Scope::EVERY
            .iter()
            .copied()
            .filter(|scope| scope.area() == area)
            .map(|scope| {
                view! {
                    <label>
                        <input type="checkbox" name="scopes" value=scope.name() checked=model.is_chosen(scope) />
                        " "
                        {action_label(scope)}
                    </label>
                }
            })
            .collect_view();
        view! {
            <li>
                <span id=id.clone()>{heading}</span>
                <div class="row" role="group" aria-labelledby=id>{boxes}</div>
            </li>
        }
    });
    let dangers = Scope::EVERY
        .iter()
        .copied()
        .filter_map(|scope| Some((scope, danger_of(scope)?)))
        .map(|(scope, (what, gives))| {
            view! {
                <li class="choice">
                    <label>
                        <input type="checkbox" name="scopes" value=scope.name() checked=model.is_chosen(scope) />
                        <span>{what} " " <span class="help">{gives}</span></span>
                    </label>
                </li>
            }
        })
        .collect_view();
    let names = Scopes::ordinary().names();
    let names = names.into_iter().chain([Scope::TokensRead, Scope::ProxyAll].map(|scope| scope.to_string()));
    let names = names.map(|name| view! { <li><code>{name}</code></li> }).collect_view();
    let is_open = [Scope::TokensRead, Scope::ProxyAll].into_iter().any(|scope| model.is_chosen(scope));
    view! {
        <fieldset class="field" id="scopes" aria-describedby="scopes-error">
            <legend>"What may it do?"</legend>
            <HelpMark
                label="What may it do?"
                words="The calls of the API that the program may use. It can do nothing that the owner of a mailbox has \
                       not allowed. Choose only what it needs."
            />
            <ul class="scopes" role="list">{areas.collect_view()}</ul>
            <FieldError id={"scopes-error".to_owned()} error=model.error("scopes") />
            <details class="disclosure" open=is_open>
                <summary>"Direct access to the provider"</summary>
                <ul class="choices" role="list" aria-label="Direct access">{dangers}</ul>
            </details>
            <details class="disclosure">
                <summary>"Names in the API"</summary>
                <ul class="list">{names}</ul>
            </details>
        </fieldset>
    }
}

fn draw_reach(model: &ClientFormView) -> impl IntoView + use<> {
    let connectors = model
        .connectors
        .iter()
        .map(|(id, name)| {
            let id = id.to_string();
            let checked = model.typed.connectors.contains(&id);
            view! {
                <li>
                    <label>
                        <input type="checkbox" name="connectors" value=id checked=checked />
                        " "
                        <bdi>{name.clone()}</bdi>
                    </label>
                </li>
            }
        })
        .collect_view();
    let none =
        model.connectors.is_empty().then(|| view! { <p class="soft">"There is no connector yet."</p> });
    let mut more = Some(view! {
        <div class="more" id="connectors" role="group" aria-label="Connectors" aria-describedby="connectors-error">
            {none}
            <ul class="ticks" role="list">{connectors}</ul>
            <FieldError id={"connectors-error".to_owned()} error=model.error("connectors") />
        </div>
    });
    let choices = [
        (ReachKind::All, "Also those that will be connected later."),
        (ReachKind::Connectors, "Mailboxes that are connected through these connectors."),
        (ReachKind::Connected, "Mailboxes that people connect with links that this program makes."),
    ]
    .map(|(reach, meaning)| {
        let more = (reach == ReachKind::Connectors).then(|| more.take()).flatten();
        view! {
            <div class="choice">
                <label>
                    <input
                        type="radio"
                        name="reach"
                        value=reach.name()
                        checked={model.typed.reach == reach.name()}
                    />
                    <span>{reach_words(reach)} " " <span class="help">{meaning}</span></span>
                </label>
                {more}
            </div>
        }
    });
    view! {
        <fieldset class="field" id="reach" aria-describedby="reach-error">
            <legend>"Which accounts does it reach?"</legend>
            <div class="choices">{choices.collect_view()}</div>
            <FieldError id={"reach-error".to_owned()} error=model.error("reach") />
        </fieldset>
    }
}

/// The id of a client in an address.
pub fn parse_id(id: &str) -> Result<ApiClientId, Failure> {
    id.parse().map_err(|_| Failure::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_all_its_boxes_and_not_without_limit() {
        let sent = SentClient::read(
            b"name=CRM+%26+more&scopes=MailApps.messages.READ&scopes=MailApps.contacts.READ&reach=connectors\
              &connectors=a&connectors=b&networks=192.0.2.0%2F24&expires=2028-11-23&rate=7&at_once=&other=x\
              &client_version=3&form=00000000-0000-0000-0000-000000000007",
        );
        let SentClient { typed, version, form } = sent;
        assert_eq!(form.map(|form| form.0.as_u128()), Some(7));
        assert_eq!((typed.name.as_str(), version), ("CRM & more", Some(3)));
        assert_eq!(typed.scopes, ["MailApps.messages.READ", "MailApps.contacts.READ"]);
        assert_eq!((typed.reach.as_str(), typed.connectors.len()), ("connectors", 2));
        assert_eq!((typed.networks.as_str(), typed.rate.as_str()), ("192.0.2.0/24", "7"));
        let many = "scopes=x&connectors=y&".repeat(1_000);
        let typed = SentClient::read(many.as_bytes()).typed;
        assert_eq!((typed.scopes.len(), typed.connectors.len()), (MAX_SCOPES, 101));
        assert!(SentClient::read(b"\xff%zz").typed.name.is_empty());
    }

    #[test]
    fn a_new_client_is_suggested_to_read_everything_and_to_change_nothing() {
        let typed = TypedClient { name: "CRM".to_owned(), ..suggested() };
        let parsed = typed.parse().expect("a client");
        assert_eq!(parsed.scopes.iter().count(), AREAS.len());
        assert!(!parsed.scopes.has_far_reaching() && parsed.reach_kind() == ReachKind::All);
    }
}

//! `/settings/api-access/{id}`: an API client with what it may do, its credentials and its newest calls, and what an
//! administrator does there. It is in `app` because it joins clients, connectors, accounts and users.

mod credentials;
mod parts;

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use axum::{
    Extension,
    extract::{FromRef, FromRequestParts, Path, RawForm, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, request::Parts};
use leptos::prelude::*;

use self::{
    credentials::{ApiKeys, ForMail360},
    parts::{End, MayDo, Settings},
};
use super::{
    activity_page::address_about,
    calls_page::{CallLines, CallNames, accounts_of, address_of_client},
};
use crate::{
    accounts::service::AccountService,
    clients::{
        calls::{CallEntry, CallFilter, Calls},
        form::parse_id,
        list_page::{HERE, TITLE},
        make_form::{MakeForm, NotShownAgain},
        model::{ClientDetails, CredentialId, CredentialKind},
        new_secret::NewSecretView,
        service::{ClientService, NotMade},
    },
    connectors::service::{ConnectorId, ConnectorService},
    people::access::{Admin, Member, Scopes},
    platform::{clock::Timestamp, config::Config, failure::Failure, id::ApiClientId, page::Page},
    ui::widgets::{Back, FocusedNotice, Tone},
};

/// Number of calls that the page shows.
const MAX_CALLS: usize = 10;

/// Why a form of the page made no credential.
enum Refused {
    /// The client has got another credential of this kind since the form was shown, nearly always by the same form. The
    /// names are those of the scopes that the form sent.
    Repeated(CredentialKind, Vec<String>),
    Words(&'static str),
}

/// What the page works with.
pub struct Services {
    clients: ClientService,
    connectors: ConnectorService,
    accounts: AccountService,
    calls: Calls,
}

impl<S> FromRequestParts<S> for Services
where
    S: Sync,
    ClientService: FromRef<S>,
    ConnectorService: FromRef<S>,
    AccountService: FromRef<S>,
    Calls: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            clients: ClientService::from_ref(state),
            connectors: ConnectorService::from_ref(state),
            accounts: AccountService::from_ref(state),
            calls: Calls::from_ref(state),
        })
    }
}

impl Services {
    async fn page(&self, admin: &Admin, id: ApiClientId, refused: Option<Refused>) -> Result<Page, Failure> {
        let details = self.clients.get(admin, id).await?;
        let found = self.connectors.find_choices(&admin.caller(), &details.connectors).await?;
        let mut connectors: Vec<(ConnectorId, String)> =
            found.into_values().map(|connector| (connector.id, connector.service_name)).collect();
        connectors.sort_by(|(_, one), (_, other)| one.cmp(other));
        let filter = CallFilter { client: Some(id), ..CallFilter::default() };
        let entries = self.calls.newest(admin, filter, None, MAX_CALLS).await?;
        let accounts = self.accounts.emails(admin, &accounts_of(&entries)).await?;
        let names = CallNames { clients: HashMap::new(), accounts };
        let model = ClientView { details, connectors, entries, names, refused, now: self.calls.now() };
        let name = &model.details.client.name;
        let (status, title) = match model.refused {
            None => (StatusCode::OK, name.clone()),
            Some(_) => (StatusCode::CONFLICT, format!("Error: {name}")),
        };
        Ok(Page::new(title, move || view! { <ClientPage model=model /> }.into_any()).with_status(status))
    }
}

/// `GET /settings/api-access/{id}`.
pub async fn show(
    services: Services,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    services.page(&member.admin()?, parse_id(&id)?, None).await
}

/// `POST /settings/api-access/{id}/credentials`. The page of the answer shows the secret once.
pub async fn make(
    services: Services,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Page, Failure> {
    let (id, admin) = (parse_id(&id)?, member.admin()?.reauthenticated()?);
    let details = services.clients.get(&admin, id).await?;
    let form = MakeForm::read(&body);
    let (kind, seen) = (form.kind()?, form.seen()?);
    // A name that is no scope leaves the set empty, which is refused in words.
    let scopes = Scopes::parse(&form.scopes.join(" ")).unwrap_or_default();
    let scopes = (kind == CredentialKind::RefreshToken).then_some(scopes);
    let names = scopes.as_ref().map(Scopes::names).unwrap_or_default();
    match services.clients.make_credential_of_form(&admin, id, kind, scopes, &seen).await? {
        Ok(new) => {
            let name = details.client.name;
            Ok(NewSecretView { client: id, name, new, api: config.public_url.join("/api") }.page())
        }
        Err(not_made) => {
            let refused = match not_made {
                NotMade::Outdated => Refused::Repeated(kind, names),
                NotMade::Words(words) => Refused::Words(words),
            };
            services.page(&admin, id, Some(refused)).await
        }
    }
}

/// `POST /settings/api-access/{id}/credentials/{credential}/remove`.
pub async fn remove(
    State(clients): State<ClientService>,
    Extension(member): Extension<Member>,
    Path((id, credential)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    let id = parse_id(&id)?;
    let credential: CredentialId = credential.parse().map_err(|_| Failure::NotFound)?;
    clients.remove_credential(&member.admin()?, id, credential).await?;
    Ok(Redirect::to(&format!("{HERE}/{id}")))
}

/// `POST /settings/api-access/{id}/revoke`.
pub async fn revoke(
    State(clients): State<ClientService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse_id(&id)?;
    clients.revoke_everything(&member.admin()?, id).await?;
    Ok(Redirect::to(&format!("{HERE}/{id}")))
}

/// `POST /settings/api-access/{id}/delete`.
pub async fn delete(
    State(clients): State<ClientService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id)?;
    clients.delete(&member.admin()?.reauthenticated()?, id).await?;
    Ok(Redirect::to(HERE).into_response())
}

struct ClientView {
    details: ClientDetails,
    /// The connectors of its reach, by name.
    connectors: Vec<(ConnectorId, String)>,
    entries: Vec<CallEntry>,
    names: CallNames,
    refused: Option<Refused>,
    now: Timestamp,
}

#[component]
fn ClientPage(model: ClientView) -> impl IntoView {
    let ClientView { details, connectors, entries, names, refused, now } = model;
    let ClientDetails { client, credentials, maker, .. } = details;
    let (id, name) = (client.id, client.name.clone());
    let here = format!("{HERE}/{id}");
    let refused = refused.map(|refused| match refused {
        Refused::Repeated(kind, scopes) => {
            let credentials = credentials.clone();
            view! { <NotShownAgain client=id kind=kind credentials=credentials scopes=scopes /> }.into_any()
        }
        Refused::Words(words) => view! {
            <FocusedNotice tone=Tone::Warn title="Nothing was made">
                <p>{words}</p>
            </FocusedNotice>
        }
        .into_any(),
    });
    let calls = if entries.is_empty() {
        view! { <p class="soft">"It has not called the API in the last 7 days."</p> }.into_any()
    } else {
        let names = &names;
        view! {
            <CallLines entries=entries names=names with_client=false />
            <a href=address_of_client(id)>"All calls of this client"</a>
        }
        .into_any()
    };
    view! {
        <div class="head">
            <div>
                <Back to=HERE what=TITLE />
                <h1><bdi>{name}</bdi></h1>
            </div>
            <div class="row"><a class="button" href=format!("{here}/edit")>"Edit"</a></div>
        </div>
        {refused}
        <div class="beside">
            <div class="stack">
                <MayDo client=client.clone() />
                <Settings client=client.clone() connectors=connectors maker=maker now=now />
                <ApiKeys client=client.clone() credentials=credentials.clone() />
                <ForMail360 client=client.clone() credentials=credentials />
                <End client=client />
            </div>
            <section class="stack" aria-labelledby="calls-title">
                <h2 id="calls-title">"API calls"</h2>
                {calls}
                <a href=address_about(id)>"All activity about this client"</a>
            </section>
        </div>
    }
}

//! `/settings/api-access/new`: adds an API client. The page of the answer shows its first key once.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawForm, State},
};
use http::StatusCode;
use leptos::prelude::*;

use super::{
    form::{ClientForm, ClientFormView, SentClient, suggested},
    list_page::{HERE, TITLE},
    make_form::NotShownAgain,
    model::{ApiClientId, ClientDetails, ClientErrors, CredentialKind, TypedClient},
    new_secret::NewSecretView,
    service::{Added, ClientService, NewClient},
};
use crate::{
    connectors::service::ConnectorService,
    people::access::{Admin, Member},
    platform::{config::Config, failure::Failure, page::Page},
    ui::widgets::Back,
};

const ADD: &str = "Add API client";

/// `GET /settings/api-access/new`.
pub async fn show(
    State(clients): State<ClientService>,
    State(connectors): State<ConnectorService>,
    Extension(member): Extension<Member>,
) -> Result<Page, Failure> {
    draw(&connectors, &member.admin()?, clients.new_id(), suggested(), ClientErrors::new()).await
}

/// `POST /settings/api-access/new`.
pub async fn add(
    State(clients): State<ClientService>,
    State(connectors): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    RawForm(body): RawForm,
) -> Result<Page, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let SentClient { typed, form, .. } = SentClient::read(&body);
    let form = form.unwrap_or_else(|| clients.new_id());
    match clients.add_of_form(&admin, form, &typed).await? {
        Ok(Added::New(NewClient { id, name, key })) => {
            Ok(NewSecretView { client: id, name, new: key, api: config.public_url.join("/api") }.page())
        }
        Ok(Added::Before(id)) => Ok(added_before(clients.get(&admin, id).await?)),
        Err(errors) => {
            let page = draw(&connectors, &admin, form, typed, errors).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY))
        }
    }
}

/// The page of a form that was sent a second time, as a reload does: it has neither the key nor the form.
fn added_before(details: ClientDetails) -> Page {
    let ClientDetails { client, credentials, .. } = details;
    let page = Page::new("The key is not shown again", move || {
        view! {
            <div class="head">
                <div>
                    <Back to=HERE what=TITLE />
                    <h1>{ADD}</h1>
                </div>
            </div>
            <NotShownAgain
                client=client.id
                kind=CredentialKind::ApiKey
                credentials=credentials
                open=client.name
            />
        }
        .into_any()
    });
    page.with_status(StatusCode::CONFLICT)
}

async fn draw(
    connectors: &ConnectorService,
    admin: &Admin,
    form: ApiClientId,
    typed: TypedClient,
    errors: ClientErrors,
) -> Result<Page, Failure> {
    let offered = connectors.choices(&admin.caller(), false).await?.connectors;
    let offered = offered.into_iter().map(|connector| (connector.id, connector.service_name)).collect();
    let title = if errors.is_empty() { ADD.to_owned() } else { format!("Error: {ADD}") };
    let form = ClientFormView {
        action: format!("{HERE}/new"),
        typed,
        errors,
        version: None,
        form: Some(form),
        connectors: offered,
        button: ADD,
        cancel: HERE.to_owned(),
    };
    Ok(Page::new(title, move || {
        view! {
            <div class="head">
                <div>
                    <Back to=HERE what=TITLE />
                    <h1>{ADD}</h1>
                    <p class="soft">"The next page shows the program’s key, once."</p>
                </div>
            </div>
            {form.summary()}
            <ClientForm model=form.clone() />
        }
        .into_any()
    }))
}

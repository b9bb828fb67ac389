//! `/settings/api-access/{id}/edit`: changes an API client. Its credentials stay.

use std::collections::HashMap;

use axum::{
    Extension,
    extract::{Path, RawForm, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;

use super::{
    form::{ClientForm, ClientFormView, SentClient, parse_id, typed_of, with_chosen},
    list_page::HERE,
    model::{ClientDetails, ClientErrors, TypedClient},
    service::ClientService,
};
use crate::{
    connectors::service::{ConnectorChoice, ConnectorId, ConnectorService},
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
    ui::widgets::Back,
};

/// `GET /settings/api-access/{id}/edit`.
pub async fn show(
    State(clients): State<ClientService>,
    State(connectors): State<ConnectorService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let details = clients.get(&admin, parse_id(&id)?).await?;
    let typed = typed_of(&details.client, &details.connectors);
    let version = details.client.version;
    draw(&connectors, &admin, details, typed, version, ClientErrors::new()).await
}

/// `POST /settings/api-access/{id}/edit`.
pub async fn change(
    State(clients): State<ClientService>,
    State(connectors): State<ConnectorService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Response, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let details = clients.get(&admin, parse_id(&id)?).await?;
    let (id, SentClient { typed, version, .. }) = (details.client.id, SentClient::read(&body));
    // A form without a version is of no version of the client, so it changes nothing.
    let version = version.unwrap_or_default();
    match clients.change(&admin, id, version, &typed).await? {
        Ok(()) => Ok(Redirect::to(&format!("{HERE}/{id}")).into_response()),
        Err(errors) => {
            let page = draw(&connectors, &admin, details, typed, version, errors).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn draw(
    connectors: &ConnectorService,
    admin: &Admin,
    details: ClientDetails,
    typed: TypedClient,
    version: i64,
    errors: ClientErrors,
) -> Result<Page, Failure> {
    let caller = admin.caller();
    let offered = connectors.choices(&caller, false).await?.connectors;
    let offered = offered.into_iter().map(|connector| (connector.id, connector.service_name)).collect();
    let chosen: HashMap<ConnectorId, ConnectorChoice> =
        connectors.find_choices(&caller, &details.connectors).await?;
    let chosen = chosen.into_values().map(|connector| (connector.id, connector.service_name));
    let (name, here) = (details.client.name, format!("{HERE}/{}", details.client.id));
    let title = format!("Edit {name}");
    let title = if errors.is_empty() { title } else { format!("Error: {title}") };
    let form = ClientFormView {
        action: format!("{here}/edit"),
        typed,
        errors,
        version: Some(version),
        form: None,
        connectors: with_chosen(offered, chosen),
        button: "Save",
        cancel: here.clone(),
    };
    Ok(Page::new(title, move || {
        view! {
            <div class="head">
                <div>
                    <Back to=here.clone() what=name.clone() />
                    <h1>"Edit " <bdi>{name.clone()}</bdi></h1>
                    <p class="soft">"Its keys stay. A change counts within 10 seconds."</p>
                </div>
            </div>
            {form.summary()}
            <ClientForm model=form.clone() />
        }
        .into_any()
    }))
}

//! `/connectors/{id}/delete`: says what stops working if a connector is deleted, and asks the user to confirm.

use axum::{
    Extension,
    extract::{Path, State},
};
use leptos::prelude::*;

use super::{
    actions::DELETE,
    draft::OWNER,
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    people::access::Member,
    platform::{failure::Failure, page::Page},
    ui::{islands::SendOnce, widgets::Back},
};

/// `GET /connectors/{id}/delete`.
pub async fn show(
    State(service): State<ConnectorService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = service.get(&admin.caller(), id).await?;
    let owner = service.seal_owner(&admin)?;
    let title = format!("Delete {}?", connector.service_name.as_str());
    Ok(Page::new(title, move || {
        view! { <DeletePage connector=connector.clone() owner=owner.clone() /> }.into_any()
    }))
}

#[component]
fn DeletePage(connector: Connector, owner: String) -> impl IntoView {
    let here = format!("/connectors/{}", connector.id);
    let name = connector.service_name.as_str().to_owned();
    let console = connector.names().console;
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=name.clone() />
                <h1>"Delete " <bdi>{name}</bdi> "?"</h1>
            </div>
        </div>
        <section class="card low alone" aria-labelledby="breaks-title">
            <h2 id="breaks-title">"What this breaks"</h2>
            <ul class="list">
                <li>"No one can sign in with it. Sign-ins in progress fail."</li>
                <li>
                    {format!(
                        "Its settings, its client secret and its sign-ins are erased. {console} does not show the secret \
                         again: to add the connector again, you need a new secret."
                    )}
                </li>
                <li>"The activity keeps its name and shows that you deleted it."</li>
                <li>{format!("The application in {console} stays as it is.")}</li>
            </ul>
            <SendOnce><form class="row" method="post" action=DELETE>
                <input type="hidden" name="connector" value=connector.id.to_string() />
                <input type="hidden" name=OWNER value=owner />
                <button class="button danger final">"Delete the connector"</button>
                <a class="button plain" href=here>"Cancel"</a>
            </form></SendOnce>
        </section>
    }
}

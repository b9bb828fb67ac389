//! A connector's page: its settings from one feature, its sign-ins from another; hence it stands above
//! both.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use http::HeaderMap;
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use crate::{
    connectors::{
        pages::{RedirectUri, Settings},
        said::Said,
        service::{Connector, ConnectorId, ConnectorService},
    },
    oauth::{
        pages::{SignInList, StateCard, VerifyButton},
        service::{Attempt, Progress, SignIns},
    },
    people::access::Member,
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        page::Page,
    },
    ui::widgets::{Back, Notice, Tone},
};

/// `GET /connectors/{id}`.
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    session: Session,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let connector = connectors.get(&member, id).await?;
    let sign_ins = match member.clone().admin() {
        Ok(admin) => Some(sign_ins.of_connector(&admin, id).await?),
        // A viewer sees the settings alone.
        Err(_) => None,
    };
    let model = ConnectorView {
        title: connector.service_name.as_str().to_owned(),
        connector,
        sign_ins,
        added: Said::take(&session, id).await?,
        today: connectors.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor: Doctor::new(&config.public_url, &headers),
        member,
    };
    Ok(Page::new(model.title.clone(), move || view! { <ConnectorPage model=model.clone() /> }.into_any()))
}

#[derive(Clone)]
struct ConnectorView {
    title: String,
    connector: Connector,
    sign_ins: Option<Vec<(Attempt, Progress)>>,
    added: Option<Said>,
    today: Date,
    redirect_uri: String,
    doctor: Doctor,
    member: Member,
}

#[component]
fn ConnectorPage(model: ConnectorView) -> impl IntoView {
    let ConnectorView { title, connector, sign_ins, added, today, redirect_uri, doctor, member } = model;
    let admin = member.is_admin();
    let just_added = added.is_some();
    let id = connector.id;
    let notice = added.map(|added| {
        let warning = added.warning.map(|words| {
            view! { <Notice tone=Tone::Warn title="Look at the client secret"><p>{words}</p></Notice> }
        });
        view! {
            <Notice
                tone=Tone::Good
                title="The Microsoft connector has been successfully added to Mail360"
            >
                <p>
                    "Next, prove that it works: sign in with Microsoft once. Nothing is read from your \
                     mailbox, and the access is thrown away afterwards."
                </p>
                <div class="row"><VerifyButton id=id /></div>
            </Notice>
            {warning}
        }
    });
    let sign_ins = sign_ins.map(|sign_ins| view! { <SignInList sign_ins=sign_ins viewer=member.user() /> });
    view! {
        <div class="head">
            <div>
                <Back to="/connectors" what="Connectors" />
                <div class="row title">
                    <img class="sign" src="/outlook.svg" alt="Outlook" width="32" height="32" />
                    <h1><bdi>{title}</bdi></h1>
                </div>
            </div>
        </div>
        {notice}
        <div class="beside">
            <div class="stack">
                <StateCard connector=connector.clone() admin=admin button_elsewhere=just_added />
                <Settings connector=connector today=today admin=admin />
                <RedirectUri uri=redirect_uri doctor=doctor column=true />
            </div>
            {sign_ins}
        </div>
    }
}

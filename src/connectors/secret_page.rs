//! `/connectors/{id}/secret`: the form that replaces the stored secret.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use super::{
    actions::REPLACE_SECRET,
    draft::{Draft, InBrowser, Interruption, OWNER, Target},
    form::{Expires, mark},
    guide::{
        NewSecret,
        portal::{Page as PortalPage, Portal},
    },
    islands::CheckedForm,
    model::{EXPIRES_IN, Field, MONTHS},
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    people::access::Member,
    platform::{config::Config, failure::Failure, page::Page},
    ui::widgets::{Back, ErrorSummary, FieldKind, Notice, TextField, Tone},
};

/// `GET /connectors/{id}/secret`.
pub async fn show(
    State(service): State<ConnectorService>,
    State(config): State<Arc<Config>>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    kept: InBrowser,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?.reauthenticated()?;
    let connector = service.get(&admin, id).await?;
    let target = Target::Secret { connector: id, version: connector.version };
    let kept = Draft::find(&session, kept, &admin, &target.path(), service.now()).await?;
    let draft = kept.map(|kept| kept.take_apart().0);
    let [longest, ..] = MONTHS;
    let fresh =
        || Draft { values: [(EXPIRES_IN.to_owned(), longest.to_string())].into(), ..Draft::empty(target) };
    let draft = draft.unwrap_or_else(fresh);
    // The page says that another administrator changed the connector, so its form may replace that version.
    let draft =
        if draft.interruption == Some(Interruption::Changed) { Draft { target, ..draft } } else { draft };
    let owner = service.seal_owner(&admin)?;
    let portal = Portal::of(&config.microsoft);
    let model = SecretView { connector, draft, owner, today: service.today(), portal };
    Ok(Page::new("Replace the secret", move || view! { <SecretPage model=model.clone() /> }.into_any()))
}

#[derive(Clone)]
struct SecretView {
    connector: Connector,
    draft: Draft,
    owner: String,
    today: Date,
    portal: Portal,
}

#[component]
fn SecretPage(model: SecretView) -> impl IntoView {
    let SecretView { connector, draft, owner, today, portal } = model;
    let version = match draft.target {
        Target::Secret { version, .. } | Target::Edit { version, .. } => version,
        Target::Add { .. } => connector.version,
    };
    let here = format!("/connectors/{}", connector.id);
    let client_id = connector.client_id.to_string();
    let wrong = draft.wrong();
    let summary = (!wrong.is_empty()).then(|| {
        view! { <ErrorSummary fields=wrong more="Nothing was replaced. The secret is not kept: enter it." /> }
    });
    let (back, credentials) = (here.clone(), portal.page(PortalPage::Credentials, Some(&client_id)));
    let changed = (draft.interruption == Some(Interruption::Changed)).then(|| {
        view! {
            <Notice tone=Tone::Warn title="Somebody else changed this connector in the meantime">
                <p>
                    "Nothing was replaced yet. " <a href=back>"Look at it"</a>
                    ", and enter the new secret again if it is still the right one."
                </p>
            </Notice>
        }
    });
    let first = draft.errors.first().map(|(field, _)| *field);
    let error = draft.error(Field::ClientSecret);
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=connector.service_name.as_str().to_owned() />
                <h1>"Replace the secret"</h1>
                <p class="soft">
                    "Everything else stays. Until somebody has signed in once more the connector is not verified."
                </p>
            </div>
        </div>
        {summary}
        {changed}
        <div class="beside">
            <CheckedForm>
                <form class="card" method="post" action=REPLACE_SECRET>
                    <input type="hidden" name="connector" value=connector.id.to_string() />
                    <input type="hidden" name="version" value=version.to_string() />
                    <input type="hidden" name=OWNER value=owner />
                    // The check that the secret is not the Client ID reads this field.
                    <input type="hidden" id=Field::ClientId.name() value=client_id />
                    <div class="fields">
                        <TextField
                            name=Field::ClientSecret.name()
                            label=Field::ClientSecret.label()
                            help="From the column Value, not Secret ID. It is stored encrypted and never shown again."
                            mark=Some(mark(Field::ClientSecret))
                            kind=FieldKind::SecretCode
                            autocomplete="new-password"
                            error=error
                            focus={first != Some(Field::SecretExpires)}
                            required=false
                        />
                        <Expires draft=draft today=today focus={first == Some(Field::SecretExpires)} />
                    </div>
                    <div class="row">
                        <button class="button primary">"Replace the secret"</button>
                        <a class="button plain" href=here>"Cancel"</a>
                    </div>
                </form>
            </CheckedForm>
            <section class="guide" aria-labelledby="guide-title">
                <h2 id="guide-title">"Making a new secret"</h2>
                <NewSecret at=credentials />
                <p class="help">
                    "The old secret works in Azure until it expires or is deleted there: delete it once the \
                     connector is verified with the new one."
                </p>
            </section>
        </div>
    }
}

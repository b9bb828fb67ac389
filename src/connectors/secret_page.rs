//! `/connectors/{id}/secret`: the form that replaces the stored secret.

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
    form::Expires,
    islands::CheckedForm,
    model::{EXPIRES_IN, Field},
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    people::access::Member,
    platform::{failure::Failure, page::Page},
    providers::Providers,
    ui::widgets::{Back, ErrorSummary, FieldKind, Notice, TextField, Tone},
};

/// `GET /connectors/{id}/secret`.
pub async fn show(
    State(service): State<ConnectorService>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
    kept: InBrowser,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?.reauthenticated()?;
    let connector = service.get(&admin.caller(), id).await?;
    let target = Target::Secret { connector: id, version: connector.version };
    let kept = Draft::find(&session, kept, &admin, &target.path(), service.now(), &providers).await?;
    let draft = kept.map(|kept| kept.take_apart().0);
    let longest = connector.provider.secret_periods().first();
    let longest = longest.map(|months| (EXPIRES_IN.to_owned(), months.to_string()));
    let draft =
        draft.unwrap_or_else(|| Draft { values: longest.into_iter().collect(), ..Draft::empty(target) });
    // The page says that another administrator changed the connector, so its form may replace that version.
    let draft =
        if draft.interruption == Some(Interruption::Changed) { Draft { target, ..draft } } else { draft };
    let owner = service.seal_owner(&admin)?;
    let model = SecretView { connector, draft, owner, today: service.today(), providers };
    Ok(Page::new("Replace the secret", move || view! { <SecretPage model=model.clone() /> }.into_any()))
}

#[derive(Clone)]
struct SecretView {
    connector: Connector,
    draft: Draft,
    owner: String,
    today: Date,
    providers: Providers,
}

#[component]
fn SecretPage(model: SecretView) -> impl IntoView {
    let SecretView { connector, draft, owner, today, providers } = model;
    let version = match draft.target {
        Target::Secret { version, .. } | Target::Edit { version, .. } => version,
        Target::Add { .. } => connector.version,
    };
    let here = format!("/connectors/{}", connector.id);
    let provider = connector.provider.clone();
    let secret = provider.help(&Field::ClientSecret);
    let old = format!(
        "The old secret works in {} until it expires or is deleted there. Delete the old secret after the connector \
         was verified with the new one.",
        provider.names().console
    );
    let steps = provider.new_secret(&connector.client_id);
    let wrong = draft.wrong(&providers);
    let summary = (!wrong.is_empty()).then(|| {
        view! { <ErrorSummary fields=wrong more="Nothing was replaced. The secret is not kept: enter it." /> }
    });
    let back = here.clone();
    let changed = (draft.interruption == Some(Interruption::Changed)).then(|| {
        view! {
            <Notice tone=Tone::Warn title="Another user changed this connector in the meantime">
                <p>
                    "Nothing was replaced yet. " <a href=back>"Look at it"</a>
                    ", and enter the new secret again if it is still the right one."
                </p>
            </Notice>
        }
    });
    let is_expiry_first = matches!(draft.errors.first(), Some((Field::SecretExpires, _)));
    let error = draft.error(&Field::ClientSecret);
    let label_of_expiry = providers.label(&Field::SecretExpires);
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=connector.service_name.as_str().to_owned() />
                <h1>"Replace the secret"</h1>
                <p class="soft">
                    "All other settings stay. The connector is not verified until a person has signed in again."
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
                    // The checks in the browser read these fields: which provider's secret it is, and that it is
                    // not the Client ID.
                    <input type="hidden" id=Field::Provider.name() value=provider.form().name() />
                    <input type="hidden" id=Field::ClientId.name() value=connector.client_id.to_string() />
                    <div class="fields">
                        <TextField
                            name=Field::ClientSecret.name()
                            label=providers.label(&Field::ClientSecret)
                            help=secret.line
                            mark=Some(secret.mark)
                            kind=FieldKind::SecretCode
                            autocomplete="new-password"
                            error=error
                            focus=!is_expiry_first
                            required=false
                        />
                        <Expires
                            provider=provider.clone()
                            label=label_of_expiry
                            draft=draft
                            today=today
                            focus=is_expiry_first
                        />
                    </div>
                    <div class="row">
                        <button class="button primary">"Replace the secret"</button>
                        <a class="button plain" href=here>"Cancel"</a>
                    </div>
                </form>
            </CheckedForm>
            <section class="guide" aria-labelledby="guide-title">
                <h2 id="guide-title">"Making a new secret"</h2>
                {steps}
                <p class="help">{old}</p>
            </section>
        </div>
    }
}

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
    draft::{Draft, InBrowser, Kept, OWNER, Target},
    form::Expires,
    islands::CheckedForm,
    model::{EXPIRES_IN, Field},
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    people::access::Member,
    platform::{
        failure::Failure,
        note::{SECRET_KEPT, VERSION},
        page::Page,
    },
    providers::Providers,
    ui::widgets::{Back, ErrorSummary, FieldKind, FocusedNotice, TextField, Tone},
};

/// The name of the action: heading of the page, and text of the button.
const REPLACE: &str = "Replace the client secret";

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
    let connector = service.get_usable(&admin.caller(), id).await?;
    let target = Target::Secret { connector: id, version: connector.version };
    let kept = Draft::find(&session, kept, &admin, &target.path(), &service).await?;
    let draft = kept.map(Kept::take_apart).map(|(draft, _)| draft);
    let longest = connector.provider.secret_periods().first();
    let longest = longest.map(|months| (EXPIRES_IN.to_owned(), months.to_string()));
    let draft =
        draft.unwrap_or_else(|| Draft { values: longest.into_iter().collect(), ..Draft::empty(target) });
    // The page says that another administrator changed the connector, so its form may replace that version.
    let draft = if draft.is_outdated { Draft { target, ..draft } } else { draft };
    let owner = service.seal_owner(&admin)?;
    let error = if draft.errors.is_empty() { "" } else { "Error: " };
    let title = format!("{error}{REPLACE} · {}", connector.service_name.as_str());
    let model = SecretView { connector, draft, owner, today: service.today(), providers };
    Ok(Page::new(title, move || view! { <SecretPage model=model /> }.into_any()))
}

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
    let line = match draft.secret_kept {
        Some(_) => "Kept from your last try. Type to replace it.",
        None => secret.line,
    };
    let kept = draft.secret_kept.map(|id| {
        view! { <input type="hidden" name=SECRET_KEPT value=id.to_string() /> }
    });
    let version = draft.version_field(version);
    let old = format!(
        "The old secret works in {} until it expires or is deleted there. Delete the old secret after you have tested \
         the new one.",
        provider.names().console
    );
    let steps = provider.new_secret(&connector.client_id);
    let wrong = draft.wrong(&providers);
    let summary = (!wrong.is_empty()).then(|| {
        view! { <ErrorSummary fields=wrong more="The client secret was not replaced." /> }
    });
    let back = here.clone();
    let changed = draft.is_outdated.then(|| {
        view! {
            <FocusedNotice tone=Tone::Warn title="Another user changed this connector at the same time">
                <p>
                    "The client secret was not replaced yet. " <a href=back>"Look at the connector"</a>
                    ". If your new secret is still the right one, click " <b>{REPLACE}</b> " again."
                </p>
            </FocusedNotice>
        }
    });
    let error = draft.error(&Field::ClientSecret);
    let label_of_expiry = providers.label(&Field::SecretExpires);
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=connector.service_name.as_str().to_owned() />
                <h1>{REPLACE}</h1>
                <p class="soft">"Only the secret changes. After that, sign in once to test it."</p>
            </div>
        </div>
        {summary}
        {changed}
        <div class="beside">
            <section class="guide" aria-labelledby="guide-title">
                <h2 id="guide-title">"Create a new client secret"</h2>
                {steps}
                <p class="help">{old}</p>
            </section>
            <CheckedForm>
                <form class="card" method="post" action=REPLACE_SECRET>
                    <input type="hidden" name="connector" value=connector.id.to_string() />
                    <input type="hidden" name=VERSION value=version />
                    <input type="hidden" name=OWNER value=owner />
                    {kept}
                    // The checks in the browser read these fields: which provider's secret it is, and that it is
                    // not the Client ID.
                    <input type="hidden" id=Field::Provider.name() value=provider.form().name() />
                    <input type="hidden" id=Field::ClientId.name() value=connector.client_id.to_string() />
                    <div class="fields inline-help">
                        <TextField
                            name=Field::ClientSecret.name()
                            label=providers.label(&Field::ClientSecret)
                            help=line
                            mark=Some(secret.mark)
                            kind=FieldKind::SecretCode
                            autocomplete="new-password"
                            error=error
                            required=false
                        />
                        <Expires
                            provider=provider.clone()
                            label=label_of_expiry
                            draft=draft
                            today=today
                            focus=false
                        />
                    </div>
                    <div class="row">
                        <button class="button primary">{REPLACE}</button>
                        <a class="button plain" href=here>"Cancel"</a>
                    </div>
                </form>
            </CheckedForm>
        </div>
    }
}

//! The server functions to which the forms of connectors post. Each one authorises the sender, parses the form, calls
//! the service, and sends the browser to the next page. The rules of connectors are in `service`.

use std::{collections::BTreeMap, fmt};

use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    draft::{Draft, Interruption, Target},
    model::{Field, FieldErrors, Values},
    preflight::SharedPreflight,
    said::{Done, Said},
    service::{Added, Changed, ConnectorId, ConnectorService, Typed, TypedSecret},
};
use crate::{
    people::access::{Admin, Member},
    platform::failure::Failure,
};

/// The address to which the form for a new connector posts.
pub const ADD: &str = "/do/connectors/add";
/// The address to which the form of an existing connector posts.
pub const CHANGE: &str = "/do/connectors/change";
/// The address to which the form for a new secret posts.
pub const REPLACE_SECRET: &str = "/do/connectors/replace-secret";
/// The address to which the page that confirms a deletion posts.
pub const DELETE: &str = "/do/connectors/delete";

/// The error of a server function. Its text is never shown: pages read a [`Failure`] from the answer's options, or
/// the draft from the session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionError;

impl FromServerFnError for ActionError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // Keeps the kind only: the text of the error repeats the form's values, which may be secrets.
        let kind = match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Failure::BadRequest,
            _ => Failure::Unexpected("a server function could not run".to_owned()),
        };
        kind.into()
    }
}

/// Carries a failure out of a server function. In this version of Leptos, a failed server function always answers
/// 500, so the layer around it takes the failure from here.
#[derive(Clone, Default)]
pub struct Failed(std::sync::Arc<std::sync::Mutex<Option<Failure>>>);

impl Failed {
    /// Takes the failure, if there is one.
    pub fn take(&self) -> Option<Failure> {
        self.0.lock().ok().and_then(|mut failure| failure.take())
    }
}

impl From<Failure> for ActionError {
    fn from(failure: Failure) -> Self {
        if let Some(failed) = use_context::<Failed>()
            && let Ok(mut slot) = failed.0.lock()
        {
            *slot = Some(failure);
        }
        Self
    }
}

fn context<T: Clone + 'static>() -> Result<T, Failure> {
    use_context::<T>()
        .ok_or_else(|| Failure::Unexpected(format!("{} is not in the context", std::any::type_name::<T>())))
}

/// The administrator who sends the form, the service, and the session.
fn sender(owner: &str) -> Result<(Admin, ConnectorService, Session), Failure> {
    let admin = context::<Option<Member>>()?.ok_or(Failure::LoggedOut)?.admin()?;
    let service: ConnectorService = context()?;
    // Refuses a form that was made for another user of this browser. What that user typed, above all the
    // secret, must not be saved in this user's organisation.
    let owner = service.open_owner(owner).ok_or(Failure::BadRequest)?;
    if !owner.is(&admin) {
        return Err(Failure::OtherUser);
    }
    Ok((admin, service, context()?))
}

fn name_taken() -> FieldErrors {
    let words = "There is already a connector with this name. Choose another.";
    vec![(Field::ServiceName, words.to_owned())]
}

/// Redirects to the form, which then shows the draft.
async fn show_draft(draft: Draft, session: &Session) -> Result<(), Failure> {
    draft.keep(session, context::<ConnectorService>()?.now()).await?;
    leptos_axum::redirect(&draft.target.path());
    Ok(())
}

/// Redirects to the connector's page, which then says what was done. If the credentials changed, it also tries them
/// and says how the provider answered.
async fn show_connector(
    connector: ConnectorId,
    done: Done,
    warning: Option<&'static str>,
    tried_for: Option<&Admin>,
    session: &Session,
) -> Result<(), Failure> {
    // Everything is saved before the provider is asked, so its answer or a time-out cannot lose anything.
    let finding = match tried_for {
        Some(admin) => context::<SharedPreflight>()?.try_credentials(admin, connector).await,
        None => None,
    };
    let now = context::<ConnectorService>()?.now();
    Said { connector, done, warning: warning.map(str::to_owned), finding }.keep(session, now).await?;
    leptos_axum::redirect(&format!("/connectors/{connector}"));
    Ok(())
}

/// The fields of the form of a connector, as sent.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorForm {
    /// The one-time id of the form for a new connector.
    form: String,
    /// The connector, if there is one already.
    connector: String,
    /// Its version when the form was opened.
    version: String,
    /// The sealed user for whom the form was made.
    owner: String,
    provider: String,
    service_name: String,
    client_id: String,
    client_secret: String,
    secret_expires_in: String,
    secret_expires_on: String,
    scopes: Vec<String>,
    /// The ticked steps of the guide.
    done: Vec<String>,
    /// The provider's own fields, and all other ones.
    #[serde(flatten, deserialize_with = "only_texts")]
    settings: Values,
}

/// Other fields than those of the form may be sent, with values of any kind. They are ignored.
fn only_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
    let sent = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    let texts = sent.into_iter().filter_map(|(name, value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        _ => None,
    });
    Ok(texts.collect())
}

impl ConnectorForm {
    fn typed(self) -> Typed {
        Typed {
            provider: self.provider,
            service_name: self.service_name,
            client_id: self.client_id,
            client_secret: SecretString::from(self.client_secret),
            secret_expires_in: self.secret_expires_in,
            secret_expires_on: self.secret_expires_on,
            settings: self.settings,
            scopes: self.scopes,
        }
    }
}

/// The fields of the form that replaces a secret, as sent.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretForm {
    connector: String,
    version: String,
    owner: String,
    client_secret: String,
    secret_expires_in: String,
    secret_expires_on: String,
}

/// The fields of the page that confirms a deletion, as sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletionForm {
    connector: String,
    owner: String,
}

// Without the values, because one is the client secret.
impl fmt::Debug for ConnectorForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectorForm")
    }
}

impl fmt::Debug for SecretForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretForm")
    }
}

/// Adds a connector. On success the browser goes to its page, otherwise back to the form.
#[server(prefix = "/do", endpoint = "connectors/add")]
pub async fn add_connector(#[server(flatten)] form: ConnectorForm) -> Result<(), ActionError> {
    let (admin, service, session) = sender(&form.owner)?;
    let id: Uuid = form.form.parse().map_err(|_| Failure::BadRequest)?;
    let ticked = form.done.clone();
    let typed = form.typed();
    let draft = Draft::new(Target::Add { form: id }, &typed, &ticked, service.providers());
    let errors = match typed.parse(service.providers(), service.today()) {
        Err(errors) => errors,
        Ok(new) => match service.add(&admin, id, &new).await? {
            Added::Added(id) => {
                return Ok(show_connector(id, Done::Added, new.warning, Some(&admin), &session).await?);
            }
            // On a double click the second request replaces the first one, and no page has shown the result yet.
            Added::Already(id) if service.is_new(&admin, id).await? => {
                return Ok(show_connector(id, Done::Added, new.warning, Some(&admin), &session).await?);
            }
            Added::Already(id) => {
                leptos_axum::redirect(&format!("/connectors/{id}"));
                return Ok(());
            }
            Added::NameTaken => name_taken(),
            Added::Full => {
                let words =
                    "Your organisation has 100,000 connectors, and cannot have more. Delete one first.";
                vec![(Field::ServiceName, words.to_owned())]
            }
        },
    };
    Ok(show_draft(Draft { errors, ..draft }, &session).await?)
}

/// Changes a connector. An empty secret keeps the stored one. If another administrator has changed the connector since
/// the form was opened, nothing is saved and the form shows both versions.
#[server(prefix = "/do", endpoint = "connectors/change")]
pub async fn change_connector(#[server(flatten)] form: ConnectorForm) -> Result<(), ActionError> {
    let (admin, service, session) = sender(&form.owner)?;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    // First, so that a user of another organisation learns nothing from the checks of the other fields.
    let stored = service.get(&admin.caller(), connector).await?;
    let version: i64 = form.version.parse().map_err(|_| Failure::BadRequest)?;
    let ticked = form.done.clone();
    let typed = form.typed();
    let providers = service.providers();
    let draft = Draft::new(Target::Edit { connector, version }, &typed, &ticked, providers);
    let new = match typed.parse_edit(providers, service.today(), &stored) {
        Err(errors) => return Ok(show_draft(Draft { errors, ..draft }, &session).await?),
        Ok(new) => new,
    };
    match service.change(&admin, connector, version, &new).await {
        Ok(Changed::Changed) => {
            let now = service.get(&admin.caller(), connector).await?;
            let tried_for = (now.application_version != stored.application_version).then_some(&admin);
            Ok(show_connector(connector, Done::Changed, new.warning, tried_for, &session).await?)
        }
        Ok(Changed::Nothing) => Ok(show_connector(connector, Done::Unchanged, None, None, &session).await?),
        Ok(Changed::NameTaken) => Ok(show_draft(Draft { errors: name_taken(), ..draft }, &session).await?),
        Ok(Changed::Outdated) => {
            Ok(show_draft(Draft { interruption: Some(Interruption::Changed), ..draft }, &session).await?)
        }
        Ok(Changed::SecretNeeded) => {
            let draft = draft.asking_for_secret(new.provider());
            Ok(show_draft(draft, &session).await?)
        }
        // The page that asks for the password may repeat a form, but never a secret. A form with a secret is
        // therefore kept as a draft, without the secret.
        Err(Failure::ReauthenticationNeeded) if new.has_secret() => {
            Draft { interruption: Some(Interruption::ReauthenticationNeeded), ..draft }
                .keep(&session, service.now())
                .await?;
            leptos_axum::redirect(&format!("/re-authenticate?next=/connectors/{connector}/edit"));
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Replaces a connector's secret.
#[server(prefix = "/do", endpoint = "connectors/replace-secret")]
pub async fn replace_secret(#[server(flatten)] form: SecretForm) -> Result<(), ActionError> {
    let (admin, service, session) = sender(&form.owner)?;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    let old = service.get(&admin.caller(), connector).await?;
    let version: i64 = form.version.parse().map_err(|_| Failure::BadRequest)?;
    let typed = TypedSecret {
        client_secret: SecretString::from(form.client_secret),
        secret_expires_in: form.secret_expires_in,
        secret_expires_on: form.secret_expires_on,
    };
    let draft = Draft::of_secret(Target::Secret { connector, version }, &typed);
    let new = match typed.parse(old.provider.as_ref(), service.today(), &old.client_id) {
        Err(errors) => return Ok(show_draft(Draft { errors, ..draft }, &session).await?),
        Ok(new) => new,
    };
    let proved = admin.clone().reauthenticated()?;
    match service.replace_secret(&proved, connector, version, &new).await? {
        Changed::Changed => {
            let now = service.get(&admin.caller(), connector).await?;
            let is_replaced = now.application_version != old.application_version;
            let what = if is_replaced { Done::SecretReplaced } else { Done::Changed };
            Ok(show_connector(connector, what, new.warning, Some(&admin), &session).await?)
        }
        // The same secret is tried too, because the administrator wants to know whether it works.
        Changed::Nothing => {
            Ok(show_connector(connector, Done::Unchanged, new.warning, Some(&admin), &session).await?)
        }
        Changed::Outdated | Changed::NameTaken | Changed::SecretNeeded => {
            Ok(show_draft(Draft { interruption: Some(Interruption::Changed), ..draft }, &session).await?)
        }
    }
}

#[server(prefix = "/do", endpoint = "connectors/delete")]
pub async fn delete_connector(#[server(flatten)] form: DeletionForm) -> Result<(), ActionError> {
    let (admin, service, session) = sender(&form.owner)?;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    let now = service.now();
    let said = Said::deleted(&session, now).await?;
    let name = match service.delete(&admin.reauthenticated()?, connector).await {
        Ok(gone) => gone.service_name.as_str().to_owned(),
        // On a double click the first request has deleted the connector, and the list says so.
        Err(Failure::NotFound) => match said {
            Some((deleted, name)) if deleted == connector => name,
            _ => return Err(Failure::NotFound.into()),
        },
        Err(failure) => return Err(failure.into()),
    };
    Said { connector, done: Done::Deleted(name), warning: None, finding: None }.keep(&session, now).await?;
    leptos_axum::redirect("/connectors");
    Ok(())
}

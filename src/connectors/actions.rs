//! The server functions to which the forms of connectors post. Each one authorises the sender, parses the form, calls
//! the service, and sends the browser to the next page. The rules of connectors are in `service`.

mod sender;

use std::{collections::BTreeMap, fmt};

use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use self::sender::Sender;
use super::{
    change_notice::{ChangeMade, ChangeNotice},
    draft::{Confirmation, Draft, Target},
    model::{Field, FieldErrors, Values},
    service::{
        Added, Changed, ConnectorId, Deletion, FileFields, KeptSecretId, SECRET_NOT_KEPT, Typed, TypedSecret,
        fill_from_file,
    },
};
use crate::platform::{failure::Failure, note::read_version};

/// The address to which the form for a new connector posts.
pub const ADD: &str = "/do/connectors/add";
/// The address to which the form of an existing connector posts.
pub const CHANGE: &str = "/do/connectors/change";
/// The address to which the form for a new secret posts.
pub const REPLACE_SECRET: &str = "/do/connectors/replace-secret";
/// The address to which the page that confirms a deletion posts.
pub const DELETE: &str = "/do/connectors/delete";
/// The query of that page after the typed Service Name was wrong.
pub const WRONG_NAME: &str = "name=wrong";

/// Our Redirect URI, in the context of the server functions.
#[derive(Clone, Debug)]
pub struct RedirectUri(pub String);

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
pub struct Failed(std::sync::Arc<std::sync::Mutex<FailedForm>>);

#[derive(Default)]
struct FailedForm {
    failure: Option<Failure>,
    /// The secret of the form, if the form waits for the password and the server keeps its secret.
    kept: Option<KeptSecretId>,
}

impl Failed {
    /// Takes the failure out, if there is one.
    pub fn take_failure(&self) -> Option<Failure> {
        self.0.lock().ok().and_then(|mut form| form.failure.take())
    }

    /// The secret that is kept while the form waits for the password.
    pub fn kept_secret(&self) -> Option<KeptSecretId> {
        self.0.lock().ok().and_then(|form| form.kept)
    }

    fn note_kept_secret(&self, id: KeptSecretId) {
        if let Ok(mut form) = self.0.lock() {
            form.kept = Some(id);
        }
    }
}

impl From<Failure> for ActionError {
    fn from(failure: Failure) -> Self {
        if let Some(failed) = use_context::<Failed>()
            && let Ok(mut form) = failed.0.lock()
        {
            form.failure = Some(failure);
        }
        Self
    }
}

fn context<T: Clone + 'static>() -> Result<T, Failure> {
    use_context::<T>()
        .ok_or_else(|| Failure::Unexpected(format!("{} is not in the context", std::any::type_name::<T>())))
}

fn name_taken() -> FieldErrors {
    let words = "There is already a connector with this name. Choose another.";
    vec![(Field::ServiceName, words.to_owned())]
}

fn secret_gone() -> FieldErrors {
    vec![(Field::ClientSecret, SECRET_NOT_KEPT.to_owned())]
}

/// The fields of the form of a connector, as sent.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectorForm {
    /// The one-time id of the form for a new connector.
    form: String,
    /// The connector, if there is one already.
    connector: String,
    /// The connector's version when the form was opened.
    version: String,
    /// The sealed user for whom the form was made.
    owner: String,
    provider: String,
    service_name: String,
    client_id: String,
    client_secret: String,
    /// The id of the secret that the server keeps for the form: the field [`crate::platform::note::SECRET_KEPT`].
    secret_kept: String,
    secret_expires_in: String,
    secret_expires_on: String,
    scopes: Vec<String>,
    /// The ticked steps of the guide.
    done: Vec<String>,
    /// The present Service Name, typed to confirm that accounts lose their access: the field
    /// [`super::draft::CONFIRMED_NAME`].
    confirmed_name: String,
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
    /// The typed values, or those of a pasted file, with the secret that the server keeps for the form, if the form
    /// relies on it.
    async fn typed(self, sender: &Sender, target: Target) -> Result<Typed, Failure> {
        let RedirectUri(redirect_uri) = context::<RedirectUri>()?;
        let (client_id, secret) = (self.client_id, self.client_secret);
        let FileFields { client_id, client_secret: secret, errors: file_errors } =
            match sender.service.providers().find(&self.provider) {
                Some(provider) => fill_from_file(provider.as_ref(), client_id, secret, &redirect_uri),
                None => FileFields { client_id, client_secret: secret, ..FileFields::default() },
            };
        let kept = self.secret_kept.as_str();
        let (client_secret, form) = sender.secret_of(target, &self.provider, secret, kept).await?;
        Ok(Typed {
            provider: self.provider,
            service_name: self.service_name,
            client_id,
            client_secret,
            file_errors,
            secret_expires_in: self.secret_expires_in,
            secret_expires_on: self.secret_expires_on,
            settings: self.settings,
            scopes: self.scopes,
            form,
        })
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
    /// The id of the secret that the server keeps for the form: the field [`crate::platform::note::SECRET_KEPT`].
    secret_kept: String,
    secret_expires_in: String,
    secret_expires_on: String,
}

/// The fields of the page that confirms a deletion, as sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletionForm {
    connector: String,
    owner: String,
    /// The typed Service Name; empty if the page did not ask for it.
    service_name: String,
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
    let sender = Sender::of(&form.owner)?;
    let Sender { admin, service, .. } = &sender;
    let id: Uuid = form.form.parse().map_err(|_| Failure::BadRequest)?;
    let (target, ticked) = (Target::Add { form: id }, form.done.clone());
    let typed = form.typed(&sender, target).await?;
    if typed.form.lacks_secret()
        && let Some(added) = service.find_added_under_name(admin, id, &typed.service_name).await?
    {
        return sender.show_added_before(added, None).await;
    }
    let draft = Draft::new(target, &typed, &ticked, service.providers());
    let errors = match typed.parse(service.providers(), service.today()) {
        Err(errors) => errors,
        Ok(new) => match service.add(admin, id, &new).await? {
            Added::Added(id) => return sender.show_connector(id, ChangeMade::Added, new.warning, true).await,
            Added::Already(id) => return sender.show_added_before(id, new.warning).await,
            Added::NameTaken => name_taken(),
            Added::SecretGone => secret_gone(),
            Added::Full => {
                let words =
                    "Your organisation has 100,000 connectors, and cannot have more. Delete one first.";
                vec![(Field::ServiceName, words.to_owned())]
            }
        },
    };
    sender.show_draft(Draft { errors, ..draft }, &typed.form, &typed.client_secret).await
}

/// Changes a connector. An empty secret keeps the stored one. If another administrator has changed the connector since
/// the form was opened, nothing is saved and the form shows both versions.
#[server(prefix = "/do", endpoint = "connectors/change")]
pub async fn change_connector(#[server(flatten)] form: ConnectorForm) -> Result<(), ActionError> {
    let sender = Sender::of(&form.owner)?;
    let Sender { admin, service, .. } = &sender;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    // First, so that a user of another organisation learns nothing from the checks of the other fields.
    let stored = service.get(&admin.caller(), connector).await?;
    let version = read_version(&form.version).ok_or(Failure::BadRequest)?;
    let (target, ticked) = (Target::Edit { connector, version }, form.done.clone());
    let confirmed_name = form.confirmed_name.clone();
    let typed = form.typed(&sender, target).await?;
    sender.require_password(connector, &typed.form, &typed.client_secret).await?;
    let providers = service.providers();
    let draft = Draft::new(target, &typed, &ticked, providers);
    let parsed = typed.parse_edit(providers, service.today(), &stored);
    let draft = match parsed.map(|new| new.confirmed_by(confirmed_name.clone())) {
        Err(errors) => Draft { errors, ..draft },
        Ok(new) => match service.change(admin, connector, version, &new).await {
            Ok(Changed::Changed) => {
                let now = service.get(&admin.caller(), connector).await?;
                let tries = now.application_version != stored.application_version;
                return sender.show_connector(connector, ChangeMade::Changed, new.warning, tries).await;
            }
            Ok(Changed::Nothing) => {
                return sender.show_connector(connector, ChangeMade::Unchanged, None, false).await;
            }
            Ok(Changed::NameTaken) => Draft { errors: name_taken(), ..draft },
            Ok(Changed::Outdated) => Draft { is_outdated: true, ..draft },
            Ok(Changed::SecretNeeded) => draft.asking_for_secret(new.provider()),
            Ok(Changed::SecretGone) => Draft { errors: secret_gone(), ..draft },
            Ok(Changed::NameNeeded) => Draft { confirmation: Confirmation::after(&confirmed_name), ..draft },
            Err(failure) => return Err(failure.into()),
        },
    };
    sender.show_draft(draft, &typed.form, &typed.client_secret).await
}

/// Replaces a connector's secret.
#[server(prefix = "/do", endpoint = "connectors/replace-secret")]
pub async fn replace_secret(#[server(flatten)] form: SecretForm) -> Result<(), ActionError> {
    let sender = Sender::of(&form.owner)?;
    let Sender { admin, service, .. } = &sender;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    let old = service.get(&admin.caller(), connector).await?;
    let version = read_version(&form.version).ok_or(Failure::BadRequest)?;
    let target = Target::Secret { connector, version };
    let (secret, provider) = (form.client_secret, old.form().name());
    let (client_secret, sent) = sender.secret_of(target, provider, secret, &form.secret_kept).await?;
    sender.require_password(connector, &sent, &client_secret).await?;
    let typed = TypedSecret {
        client_secret,
        secret_expires_in: form.secret_expires_in,
        secret_expires_on: form.secret_expires_on,
        form: sent,
    };
    let draft = Draft::of_secret(target, &typed);
    let draft = match typed.parse(old.provider.as_ref(), service.today(), &old.client_id) {
        Err(errors) => Draft { errors, ..draft },
        Ok(new) => {
            let proved = admin.clone().reauthenticated()?;
            match service.replace_secret(&proved, connector, version, &new).await? {
                Changed::Changed => {
                    let now = service.get(&admin.caller(), connector).await?;
                    let is_replaced = now.application_version != old.application_version;
                    let what = if is_replaced { ChangeMade::SecretReplaced } else { ChangeMade::Changed };
                    return sender.show_connector(connector, what, new.warning, true).await;
                }
                // The same secret is tried too, because the administrator wants to know whether it works.
                Changed::Nothing => {
                    return sender.show_connector(connector, ChangeMade::Unchanged, new.warning, true).await;
                }
                Changed::SecretGone => Draft { errors: secret_gone(), ..draft },
                Changed::Outdated | Changed::NameTaken | Changed::SecretNeeded | Changed::NameNeeded => {
                    Draft { is_outdated: true, ..draft }
                }
            }
        }
    };
    sender.show_draft(draft, &typed.form, &typed.client_secret).await
}

/// Deletes a connector. One with accounts is out of use at once, and its page says *Being deleted*.
#[server(prefix = "/do", endpoint = "connectors/delete")]
pub async fn delete_connector(#[server(flatten)] form: DeletionForm) -> Result<(), ActionError> {
    let Sender { admin, service, session } = Sender::of(&form.owner)?;
    let connector: ConnectorId = form.connector.parse().map_err(|_| Failure::NotFound)?;
    let now = service.now();
    let earlier = ChangeNotice::deleted(&session, now).await?;
    let deletion = service.delete(&admin.reauthenticated()?, connector, &form.service_name).await;
    let name = match deletion {
        Ok(Deletion::Deleted(gone)) => gone.service_name.as_str().to_owned(),
        Ok(Deletion::Started(_)) => {
            leptos_axum::redirect(&format!("/connectors/{connector}"));
            return Ok(());
        }
        Ok(Deletion::NameNeeded) => {
            leptos_axum::redirect(&format!("/connectors/{connector}/delete?{WRONG_NAME}"));
            return Ok(());
        }
        // On a double click the first request has deleted the connector, and the list says so.
        Err(Failure::NotFound) => match earlier {
            Some((deleted, name)) if deleted == connector => name,
            _ => return Err(Failure::NotFound.into()),
        },
        Err(failure) => return Err(failure.into()),
    };
    ChangeNotice { connector, done: ChangeMade::Deleted(name), warning: None, finding: None }
        .keep_in_session(&session, now)
        .await?;
    leptos_axum::redirect("/connectors");
    Ok(())
}

//! What the Add Connector form posts to.

#![expect(clippy::too_many_arguments, reason = "a server function takes a form's fields one by one")]
#![expect(missing_docs, reason = "the macro makes a type of each server function's arguments")]

use std::collections::BTreeMap;

use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    model::{Field, FieldErrors},
    service::{Added, ConnectorId, ConnectorService, Typed},
};
use crate::{people::access::Member, platform::failure::Failure};

/// Where the form posts to.
pub const ADD: &str = "/do/connectors/add";

/// Why an action came to nothing; its text goes to nobody. What is to be shown travels as a [`Failure`]
/// in the answer's options or as a draft in the session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionError;

impl FromServerFnError for ActionError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // The kind alone: the error's text repeats what was sent, and that may be a secret.
        let kind = match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Failure::BadRequest,
            _ => Failure::Unexpected("a server function could not run".to_owned()),
        };
        kind.into()
    }
}

/// The way of a failure out of a server function, which in this version of Leptos always answers 500:
/// the layer that runs it takes the failure from here.
#[derive(Clone, Default)]
pub struct Failed(std::sync::Arc<std::sync::Mutex<Option<Failure>>>);

impl Failed {
    /// What went wrong, if anything did.
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

/// What was typed into a form that failed, kept for one showing. Never the secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    /// The one-time id of the form: a second try is still the same form.
    pub form: Uuid,
    /// What was typed, by field.
    pub values: BTreeMap<String, String>,
    /// The permissions that were chosen.
    pub scopes: Vec<String>,
    /// What is wrong.
    pub errors: FieldErrors,
}

impl Draft {
    const KEY: &str = "draft:connectors/add";

    /// Takes the draft out of the session: it is shown once.
    pub async fn take(session: &Session) -> Result<Option<Self>, Failure> {
        // Only where there is one: taking it out is a write.
        match session.get::<Self>(Self::KEY).await {
            Ok(None) => Ok(None),
            Ok(Some(_)) => session.remove(Self::KEY).await.map_err(|error| Failure::unexpected(&error)),
            Err(error) => Err(Failure::unexpected(&error)),
        }
    }

    async fn keep(&self, session: &Session) -> Result<(), Failure> {
        session.insert(Self::KEY, self).await.map_err(|error| Failure::unexpected(&error))
    }
}

/// That a connector was just added: said once, on its page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JustAdded {
    /// Which.
    pub connector: ConnectorId,
    /// What is unusual about its secret.
    pub warning: Option<String>,
}

impl JustAdded {
    const KEY: &str = "added:connector";

    /// Takes it out of the session, where it is about this connector.
    pub async fn take(session: &Session, id: ConnectorId) -> Result<Option<Self>, Failure> {
        match session.get::<Self>(Self::KEY).await {
            Ok(Some(added)) if added.connector == id => {
                session.remove(Self::KEY).await.map_err(|error| Failure::unexpected(&error))
            }
            Ok(_) => Ok(None),
            Err(error) => Err(Failure::unexpected(&error)),
        }
    }
}

/// Longer than anything that a field takes, and short enough to be kept in a session.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Adds a connector. On success the browser goes to its page, otherwise back to the form.
#[server(prefix = "/do", endpoint = "connectors/add")]
pub async fn add_connector(
    #[server(default)] form: String,
    #[server(default)] provider: String,
    #[server(default)] service_name: String,
    #[server(default)] client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] secret_expires_on: String,
    #[server(default)] account_type: String,
    #[server(default)] tenant: String,
    #[server(default)] scopes: Vec<String>,
) -> Result<(), ActionError> {
    let admin = context::<Option<Member>>()?.ok_or(Failure::SignedOut)?.admin()?;
    let service = context::<ConnectorService>()?;
    let session = context::<Session>()?;
    let form: Uuid = form.parse().map_err(|_| Failure::BadRequest)?;

    // Whoever pastes the secret into another field as well must not find it stored, or shown, there.
    let secret = client_secret.trim().to_owned();
    let is_secret = |field: Field, value: &str| {
        let value = value.trim();
        let free = matches!(field, Field::ServiceName | Field::ClientId | Field::Tenant);
        // A GUID with a sign missing is kept, to be mended; what no GUID can hold may be another secret.
        let of_no_guid = |c: char| !c.is_ascii_hexdigit() && !"-{}".contains(c);
        let like_one = value.len() >= 16 && !value.contains(char::is_whitespace);
        (free && secret.len() >= 8 && value.contains(&secret))
            || (field == Field::ClientId && like_one && value.contains(of_no_guid))
    };
    let draft = Draft {
        form,
        values: [
            (Field::Provider, &provider),
            (Field::ServiceName, &service_name),
            (Field::ClientId, &client_id),
            (Field::SecretExpires, &secret_expires_on),
            (Field::AccountType, &account_type),
            (Field::Tenant, &tenant),
        ]
        .into_iter()
        .filter(|(field, value)| !is_secret(*field, value))
        .map(|(field, value)| (field.name().to_owned(), cut(value)))
        .collect(),
        scopes: scopes.iter().take(20).map(|scope| cut(scope)).collect(),
        errors: FieldErrors::new(),
    };
    let typed = Typed {
        provider,
        service_name,
        client_id,
        client_secret: SecretString::from(client_secret),
        secret_expires_on,
        account_type,
        tenant,
        scopes,
    };
    let errors = match typed.parse(service.today()) {
        Err(errors) => errors,
        Ok(new) => match service.add(&admin, form, &new).await? {
            Added::Added(id) => {
                let added = JustAdded { connector: id, warning: new.warning.map(str::to_owned) };
                session.insert(JustAdded::KEY, added).await.map_err(|error| Failure::unexpected(&error))?;
                leptos_axum::redirect(&format!("/connectors/{id}"));
                return Ok(());
            }
            Added::Already(id) => {
                leptos_axum::redirect(&format!("/connectors/{id}"));
                return Ok(());
            }
            Added::NameTaken => {
                let words = "There is already a connector with this name. Choose another.";
                vec![(Field::ServiceName, words.to_owned())]
            }
        },
    };
    Draft { errors, ..draft }.keep(&session).await?;
    leptos_axum::redirect("/connectors/new");
    Ok(())
}

//! What the Add Connector form posts to.

#![expect(clippy::too_many_arguments, reason = "a server function takes a form's fields one by one")]
#![expect(missing_docs, reason = "the macro makes a type of each server function's arguments")]

use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    draft::Draft,
    model::Field,
    said::{Done, Said},
    service::{Added, ConnectorService, Typed},
};
use crate::{
    people::access::{Admin, Member},
    platform::{failure::Failure, id::UserId},
};

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

/// Refuses a form that was made for another user: one who was signed in at this browser when it was opened,
/// and whose secret must not end up in this one's organisation.
fn only_of(admin: &Admin, owner: &str) -> Result<(), Failure> {
    let owner: UserId = owner.parse().map_err(|_| Failure::BadRequest)?;
    if owner == admin.user() { Ok(()) } else { Err(Failure::OtherUser) }
}

/// Adds a connector. On success the browser goes to its page, otherwise back to the form.
#[server(prefix = "/do", endpoint = "connectors/add")]
pub async fn add_connector(
    #[server(default)] form: String,
    #[server(default)] owner: String,
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
    only_of(&admin, &owner)?;

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
    let draft = Draft::new(form, &typed);
    let errors = match typed.parse(service.today()) {
        Err(errors) => errors,
        Ok(new) => match service.add(&admin, form, &new).await? {
            Added::Added(id) => {
                let warning = new.warning.map(str::to_owned);
                Said { connector: id, done: Done::Added, warning }.keep(&session).await?;
                leptos_axum::redirect(&format!("/connectors/{id}"));
                return Ok(());
            }
            Added::Already(id) => {
                // Where the first of two clicks was cut off by the second, nobody has been told yet.
                if service.is_new(&admin, id).await? {
                    let warning = new.warning.map(str::to_owned);
                    Said { connector: id, done: Done::Added, warning }.keep(&session).await?;
                }
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

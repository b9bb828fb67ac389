//! Seals two values that the browser keeps: the user for whom a form was made, and a form that was sent after the
//! session had ended. An attacker who can plant a cookie cannot forge either value.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;
use uuid::Uuid;

use super::ConnectorService;
use crate::{
    people::access::Admin,
    platform::{
        clock::Timestamp,
        failure::Failure,
        id::{OrganisationId, UserId},
    },
    vault::Place,
};

/// The owner in a form is valid for this long: a form may be open for a whole session and be sent after its end.
const FORM: Duration = Duration::days(1);
const OWNER: &str = "owner";

/// The user for whom a form was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub organisation: OrganisationId,
    pub user: UserId,
}

impl Owner {
    /// Whether the owner is this administrator.
    pub fn is(&self, admin: &Admin) -> bool {
        (self.organisation, self.user) == (admin.organisation(), admin.user())
    }
}

#[derive(Serialize, Deserialize)]
struct Dated<T> {
    made_at: Timestamp,
    value: T,
}

const fn place(purpose: &'static str) -> Place {
    Place { organisation: Uuid::nil(), table: "browser", column: purpose, row: Uuid::nil() }
}

impl ConnectorService {
    /// Seals the owner of a form, for the form's hidden field.
    pub fn seal_owner(&self, admin: &Admin) -> Result<String, Failure> {
        self.seal_for_browser(OWNER, &Owner { organisation: admin.organisation(), user: admin.user() })
    }

    /// The owner in a form's hidden field. `None` if the text is not ours, or is too old.
    pub fn open_owner(&self, text: &str) -> Option<Owner> {
        self.open_from_browser(OWNER, text, FORM)
    }

    /// Seals a value for one purpose, with the present time.
    pub fn seal_for_browser<T: Serialize>(
        &self,
        purpose: &'static str,
        value: &T,
    ) -> Result<String, Failure> {
        let text = serde_json::to_string(&Dated { made_at: self.now(), value })
            .map_err(|error| Failure::unexpected(&error))?;
        let sealed = self.vault.seal(place(purpose), &SecretString::from(text));
        Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(|error| Failure::unexpected(&error))?))
    }

    /// Opens what was sealed for this purpose at most `age` ago. `None` for anything else.
    pub fn open_from_browser<T: DeserializeOwned>(
        &self,
        purpose: &'static str,
        text: &str,
        age: Duration,
    ) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = self.vault.open(place(purpose), &sealed).ok()?;
        let Dated { made_at, value } = serde_json::from_str(opened.expose_secret()).ok()?;
        made_at.is_within(age, self.now()).then_some(value)
    }
}

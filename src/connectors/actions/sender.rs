//! The administrator who sends a form of a connector, and the page that the browser gets as the answer.

use secrecy::{ExposeSecret, SecretString};
use tower_sessions::Session;

use super::{ActionError, Failed, context};
use crate::{
    connectors::{
        change_notice::{ChangeMade, ChangeNotice},
        draft::{Draft, Target},
        model::Field,
        preflight::SharedPreflight,
        service::{ConnectorId, ConnectorService, SentForm},
    },
    people::access::{Admin, Member},
    platform::{failure::Failure, text},
};

/// The administrator who sends a form.
pub struct Sender {
    pub admin: Admin,
    pub service: ConnectorService,
    pub session: Session,
}

impl Sender {
    /// The sender of a form whose hidden field `owner` has this value.
    ///
    /// # Errors
    /// [`Failure::OtherUser`] if the form was made for another user.
    pub fn of(owner: &str) -> Result<Self, Failure> {
        let admin = context::<Option<Member>>()?.ok_or(Failure::LoggedOut)?.admin()?;
        let service: ConnectorService = context()?;
        // Refuses a form that was made for another user of this browser. What that user typed, above all the
        // secret, must not be saved in this user's organisation.
        let owner = service.open_owner(owner).ok_or(Failure::BadRequest)?;
        if !owner.is(&admin) {
            return Err(Failure::OtherUser);
        }
        Ok(Self { admin, service, session: context()? })
    }

    /// The typed secret of a form, or the one that the server keeps for the form. `kept` is the field with the id of
    /// that one.
    pub async fn secret_of(
        &self,
        target: Target,
        provider: &str,
        typed: String,
        kept: &str,
    ) -> Result<(SecretString, SentForm), Failure> {
        let key = target.key(&self.session, self.service.providers(), provider);
        self.service.secret_of_form(&self.admin, key, SecretString::from(typed), kept).await
    }

    /// Lets a form of an existing connector that gives a secret wait until its sender has re-authenticated. It waits
    /// in the page that asks for the password. That page cannot contain the secret, so the server keeps it.
    ///
    /// Call it before the values are checked. Otherwise an attacker at an open browser could send a secret of their own
    /// with a mistake in another field. The administrator who corrects that mistake would save the attacker's secret.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] if the form has to wait.
    pub async fn require_password(
        &self,
        connector: ConnectorId,
        form: &SentForm,
        secret: &SecretString,
    ) -> Result<(), ActionError> {
        let is_empty = text::trim(secret.expose_secret()).is_empty();
        if is_empty || self.admin.clone().reauthenticated().is_ok() {
            return Ok(());
        }
        let Some(id) = self.service.keep_secret(&self.admin, form, secret).await? else {
            // The connector was deleted since the request began, or the session has ended.
            self.service.get(&self.admin.caller(), connector).await?;
            return Err(Failure::LoggedOut.into());
        };
        context::<Failed>()?.note_kept_secret(id);
        Err(Failure::ReauthenticationNeeded.into())
    }

    /// Redirects to the form, which then shows the draft. Keeps the secret, unless its field has a mistake.
    pub async fn show_draft(
        &self,
        draft: Draft,
        form: &SentForm,
        secret: &SecretString,
    ) -> Result<(), ActionError> {
        let is_wrong = draft.error(&Field::ClientSecret).is_some();
        let secret_kept = if is_wrong {
            self.service.forget_secret(&self.admin, form).await?;
            None
        } else {
            self.service.keep_secret(&self.admin, form, secret).await?
        };
        let draft = Draft { secret_kept, ..draft };
        draft.keep_in_session(&self.session, self.service.now()).await?;
        leptos_axum::redirect(&draft.target.path());
        Ok(())
    }

    /// Redirects to the connector's page, which then says what was done. If the credentials are to be tried, it also
    /// tries them and says how the provider answered.
    pub async fn show_connector(
        &self,
        connector: ConnectorId,
        done: ChangeMade,
        warning: Option<&'static str>,
        tries: bool,
    ) -> Result<(), ActionError> {
        // Everything is saved before the provider is asked, so its answer or a time-out cannot lose anything.
        let finding = if tries {
            context::<SharedPreflight>()?.try_credentials(&self.admin, connector).await
        } else {
            None
        };
        let notice = ChangeNotice { connector, done, warning: warning.map(str::to_owned), finding };
        notice.keep_in_session(&self.session, self.service.now()).await?;
        leptos_axum::redirect(&format!("/connectors/{connector}"));
        Ok(())
    }

    /// Redirects to the page of a connector that an earlier request with the same form has added. On a double click the
    /// second request replaces the first one, and no page has shown the result yet.
    pub async fn show_added_before(
        &self,
        connector: ConnectorId,
        warning: Option<&'static str>,
    ) -> Result<(), ActionError> {
        if self.service.is_new(&self.admin, connector).await? {
            return self.show_connector(connector, ChangeMade::Added, warning, true).await;
        }
        leptos_axum::redirect(&format!("/connectors/{connector}"));
        Ok(())
    }
}

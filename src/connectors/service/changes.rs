//! Use cases that change an existing connector.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};

use super::{
    super::{
        model::{ConnectorState, Field},
        store::{SealedSecret, Settings},
    },
    Connector, ConnectorId, ConnectorService, Parsed, ParsedSecret, SentForm,
    sealing::binding,
};
use crate::{
    activity::model::{Action, Detail, Entry},
    people::access::{Admin, Reauthenticated},
    platform::{
        database::Tx,
        failure::{Failure, Undone},
    },
    providers::{Providers, SharedApplication},
};

/// The result of changing a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The connector was changed.
    Changed,
    /// The connector has these values already; nothing was changed.
    Nothing,
    /// Another administrator has changed it since the form was opened; nothing was changed.
    Outdated,
    /// Another connector has this name.
    NameTaken,
    /// The stored secret does not belong to the typed Client ID or settings; nothing was changed.
    SecretNeeded,
    /// The new secret was a kept one, and is gone; nothing was changed.
    SecretGone,
    /// The connector has accounts, whose access another application ends, and its Service Name was not typed to confirm
    /// that; nothing was changed.
    NameNeeded,
}

/// The client secret that a form gives.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// `None` if the stored one is kept.
    pub(super) secret: Option<&'a SecretString>,
    pub(super) form: &'a SentForm,
    /// The Service Name that was typed to confirm that accounts lose their access.
    pub(super) confirmed_name: &'a str,
}

impl ConnectorService {
    /// Changes a connector that is at `version`. An empty secret keeps the stored one, except for another Client ID or
    /// another value of a setting that the secret belongs to. After any change except of the name and the date, the
    /// connector must be verified again.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such connector. [`Failure::ReauthenticationNeeded`] if the secret, Client
    /// ID or a setting of the provider's changes and the administrator did not re-authenticate within the last ten
    /// minutes.
    pub async fn change(
        &self,
        admin: &Admin,
        id: ConnectorId,
        version: i64,
        new: &Parsed,
    ) -> Result<Changed, Failure> {
        if new.secret.is_some() {
            // First, so that an attacker at an open browser cannot test whether a secret is the stored one.
            admin.clone().reauthenticated()?;
        }
        let changed = self
            .database
            .write::<_, Undone, _>(async |tx| {
                let store = self.store(admin.organisation());
                let old = self.lock_for_change(&tx, admin, id).await?;
                match store.by_name_key(&tx, &new.settings.name_key).await? {
                    Some(other) if other != id => return Ok(Changed::NameTaken),
                    _ => {}
                }
                self.apply(&tx, admin, &old, version, &new.settings, new.given()).await
            })
            .await;
        match changed {
            Ok(changed) => Ok(changed),
            Err(undone) if undone.is_conflict() => Ok(Changed::NameTaken),
            Err(undone) => Err(undone.into()),
        }
    }

    /// Replaces the secret of a connector that is at `version`, and the day on which it expires.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such connector.
    pub async fn replace_secret(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ConnectorId,
        version: i64,
        new: &ParsedSecret,
    ) -> Result<Changed, Failure> {
        self.database
            .write(async |tx| {
                let old = self.lock_for_change(&tx, admin, id).await?;
                let settings = Settings { secret_expires_on: new.expires_on, ..old.settings() };
                Ok(self.apply(&tx, admin, &old, version, &settings, new.given()).await?)
            })
            .await
    }

    /// Changes the provider's own settings of a connector that is at `version`, after a failed sign-in showed that they
    /// are wrong. `application` has the connector's client ID and the new settings.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such connector.
    pub async fn change_settings(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ConnectorId,
        version: i64,
        application: SharedApplication,
    ) -> Result<Changed, Failure> {
        self.database
            .write(async |tx| {
                let old = self.lock_for_change(&tx, admin, id).await?;
                let settings = Settings { application, ..old.settings() };
                let given = Given { secret: None, form: &SentForm::default(), confirmed_name: "" };
                Ok(self.apply(&tx, admin, &old, version, &settings, given).await?)
            })
            .await
    }

    /// Locks a connector that may be changed: one that is being deleted may not.
    async fn lock_for_change(&self, tx: &Tx, admin: &Admin, id: ConnectorId) -> Result<Connector, Failure> {
        let found = self.store(admin.organisation()).lock(tx, id).await?;
        found.filter(|connector| connector.deleted_at.is_none()).ok_or(Failure::NotFound)
    }

    async fn apply(
        &self,
        tx: &Tx,
        admin: &Admin,
        old: &Connector,
        version: i64,
        new: &Settings,
        Given { secret: given, form, confirmed_name }: Given<'_>,
    ) -> Result<Changed, Undone> {
        let stored = match self.with_secret(tx, admin.organisation(), old.id).await? {
            Some((_, Ok(secret))) => Some(secret),
            _ => None,
        };
        // Entering the stored secret again does not count as a change.
        let is_new = |given: &SecretString| {
            stored.as_ref().is_none_or(|stored| stored.expose_secret() != given.expose_secret())
        };
        let fields = differences(old, new, given.is_some_and(is_new));
        if fields.is_empty() {
            self.use_kept_secret(tx, admin, form).await?;
            return Ok(Changed::Nothing);
        }
        if old.version != version {
            return Ok(Changed::Outdated);
        }
        let sealed = if fields.iter().any(is_sealed) {
            let proved = admin.clone().reauthenticated()?;
            let is_other = fields.iter().any(|field| needs_secret(new, field));
            // The stored secret may only be kept for the same Client ID and the settings that it belongs to.
            let Some(secret) = given.or_else(|| stored.as_ref().filter(|_| !is_other)) else {
                return Ok(Changed::SecretNeeded);
            };
            Some(self.reseal_secret(&proved, old, new, secret)?)
        } else {
            None
        };
        let (organisation, dependants) = (admin.organisation(), self.dependants()?);
        let is_other_application = fields.iter().any(is_of_application);
        if is_other_application
            && !old.is_named(confirmed_name)
            && dependants.has_any(tx, organisation, old.id).await?
        {
            return Ok(Changed::NameNeeded);
        }
        if !self.use_kept_secret(tx, admin, form).await? {
            return Ok(Changed::SecretGone);
        }
        let undone: Vec<_> = fields.iter().filter(|field| undoes_proof(field)).cloned().collect();
        let unproved = (!undone.is_empty()).then(|| unproved(&self.providers, old, undone));
        let store = self.store(admin.organisation());
        if !store.change(tx, old.id, version, new, sealed, unproved.as_deref()).await? {
            return Ok(Changed::Outdated);
        }
        if is_other_application {
            store.begin_application(tx, old.id).await?;
            dependants.application_changed(tx, organisation, old.id).await?;
        } else if fields.contains(&Field::ClientSecret) {
            dependants.secret_replaced(tx, organisation, old.id).await?;
        }
        let fields = fields.iter().map(|field| field.name().to_owned()).collect();
        let entry = Entry::done(Action::ConnectorChanged, new.service_name.as_str(), old.id.0)
            .with_detail(Detail::Fields { fields });
        self.activity.record(tx, admin.actor(), entry).await?;
        Ok(Changed::Changed)
    }

    /// Seals a secret for the application that the connector will have. It requires re-authentication: an attacker at a
    /// browser that was left logged in could otherwise replace the company's application with their own.
    fn reseal_secret(
        &self,
        admin: &Reauthenticated<Admin>,
        old: &Connector,
        new: &Settings,
        secret: &SecretString,
    ) -> Result<SealedSecret, Failure> {
        let binding = binding(old.secret_version + 1, new);
        self.seal(admin.organisation(), old.id, &binding, secret)
    }
}

/// Whether a change of this field makes the proof of earlier sign-ins invalid.
const fn undoes_proof(field: &Field) -> bool {
    !matches!(field, Field::ServiceName | Field::SecretExpires)
}

/// Whether another value of this field means another application, so that the grants of its accounts do not fit any more.
const fn is_of_application(field: &Field) -> bool {
    matches!(field, Field::Provider | Field::ClientId | Field::Setting(_))
}

/// Whether the secret is sealed for the value of this field, or is it.
const fn is_sealed(field: &Field) -> bool {
    matches!(field, Field::Provider | Field::ClientId | Field::ClientSecret | Field::Setting(_))
}

/// Whether the stored secret must not be sent with another value of this field.
fn needs_secret(new: &Settings, field: &Field) -> bool {
    match field {
        Field::Provider | Field::ClientId => true,
        Field::Setting(name) => {
            new.provider.settings().iter().any(|setting| setting.name == name && setting.needs_secret)
        }
        _ => false,
    }
}

/// The names of the fields that were changed since the connector was last tried, in the order of their labels; empty
/// if it was never tried.
fn unproved(providers: &Providers, old: &Connector, undone: Vec<Field>) -> String {
    if old.state == ConnectorState::NotVerified && old.unproved.is_empty() {
        return String::new();
    }
    let mut all: Vec<Field> = old.unproved.split_ascii_whitespace().map(Field::of).collect();
    all.extend(undone);
    all.sort_by(|a, b| (providers.label(a), a.name()).cmp(&(providers.label(b), b.name())));
    all.dedup();
    all.iter().map(Field::name).collect::<Vec<_>>().join(" ")
}

/// The fields that changed.
fn differences(old: &Connector, new: &Settings, secret: bool) -> Vec<Field> {
    let common = [
        (old.service_name != new.service_name, Field::ServiceName),
        (old.client_id != new.client_id, Field::ClientId),
        (secret, Field::ClientSecret),
        (old.secret_expires_on != new.secret_expires_on, Field::SecretExpires),
    ];
    let (before, after) = (old.application.values(), new.application.values());
    let own = new.provider.settings().iter().map(|setting| {
        let is_other = before.get(setting.name) != after.get(setting.name);
        (is_other, Field::Setting(Cow::Borrowed(setting.name)))
    });
    let permissions = [(old.scopes != new.scopes, Field::Permissions)];
    let all = common.into_iter().chain(own).chain(permissions);
    all.filter_map(|(changed, field)| changed.then_some(field)).collect()
}

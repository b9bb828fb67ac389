//! Changing and deleting what is there.

use secrecy::SecretString;

use super::{
    super::{
        model::{AccountType, ConnectorState, Field, Tenant},
        store::{Connectors, SealedSecret, Settings},
    },
    Connector, ConnectorId, ConnectorService, Parsed, ParsedSecret,
};
use crate::{
    activity::model::{Action, Entry},
    people::access::Admin,
    platform::{
        database::Tx,
        failure::{Failure, Undone},
    },
};

/// What came of changing a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Changed,
    /// It is as it was sent already; nothing was done.
    Nothing,
    /// Somebody else changed it in the meantime; nothing was done.
    Outdated,
    /// Another connector has this name.
    NameTaken,
}

impl ConnectorService {
    /// Changes a connector that is at `version`. An empty secret keeps the stored one. Everything but
    /// the name and the date undoes what was proved.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where there is no such connector, [`Failure::ProofNeeded`] where its secret is to
    /// be replaced by somebody who has not given their password of late.
    pub async fn change(
        &self,
        admin: &Admin,
        id: ConnectorId,
        version: i64,
        new: &Parsed,
    ) -> Result<Changed, Failure> {
        let sealed = self.seal_for(admin, id, new.secret.as_ref())?;
        let changed = self
            .database
            .write::<_, Undone, _>(async |tx| {
                let store = Connectors::of(admin.organisation());
                let old = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                match store.by_name_key(&tx, &new.settings.name_key).await? {
                    Some(other) if other != id => return Ok(Changed::NameTaken),
                    _ => {}
                }
                self.apply(&tx, admin, &old, version, &new.settings, sealed).await
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
    /// [`Failure::NotFound`] where there is no such connector, [`Failure::ProofNeeded`] for somebody who has
    /// not given their password of late.
    pub async fn replace_secret(
        &self,
        admin: &Admin,
        id: ConnectorId,
        version: i64,
        new: &ParsedSecret,
    ) -> Result<Changed, Failure> {
        let sealed = self.seal_for(admin, id, Some(&new.secret))?;
        self.database
            .write(async |tx| {
                let old =
                    Connectors::of(admin.organisation()).lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                let settings = Settings { secret_expires_on: new.expires_on, ..old.settings() };
                Ok(self.apply(&tx, admin, &old, version, &settings, sealed).await?)
            })
            .await
    }

    /// Changes who may sign in through a connector that is at `version`: what a sign-in that failed showed to be
    /// wrong. The tenant is that of [`AccountType::SingleTenant`].
    ///
    /// # Errors
    /// [`Failure::NotFound`] where there is no such connector.
    pub async fn change_audience(
        &self,
        admin: &Admin,
        id: ConnectorId,
        version: i64,
        account_type: AccountType,
        tenant: Option<Tenant>,
    ) -> Result<Changed, Failure> {
        self.database
            .write(async |tx| {
                let old =
                    Connectors::of(admin.organisation()).lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                let settings = Settings { account_type, tenant, ..old.settings() };
                Ok(self.apply(&tx, admin, &old, version, &settings, None).await?)
            })
            .await
    }

    /// A new secret for a connector, sealed.
    fn seal_for(
        &self,
        admin: &Admin,
        id: ConnectorId,
        secret: Option<&SecretString>,
    ) -> Result<Option<SealedSecret>, Failure> {
        let Some(secret) = secret else { return Ok(None) };
        // Whoever finds a browser that was left signed in could otherwise put an application of their own in the
        // place of the company's.
        if !admin.has_proved() {
            return Err(Failure::ProofNeeded);
        }
        self.seal(admin.organisation(), id, secret).map(Some)
    }

    async fn apply(
        &self,
        tx: &Tx,
        admin: &Admin,
        old: &Connector,
        version: i64,
        new: &Settings,
        secret: Option<SealedSecret>,
    ) -> Result<Changed, Undone> {
        let fields = differences(old, new, secret.is_some());
        if fields.is_empty() {
            return Ok(Changed::Nothing);
        }
        let undone: Vec<_> = fields.iter().copied().filter(|field| undoes_proof(*field)).collect();
        let unproved = (!undone.is_empty()).then(|| unproved(old, undone));
        let store = Connectors::of(admin.organisation());
        let now = self.clock.now();
        if !store.change(tx, old.id, version, new, secret, unproved.as_deref(), now).await? {
            return Ok(Changed::Outdated);
        }
        let entry = Entry::done(Action::ConnectorChanged, new.service_name.as_str(), old.id.0)
            .with_detail(labels(fields));
        self.activity.record(tx, admin.actor(), entry).await?;
        Ok(Changed::Changed)
    }

    /// Deletes a connector with its secret and its sign-ins; the activity keeps its name.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where there is no such connector.
    pub async fn delete(&self, admin: &Admin, id: ConnectorId) -> Result<Connector, Failure> {
        let store = Connectors::of(admin.organisation());
        self.database
            .write(async |tx| {
                // Locked, so that of two deletions at once the second finds nothing.
                let old = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                store.delete(&tx, id).await?;
                let entry = Entry::done(Action::ConnectorDeleted, old.service_name.as_str(), id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(old)
            })
            .await
    }
}

/// Whether a sign-in that went through before this was changed proves nothing any more.
const fn undoes_proof(field: Field) -> bool {
    !matches!(field, Field::ServiceName | Field::SecretExpires)
}

/// Which fields were changed since the connector was last tried; none where it never was.
fn unproved(old: &Connector, undone: Vec<Field>) -> String {
    if old.state == ConnectorState::NotVerified && old.unproved.is_empty() {
        return String::new();
    }
    let before = old.unproved.split(", ").filter(|label| !label.is_empty()).map(str::to_owned);
    let mut all: Vec<String> = before.collect();
    all.extend(undone.into_iter().map(|field| field.label().to_owned()));
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

fn labels(fields: Vec<Field>) -> String {
    fields.into_iter().map(Field::label).collect::<Vec<_>>().join(", ")
}

/// What changed.
fn differences(old: &Connector, new: &Settings, secret: bool) -> Vec<Field> {
    [
        (old.service_name != new.service_name, Field::ServiceName),
        (old.client_id != new.client_id, Field::ClientId),
        (secret, Field::ClientSecret),
        (old.secret_expires_on != new.secret_expires_on, Field::SecretExpires),
        (old.account_type != new.account_type, Field::AccountType),
        (old.tenant != new.tenant, Field::Tenant),
        (old.scopes != new.scopes, Field::Permissions),
    ]
    .into_iter()
    .filter_map(|(changed, field)| changed.then_some(field))
    .collect()
}

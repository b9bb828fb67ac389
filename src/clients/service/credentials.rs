//! Makes and removes the credentials of a client: API keys, Client Secrets and refresh tokens. A secret is shown once;
//! only its hash is stored.

use secrecy::SecretString;

use super::{ClientDependencies, ClientService};
use crate::{
    activity::model::{Action, Detail, Entry},
    clients::{
        model::{ApiClientId, Client, Credential, CredentialId, CredentialKind, Secret, ids_of_kind},
        store::OrganisationClients,
    },
    people::access::{Admin, Reauthenticated, Scopes},
    platform::{clock::Timestamp, database::Tx, failure::Failure, id::UserId},
};

/// A secret that is shown once.
#[derive(Clone, Debug)]
pub struct NewSecret {
    pub id: CredentialId,
    pub kind: CredentialKind,
    pub secret: SecretString,
    pub hint: String,
}

/// Why no credential was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMade {
    /// The client has got another credential of the kind since the form was shown. If the form was sent twice, the first
    /// one has made it and shown its secret.
    Outdated,
    /// What to change, as words for the form.
    Words(&'static str),
}

/// Why a client gets no further credential of a kind.
const fn too_many(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ApiKey => "This client has two API keys, which is the most. Remove one first.",
        CredentialKind::ClientSecret => {
            "This client has two Client Secrets, which is the most. Remove one first."
        }
        CredentialKind::RefreshToken => {
            "This client has ten refresh tokens, which is the most. Remove one first."
        }
    }
}

impl ClientService {
    /// Makes a credential of a client. A refresh token may have fewer scopes than its client; `None` gives it all of
    /// them, also those that the client gets later. Other credentials have the scopes of the client.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    ///
    /// # Returns
    /// The secret, or why none was made.
    pub async fn make_credential(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ApiClientId,
        kind: CredentialKind,
        scopes: Option<Scopes>,
    ) -> Result<Result<NewSecret, NotMade>, Failure> {
        self.make(admin, id, kind, scopes, None).await
    }

    /// The same for a form whose page showed these credentials of the kind, `seen`. A form that is sent twice makes one.
    /// Their order does not matter, because the clocks of two processes may differ.
    pub async fn make_credential_of_form(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ApiClientId,
        kind: CredentialKind,
        scopes: Option<Scopes>,
        seen: &[CredentialId],
    ) -> Result<Result<NewSecret, NotMade>, Failure> {
        self.make(admin, id, kind, scopes, Some(seen)).await
    }

    async fn make(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ApiClientId,
        kind: CredentialKind,
        scopes: Option<Scopes>,
        seen: Option<&[CredentialId]>,
    ) -> Result<Result<NewSecret, NotMade>, Failure> {
        let scopes = scopes.filter(|_| kind == CredentialKind::RefreshToken);
        let ClientDependencies { database, people, activity, clock, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        database
            .write(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let client = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                if let Some(scopes) = &scopes {
                    if scopes.is_empty() {
                        return Ok(Err(NotMade::Words("Choose what the refresh token may do.")));
                    }
                    if !scopes.without(&client.scopes).is_empty() {
                        return Ok(Err(NotMade::Words(
                            "A refresh token can only do what its client may do.",
                        )));
                    }
                }
                let present = store.credentials(&tx, id).await?;
                let is_new =
                    |seen: &[CredentialId]| ids_of_kind(&present, kind).any(|id| !seen.contains(&id));
                if seen.is_some_and(is_new) {
                    return Ok(Err(NotMade::Outdated));
                }
                if ids_of_kind(&present, kind).count() >= kind.max() {
                    return Ok(Err(NotMade::Words(too_many(kind))));
                }
                let made = self
                    .add_credential(&tx, &client, kind, scopes.clone(), admin.user(), clock.now())
                    .await?;
                let detail = Detail::Credential { credential: kind.name().to_owned() };
                let entry = Entry::done(Action::ClientCredentialMade, client.name, id.0).with_detail(detail);
                activity.record(&tx, admin.actor(), entry).await?;
                Ok(Ok(made))
            })
            .await
    }

    /// Adds a credential to a locked client.
    pub(super) async fn add_credential(
        &self,
        tx: &Tx,
        client: &Client,
        kind: CredentialKind,
        scopes: Option<Scopes>,
        by: UserId,
        now: Timestamp,
    ) -> Result<NewSecret, Failure> {
        let ClientDependencies { clock, randomness, .. } = self.dependencies();
        let secret = Secret::random(kind.secret(), &**randomness);
        let credential = Credential {
            id: CredentialId::new(&**clock, &**randomness),
            client: client.id,
            kind,
            hint: secret.hint(),
            scopes,
            created_at: now,
            created_by: Some(by),
            used_at: None,
        };
        let store = OrganisationClients::of(client.organisation);
        store.add_credential(tx, &credential, secret.hash()).await?;
        let Credential { id, hint, .. } = credential;
        Ok(NewSecret { id, kind, secret: secret.reveal().clone(), hint })
    }

    /// Removes a credential. Removing one that is gone is not an error. Access tokens of a removed refresh token are
    /// refused, and those of a removed Client Secret are not.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such client.
    pub async fn remove_credential(
        &self,
        admin: &Admin,
        id: ApiClientId,
        credential: CredentialId,
    ) -> Result<(), Failure> {
        let ClientDependencies { database, people, activity, .. } = self.dependencies();
        let store = OrganisationClients::of(admin.organisation());
        database
            .write::<_, Failure, _>(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let client = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                let present = store.credentials(&tx, id).await?;
                let Some(found) = present.into_iter().find(|other| other.id == credential) else {
                    return Ok(());
                };
                store.remove_credential(&tx, id, credential).await?;
                let detail = Detail::Credential { credential: found.kind.name().to_owned() };
                let entry =
                    Entry::done(Action::ClientCredentialRemoved, client.name, id.0).with_detail(detail);
                Ok(activity.record(&tx, admin.actor(), entry).await?)
            })
            .await?;
        self.0.cache.forget(id);
        Ok(())
    }
}

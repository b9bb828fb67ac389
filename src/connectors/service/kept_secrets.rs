//! Keeps a client secret that was typed into a form which was not saved, because the provider shows a secret only once.
//! A kept secret is sealed, for ten minutes, and for the same form in the same session. The form names it by its id.
//! Sending the form again uses it once.
//!
//! The attack: an attacker at another browser, or with write access to the database, wants the program to use a secret
//! that an administrator has typed. Therefore the sealed value is bound to the session, the form, the connector and the
//! time, no page and no cookie contains it, and the row is deleted with its session.

use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use uuid::Uuid;

use super::{
    super::store::{
        ConnectorId,
        kept_secrets::{FormKey, KeptRow, KeptSecretId, KeptSecrets},
    },
    ConnectorService,
    typed::name_key,
};
use crate::{
    connectors::model::ServiceName,
    jobs::service::Lease,
    people::access::Admin,
    platform::{
        clock::Timestamp,
        database::{
            DatabaseError, Tx,
            columns::{Bound, Column, ContextPart, bytes_as_text},
        },
        failure::Failure,
        id::OrganisationId,
        randomness::Hash,
        text,
    },
    vault::{Binding, VaultError, reseal::SealedColumn},
};

/// A secret is kept for this long after it was typed.
const KEPT: Duration = Duration::minutes(10);
/// Maximum number of secrets that are kept in one session.
const MAX_KEPT: u64 = 5;

/// The message at the field for the secret if a form relies on a kept secret that is gone.
pub const SECRET_NOT_KEPT: &str = "Paste the secret again. For safety it was not kept.";

/// The kept secrets.
pub const SEALED_KEPT: SealedColumn = SealedColumn {
    column: Column { table: "kept_secrets", column: "client_secret" },
    what: "The client secret that is kept for an open form",
    remedy: "It is erased within a quarter of an hour, and the form asks for the secret again.",
    bound: Some(Bound {
        version: "version",
        context: &[
            ContextPart::Bytes("session_hash"),
            ContextPart::Column("form"),
            ContextPart::Id("connector_id"),
            // Otherwise an attacker with write access to the database could extend the ten minutes.
            ContextPart::Integer("created_at"),
        ],
    }),
};

/// The values that a kept secret is bound to: the context of [`SEALED_KEPT`], in its order.
fn binding(key: &FormKey, version: i64, created_at: Timestamp) -> Binding {
    let session = bytes_as_text(key.session.as_bytes());
    let connector = key.connector.map(|connector| connector.to_string());
    let created_at = created_at.micros().to_string();
    Binding { version, context: vec![Some(session), Some(key.form.clone()), connector, Some(created_at)] }
}

/// The origin of the secret in a sent form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SecretOrigin {
    /// The user has typed it, or has left the field empty.
    #[default]
    Typed,
    /// The secret was kept when the form was last sent.
    Kept(KeptSecretId),
    /// The form relies on a kept secret, and it is gone.
    Gone,
}

/// A sent form as the use cases know it. The default is a form for which no secret can be kept.
#[derive(Clone, Debug, Default)]
pub struct SentForm {
    key: Option<FormKey>,
    origin: SecretOrigin,
    /// The kept secret that the form names.
    named: Option<KeptSecretId>,
}

impl SentForm {
    /// Whether the form relies on a kept secret that is gone.
    pub fn lacks_secret(&self) -> bool {
        self.origin == SecretOrigin::Gone
    }
}

impl ConnectorService {
    /// The secret of a sent form: the typed one, or, if the field was left empty and the form names a kept one, the
    /// kept one. `named` is the value of the hidden field, empty if the form names none.
    pub async fn secret_of_form(
        &self,
        admin: &Admin,
        key: Option<FormKey>,
        typed: SecretString,
        named: &str,
    ) -> Result<(SecretString, SentForm), Failure> {
        let relies_on_kept = !named.is_empty();
        let named: Option<KeptSecretId> = named.parse().ok();
        if !relies_on_kept || !is_empty(&typed) {
            return Ok((typed, SentForm { key, origin: SecretOrigin::Typed, named }));
        }
        let kept = match (&key, named) {
            (Some(key), Some(id)) => self.find_kept_secret(admin, key, id).await?.map(|secret| (id, secret)),
            _ => None,
        };
        Ok(match kept {
            Some((id, secret)) => (secret, SentForm { key, origin: SecretOrigin::Kept(id), named }),
            None => (typed, SentForm { key, origin: SecretOrigin::Gone, named }),
        })
    }

    /// Keeps the secret of a form that is not saved, in place of the one that the form names. A secret that was kept
    /// before keeps its id and its time.
    ///
    /// # Returns
    /// The id of the kept secret; `None` if it is not kept. An empty one is not.
    pub async fn keep_secret(
        &self,
        admin: &Admin,
        form: &SentForm,
        secret: &SecretString,
    ) -> Result<Option<KeptSecretId>, Failure> {
        let key = match (form.origin, &form.key) {
            (SecretOrigin::Kept(id), _) => return Ok(Some(id)),
            (SecretOrigin::Typed, Some(key)) if !is_empty(secret) => key.clone(),
            _ => return Ok(None),
        };
        let id = KeptSecretId::new(&*self.clock, &*self.randomness);
        let (version, created_at) = (1, self.clock.now());
        let sealed = self.seal_kept(admin.organisation(), id, &binding(&key, version, created_at), secret)?;
        let row = KeptRow { id, key, sealed, version, created_at };
        let (store, replaced) = (KeptSecrets::of(admin.organisation()), form.named);
        let kept =
            self.database.write(async |tx| store.keep_secret(&tx, row, replaced, MAX_KEPT).await).await;
        match kept {
            Ok(()) => Ok(Some(id)),
            // The session has ended since the request began, or the connector was deleted.
            Err(error) if error.is_missing_reference() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases the kept secret that a form names, because the form's secret is wrong and has to be typed again. A kept
    /// secret that does not open is left for `mail360 check` to report.
    pub async fn forget_secret(&self, admin: &Admin, form: &SentForm) -> Result<(), Failure> {
        match (&form.key, form.named) {
            (Some(key), Some(id)) if !form.lacks_secret() => self.erase_kept_secret(admin, key, id).await,
            _ => Ok(()),
        }
    }

    /// Erases a secret that is kept for a form, if it is still there.
    pub async fn erase_kept_secret(
        &self,
        admin: &Admin,
        key: &FormKey,
        id: KeptSecretId,
    ) -> Result<(), Failure> {
        let store = KeptSecrets::of(admin.organisation());
        self.database.write(async |tx| store.take_secret(&tx, key, id).await).await?;
        Ok(())
    }

    /// Whether this secret is kept for a form.
    pub async fn has_kept_secret(
        &self,
        admin: &Admin,
        key: &FormKey,
        id: KeptSecretId,
    ) -> Result<bool, Failure> {
        Ok(self.find_kept_secret(admin, key, id).await?.is_some())
    }

    /// The connector that this form has added, if it has the typed name. A second click sends the form when the first
    /// one has used the kept secret, so the secrets cannot be compared.
    pub async fn find_added_under_name(
        &self,
        admin: &Admin,
        form: Uuid,
        service_name: &str,
    ) -> Result<Option<ConnectorId>, Failure> {
        let (store, read) = (self.store(admin.organisation()), self.database.read());
        let Ok(name) = ServiceName::parse(service_name) else { return Ok(None) };
        let by_name = store.by_name_key(&read, &name_key(&name)).await?;
        Ok(store.by_form(&read, form).await?.filter(|added| by_name == Some(*added)))
    }

    /// Erases what is kept for a form that is saved, in the transaction that saves it.
    ///
    /// # Returns
    /// `false` if the form's secret was a kept one and is gone: another request has used it first, or the session has
    /// ended. The form must not be saved then.
    pub(super) async fn use_kept_secret(
        &self,
        tx: &Tx,
        admin: &Admin,
        form: &SentForm,
    ) -> Result<bool, DatabaseError> {
        let Some(key) = &form.key else { return Ok(true) };
        let store = KeptSecrets::of(admin.organisation());
        if let SecretOrigin::Kept(id) = form.origin {
            return store.take_secret(tx, key, id).await;
        }
        if let Some(id) = form.named {
            store.take_secret(tx, key, id).await?;
        }
        Ok(true)
    }

    /// Takes the kept secrets of a session to the one that replaces it, in the transaction that replaces it. The user
    /// has re-authenticated, and the form that waits for that uses the secret.
    pub async fn take_kept_secrets_along(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        old: Hash,
        new: Hash,
    ) -> Result<(), Failure> {
        let store = KeptSecrets::of(organisation);
        for kept in store.all_of_session(tx, old).await? {
            // A secret that stays at the old session is deleted with that session.
            let Some(secret) = self.open_kept(organisation, &kept) else { continue };
            let (id, version) = (kept.id, kept.version + 1);
            let key = FormKey { session: new, ..kept.key };
            let created_at = kept.created_at;
            let sealed = self.seal_kept(organisation, id, &binding(&key, version, created_at), &secret)?;
            store.reseal(tx, KeptRow { id, key, sealed, version, created_at }).await?;
        }
        Ok(())
    }

    /// Erases the kept secrets of all organisations whose time is over.
    pub async fn erase_expired_secrets(&self, lease: &Lease) -> Result<(), Failure> {
        let now = self.clock.now();
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(KeptSecrets::erase_expired(&tx, now.minus(KEPT), now).await?)
            })
            .await
    }

    async fn find_kept_secret(
        &self,
        admin: &Admin,
        key: &FormKey,
        id: KeptSecretId,
    ) -> Result<Option<SecretString>, Failure> {
        let organisation = admin.organisation();
        let found = KeptSecrets::of(organisation).get(&self.database.read(), key, id).await?;
        Ok(found.and_then(|kept| self.open_kept(organisation, &kept)))
    }

    /// Opens a kept secret. `None` if its time is over, or if it does not open; `mail360 check` reports the latter.
    fn open_kept(&self, organisation: OrganisationId, kept: &KeptRow) -> Option<SecretString> {
        if !kept.created_at.is_within(KEPT, self.clock.now()) {
            return None;
        }
        let place = SEALED_KEPT.place(organisation.0, kept.id.0);
        let binding = binding(&kept.key, kept.version, kept.created_at);
        self.vault.open_bound(place, &binding, &kept.sealed).ok()
    }

    fn seal_kept(
        &self,
        organisation: OrganisationId,
        id: KeptSecretId,
        binding: &Binding,
        secret: &SecretString,
    ) -> Result<Vec<u8>, Failure> {
        let place = SEALED_KEPT.place(organisation.0, id.0);
        self.vault.seal_bound(place, binding, secret).map_err(|error: VaultError| Failure::unexpected(&error))
    }
}

fn is_empty(secret: &SecretString) -> bool {
    text::trim(secret.expose_secret()).is_empty()
}

//! Seals client secrets. A secret is bound to its row, to a number that grows with each secret of the row, and to its
//! application. Therefore an attacker who can write to the database can neither restore an older secret, nor make the
//! program send the secret with another Client ID or with other provider settings.

use secrecy::{ExposeSecret, SecretString};

use super::{
    super::store::{Connector, ConnectorId, SealedSecret, Settings},
    ConnectorService,
};
use crate::{
    platform::{
        database::columns::{Bound, Column, ContextPart, object_values},
        failure::Failure,
        id::OrganisationId,
    },
    vault::{Binding, Place, VaultError, reseal::SealedColumn},
};

/// The provider for which the context of the binding has an older text in place of the provider's name, and that
/// text. When Outlook was the only provider, the last part of the context was the name of its cloud, and stored
/// secrets are bound to that.
const EARLIER: (&str, &str) = ("outlook", "global");

/// The client secrets.
pub const SEALED: SealedColumn = SealedColumn {
    column: Column { table: "connectors", column: "client_secret" },
    what: "The client secret of the connector",
    remedy: "Enter a new one on the connector's page.",
    bound: Some(Bound {
        version: "client_secret_version",
        context: &[
            ContextPart::Column("client_id"),
            ContextPart::Object("provider_settings"),
            ContextPart::Renamed("provider", EARLIER),
        ],
    }),
};

const fn place(organisation: OrganisationId, id: ConnectorId) -> Place {
    SEALED.place(organisation.0, id.0)
}

/// The values that a client secret is bound to: the context of [`SEALED`], in its order.
pub(super) fn binding(version: i64, settings: &Settings) -> Binding {
    let mut context = vec![Some(settings.client_id.to_string())];
    context.extend(object_values(&settings.application.settings()));
    let provider = settings.provider.form().name();
    context.push(Some(if provider == EARLIER.0 { EARLIER.1 } else { provider }.to_owned()));
    Binding { version, context }
}

impl ConnectorService {
    pub(super) fn seal(
        &self,
        organisation: OrganisationId,
        id: ConnectorId,
        binding: &Binding,
        secret: &SecretString,
    ) -> Result<SealedSecret, Failure> {
        let sealed = self
            .vault
            .seal_bound(place(organisation, id), binding, secret)
            .map_err(|error| Failure::unexpected(&error))?;
        // Three characters would reveal too large a part of a short secret.
        let exposed = secret.expose_secret();
        let shown = if exposed.chars().count() >= 12 { 3 } else { 0 };
        Ok(SealedSecret { sealed, version: binding.version, hint: exposed.chars().take(shown).collect() })
    }

    pub(super) fn open(&self, connector: &Connector, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let binding = binding(connector.secret_version, &connector.settings());
        self.vault.open_bound(place(connector.organisation, connector.id), &binding, sealed)
    }
}

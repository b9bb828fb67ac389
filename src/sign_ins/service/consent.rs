//! The link at which an administrator of a company allows a connector's permissions. Its `state` is a sealed
//! reference to the connector: the page after the return can then name the organisation and the connector. Only this
//! program can make or read a reference, and it proves nothing about the browser that brings it back. A link may be
//! kept or forwarded for years, so after [`REFERENCE_LASTS`] its reference is ignored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use url::Url;
use uuid::Uuid;

use super::{super::callback::CONSENT_STATE, SignInDependencies, SignIns};
use crate::{
    connectors::service::{Connector, ConnectorId},
    platform::{clock::Timestamp, failure::Failure, id::OrganisationId},
    providers::SharedProvider,
    vault::Place,
};

/// Separates the two ids and the day of a reference.
const BETWEEN: char = '.';
/// How long a reference can be read, from the beginning of the day on which its link was created.
const REFERENCE_LASTS: Duration = Duration::days(90);
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// A reference is in no table: the link has it.
const PLACE: Place =
    Place { organisation: Uuid::nil(), table: "consent link", column: "state", row: Uuid::nil() };

/// The organisation and the connector for which an administrator of a company was asked.
#[derive(Clone, Debug)]
pub struct ConsentRequest {
    /// The name of the organisation.
    pub organisation: String,
    /// The name of the connector.
    pub connector: String,
    /// The provider of the connector.
    pub provider: SharedProvider,
}

impl SignIns {
    pub fn redirect_uri(&self) -> String {
        self.dependencies().public_url.redirect_uri()
    }

    /// The link at which an administrator of a company allows the permissions of a connector; `None` if the provider
    /// has none for this connector.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the reference cannot be sealed.
    pub fn consent_link(&self, connector: &Connector) -> Result<Option<String>, Failure> {
        let SignInDependencies { vault, public_url, clock, .. } = self.dependencies();
        let address = connector.application.consent_address(&public_url.redirect_uri(), &connector.scopes);
        let Some(mut link) = address.and_then(|address| Url::parse(&address).ok()) else { return Ok(None) };
        let (organisation, id) = (connector.organisation.0.simple(), connector.id.0.simple());
        let day = clock.now().micros().div_euclid(DAY);
        let reference = SecretString::from(format!("{organisation}{BETWEEN}{id}{BETWEEN}{day}"));
        let sealed = vault.seal(PLACE, &reference).map_err(|error| Failure::unexpected(&error))?;
        let state = format!("{CONSENT_STATE}{}", URL_SAFE_NO_PAD.encode(sealed));
        link.query_pairs_mut().append_pair("state", &state);
        Ok(Some(link.into()))
    }

    /// The request to which a returned reference belongs. `None` if this program has not made the reference, it is too
    /// old, or the connector is gone.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn consent_request(&self, reference: &str) -> Result<Option<ConsentRequest>, Failure> {
        let SignInDependencies { database, connectors, people, .. } = self.dependencies();
        let Some((organisation, id)) = self.open_reference(reference) else { return Ok(None) };
        let Some(connector) = connectors.find(&database.read(), organisation, id).await? else {
            return Ok(None);
        };
        Ok(Some(ConsentRequest {
            organisation: people.organisation_name(organisation).await?,
            connector: connector.service_name.as_str().to_owned(),
            provider: connector.provider,
        }))
    }

    fn open_reference(&self, reference: &str) -> Option<(OrganisationId, ConnectorId)> {
        let SignInDependencies { vault, clock, .. } = self.dependencies();
        let sealed = URL_SAFE_NO_PAD.decode(reference).ok()?;
        let opened = vault.open(PLACE, &sealed).ok()?;
        let mut parts = opened.expose_secret().split(BETWEEN);
        let (organisation, id, day) = (parts.next()?, parts.next()?, parts.next()?);
        let made = Timestamp::from_micros(day.parse::<i64>().ok()?.checked_mul(DAY)?);
        let is_named = made.is_within(REFERENCE_LASTS, clock.now());
        is_named.then_some((OrganisationId(organisation.parse().ok()?), ConnectorId(id.parse().ok()?)))
    }
}

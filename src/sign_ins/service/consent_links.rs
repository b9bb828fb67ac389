//! The way of an administrator of a company, who has no user here, from a consent link to the provider and back.
//!
//! No row is made on the way: the `state` is a sealed text with the link, the browser that left and the time. The
//! attacks: a person who got a forwarded link, or knows a state, writes an address of their own that claims an approval.
//! Therefore the state counts only in the browser that left, within an hour, and what comes back proves nothing.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

use super::{
    super::{callback::CONSENT_LINK_STATE, model::FINDABLE},
    SignInDependencies, SignIns,
};
use crate::{
    accounts::service::consent_links::{ClosedConsentLink, ConsentProblem, OpenConsentLink},
    activity::model::Actor,
    platform::{
        clock::Timestamp,
        failure::Failure,
        randomness::{Hash, Token},
        request_id::RequestId,
    },
    vault::Place,
};

/// Separates the token, the hash of the browser's binding and the time in a state.
const BETWEEN: char = '.';
/// A state is in no table: the browser brings it back.
const PLACE: Place =
    Place { organisation: Uuid::nil(), table: "consent link", column: "trip", row: Uuid::nil() };

/// The result of the button of a consent link's page.
pub enum ConsentStart {
    Started {
        /// The address to which the browser is sent.
        url: String,
        open: Box<OpenConsentLink>,
    },
    /// The link cannot be used.
    Closed(ClosedConsentLink),
    /// The address has started too many sign-ins and approvals.
    TooMany(Box<OpenConsentLink>),
}

/// A browser that has come back from the provider.
pub struct ConsentReturn {
    /// The token of its link.
    pub token: Token,
    pub link: Result<OpenConsentLink, ClosedConsentLink>,
}

/// What the sealed text of a state says.
struct Trip {
    token: Token,
    /// The hash of the binding cookie of the browser that left.
    binding: Hash,
    left_at: Timestamp,
}

impl Trip {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(BETWEEN);
        let (token, binding, left_at) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            token: Token::parse(token)?,
            binding: binding.parse().ok()?,
            left_at: Timestamp::from_micros(left_at.parse().ok()?),
        })
    }

    fn write(&self) -> SecretString {
        let (token, binding, left_at) = (self.token.expose(), self.binding, self.left_at.micros());
        SecretString::from(format!("{token}{BETWEEN}{binding}{BETWEEN}{left_at}"))
    }
}

impl SignIns {
    /// Sends a browser, which holds `binding`, to the page of the provider on which an administrator allows the
    /// permissions.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the state cannot be sealed.
    pub async fn start_consent(
        &self,
        token: &Token,
        binding: &Token,
        address: Option<IpAddr>,
    ) -> Result<ConsentStart, Failure> {
        let SignInDependencies { consents, vault, public_url, clock, .. } = self.dependencies();
        let open = match consents.open(token).await? {
            Ok(open) => open,
            Err(closed) => return Ok(ConsentStart::Closed(closed)),
        };
        if !self.may_start(address).await? {
            return Ok(ConsentStart::TooMany(Box::new(open)));
        }
        let OpenConsentLink { link, connector } = &open;
        let (application, redirect_uri) = (&connector.application, public_url.redirect_uri());
        let url = application.consent_address_of(&link.directory, &redirect_uri, &connector.scopes);
        let Some(mut url) = url.and_then(|url| Url::parse(&url).ok()) else {
            let problem = ConsentProblem::Unavailable;
            let organisation = Some(link.organisation);
            return Ok(ConsentStart::Closed(ClosedConsentLink { problem, organisation }));
        };
        let trip = Trip { token: token.clone(), binding: binding.hash(), left_at: clock.now() };
        let sealed = vault.seal(PLACE, &trip.write()).map_err(|error| Failure::unexpected(&error))?;
        let state = format!("{CONSENT_LINK_STATE}{}", URL_SAFE_NO_PAD.encode(sealed));
        url.query_pairs_mut().append_pair("state", &state);
        Ok(ConsentStart::Started { url: url.into(), open: Box::new(open) })
    }

    /// Takes a browser back that the provider sent with this sealed state. If permissions were approved, the link notes
    /// that it was reported.
    ///
    /// # Returns
    /// `None` if this browser did not leave with the state, or more than an hour ago.
    pub async fn finish_consent(
        &self,
        sealed: &str,
        binding: Option<&Token>,
        is_approved: bool,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
    ) -> Result<Option<ConsentReturn>, Failure> {
        let SignInDependencies { consents, clock, .. } = self.dependencies();
        let Some(trip) = self.open_trip(sealed) else { return Ok(None) };
        if binding.is_none_or(|binding| binding.hash() != trip.binding) {
            tracing::warn!("refused an approval that came back in another browser");
            return Ok(None);
        }
        if !trip.left_at.is_within(FINDABLE, clock.now()) {
            return Ok(None);
        }
        let link = consents.open_returned(&trip.token).await?;
        if let (Ok(open), true) = (&link, is_approved) {
            let organisation = open.link.organisation;
            let actor = Actor { organisation, user: None, client: None, address, request_id };
            consents.report(open, actor).await?;
        }
        Ok(Some(ConsentReturn { token: trip.token, link }))
    }

    fn open_trip(&self, sealed: &str) -> Option<Trip> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let opened = self.dependencies().vault.open(PLACE, &sealed).ok()?;
        Trip::parse(opened.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::randomness::SystemRandomness;

    #[test]
    fn a_trip_is_written_in_one_form_and_read_again() {
        let token = || Token::random(&SystemRandomness);
        let trip = Trip {
            token: token(),
            binding: token().hash(),
            left_at: Timestamp::from_micros(1_795_417_030_000_000),
        };
        let written = trip.write();
        let read = Trip::parse(written.expose_secret()).expect("a trip");
        assert_eq!(read.token.expose(), trip.token.expose());
        assert_eq!((read.binding, read.left_at), (trip.binding, trip.left_at));
        // Sealed and encoded it must fit into a state.
        assert!(written.expose_secret().len() < 160, "{}", written.expose_secret().len());
        for other in ["", "a.b.c", "..", trip.token.expose()] {
            assert!(Trip::parse(other).is_none(), "{other}");
        }
    }
}

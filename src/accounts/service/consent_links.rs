//! Consent links: addresses with which an administrator of a company, who has no user here, allows a connector's
//! permissions for that company. A link pins the directory of the company. Coming back from the provider proves nothing;
//! a later sign-in of an account of the directory does. `listing` has what pages show, and `ending` revokes links and
//! erases old ones. Start with [`ConsentLinks::make`].

mod ending;
mod listing;

use std::sync::Arc;

use secrecy::SecretString;

pub use self::listing::{ConsentCounts, ConsentLinkPage, DirectoryPage, ListedConsentLink};
pub use super::super::store::{
    approved_directories::ApprovedDirectory,
    consent_links::{ConsentLink, ConsentLinkId, ConsentLinkPosition, ConsentLinkState, LIFE},
};
use super::{
    super::store::{approved_directories::ApprovedDirectories, consent_links::OrganisationConsentLinks},
    link_kinds::may_still_make,
};
use crate::{
    activity::{
        model::{Action, Actor, Detail, Entry},
        service::Activity,
    },
    connectors::service::{Connector, ConnectorId, ConnectorService},
    people::{access::Admin, service::People},
    platform::{
        clock::{SharedClock, Timestamp},
        config::PublicUrl,
        database::{Database, DatabaseError, Queries, Tx, Unscoped},
        failure::Failure,
        id::OrganisationId,
        randomness::{SharedRandomness, Token},
    },
    providers::{
        http::ProviderHttp,
        provider::{ConsentOffer, FoundDirectory},
    },
};

/// Maximum number of open consent links of an organisation.
pub const MAX_OPEN: u64 = 1_000;

/// A link that was just made. Its address is shown once.
#[derive(Clone, Debug)]
pub struct MadeConsentLink {
    /// The complete address.
    pub url: SecretString,
    /// The name by which the directory was chosen.
    pub directory_name: String,
    pub expires_at: Timestamp,
}

/// Why a consent link cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentProblem {
    /// No link has this token, or its connector was deleted.
    Unknown,
    /// A sign-in has proved that the permissions are allowed.
    Approved,
    Expired,
    Revoked,
    /// Its connector is being deleted, or has another application since.
    Unavailable,
}

/// A consent link that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedConsentLink {
    pub problem: ConsentProblem,
    /// The organisation whose link it is; `None` if the link is unknown.
    pub organisation: Option<OrganisationId>,
}

impl ClosedConsentLink {
    /// For a text that is no token.
    pub const UNKNOWN: Self = Self { problem: ConsentProblem::Unknown, organisation: None };
}

/// A consent link that can be used, with its connector.
#[derive(Clone, Debug)]
pub struct OpenConsentLink {
    pub link: ConsentLink,
    pub connector: Connector,
}

/// Whether the time of a link counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deadline {
    Counts,
    /// A browser that began before it may come back.
    Ignored,
}

/// What [`ConsentLinks`] works with.
pub struct ConsentLinkDependencies {
    pub database: Database,
    pub connectors: ConnectorService,
    pub people: People,
    pub activity: Activity,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    /// Asks the provider for the directory of a name.
    pub http: Arc<dyn ProviderHttp>,
    pub public_url: PublicUrl,
}

/// The use cases of consent links.
#[derive(Clone)]
pub struct ConsentLinks(Arc<ConsentLinkDependencies>);

impl ConsentLinks {
    /// Use cases with these dependencies.
    pub fn new(dependencies: ConsentLinkDependencies) -> Self {
        Self(Arc::new(dependencies))
    }

    /// Makes a link for the directory that was typed: its id, or a name that the provider knows.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such connector.
    ///
    /// # Returns
    /// The link, or what to change.
    pub async fn make(
        &self,
        admin: &Admin,
        id: ConnectorId,
        typed: &str,
    ) -> Result<Result<MadeConsentLink, &'static str>, Failure> {
        let ConsentLinkDependencies { database, connectors, http, randomness, .. } = &*self.0;
        let connector = connectors.get_usable(&admin.caller(), id).await?;
        if connector.application.consent_offer() == ConsentOffer::NotOffered {
            return Ok(Err(NOT_OFFERED));
        }
        // No transaction is open while the provider is asked.
        let directory = match connector.application.find_directory(&**http, typed).await {
            Ok(directory) => directory,
            Err(words) => return Ok(Err(words)),
        };
        let token = Token::random(&**randomness);
        let made = database
            .write(async |tx| self.make_within(&tx, admin, &connector, &directory, &token).await)
            .await?;
        Ok(made.map(|link| MadeConsentLink {
            url: SecretString::from(self.0.public_url.join(&format!("/consent/{}", token.expose()))),
            directory_name: link.directory_name,
            expires_at: link.expires_at,
        }))
    }

    async fn make_within(
        &self,
        tx: &Tx,
        admin: &Admin,
        chosen: &Connector,
        directory: &FoundDirectory,
        token: &Token,
    ) -> Result<Result<ConsentLink, &'static str>, Failure> {
        let ConsentLinkDependencies { connectors, people, activity, clock, randomness, .. } = &*self.0;
        let (organisation, now) = (admin.organisation(), clock.now());
        // Locked in the order of all transactions: the connector, the user, the link.
        let connector = connectors.lock(tx, organisation, chosen.id).await?;
        people.lock_and_check_user(tx, admin.logged_in_user()).await?;
        let connector = connector.filter(|connector| connector.deleted_at.is_none());
        let connector = connector.ok_or(Failure::NotFound)?;
        if connector.application_version != chosen.application_version {
            return Ok(Err(CHANGED));
        }
        let links = OrganisationConsentLinks::of(organisation);
        if links.has_open_at_least(tx, MAX_OPEN, now).await? {
            return Ok(Err(TOO_MANY));
        }
        let link = ConsentLink {
            id: ConsentLinkId::new(&**clock, &**randomness),
            organisation,
            connector: connector.id,
            client_id: connector.client_id.to_string(),
            directory: directory.id.clone(),
            directory_name: directory.name.clone(),
            made_by: Some(admin.user()),
            made_by_version: admin.logged_in_user().version(),
            created_at: now,
            expires_at: now.plus(LIFE),
            reported_at: None,
            approved_at: None,
            revoked_at: None,
            revoked_why: None,
        };
        links.add(tx, token.hash(), &link).await?;
        activity.record(tx, admin.actor(), entry(Action::ConsentLinkMade, &link, &connector)).await?;
        Ok(Ok(link))
    }

    /// Opens a link. It changes nothing: mail programs and chat tools fetch links.
    pub async fn open(&self, token: &Token) -> Result<Result<OpenConsentLink, ClosedConsentLink>, Failure> {
        self.find(token, Deadline::Counts).await
    }

    /// Opens a link for a browser that comes back from the provider. It may have expired in the meantime.
    pub async fn open_returned(
        &self,
        token: &Token,
    ) -> Result<Result<OpenConsentLink, ClosedConsentLink>, Failure> {
        self.find(token, Deadline::Ignored).await
    }

    async fn find(
        &self,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Result<OpenConsentLink, ClosedConsentLink>, Failure> {
        let ConsentLinkDependencies { database, connectors, .. } = &*self.0;
        let read = database.read();
        let Some(link) = Unscoped.consent_link_by_token(&read, token.hash()).await? else {
            return Ok(Err(ClosedConsentLink::UNKNOWN));
        };
        let organisation = link.organisation;
        let Some(connector) = connectors.find(&read, organisation, link.connector).await? else {
            return Ok(Err(ClosedConsentLink::UNKNOWN));
        };
        Ok(match self.problem_of(&read, &link, &connector, deadline).await? {
            Some(problem) => Err(ClosedConsentLink { problem, organisation: Some(organisation) }),
            None => Ok(OpenConsentLink { link, connector }),
        })
    }

    async fn problem_of(
        &self,
        on: &impl Queries,
        link: &ConsentLink,
        connector: &Connector,
        deadline: Deadline,
    ) -> Result<Option<ConsentProblem>, Failure> {
        let now = self.0.clock.now();
        match link.state(now) {
            ConsentLinkState::Approved(_) => return Ok(Some(ConsentProblem::Approved)),
            ConsentLinkState::Revoked => return Ok(Some(ConsentProblem::Revoked)),
            ConsentLinkState::Open | ConsentLinkState::Reported(_) | ConsentLinkState::Expired => {}
        }
        // A link may have been reported before its time was over.
        if deadline == Deadline::Counts && (link.revoked_at.is_some() || !link.is_in_time(now)) {
            return Ok(Some(ConsentProblem::Expired));
        }
        if !self.maker_may(on, link).await? {
            return Ok(Some(ConsentProblem::Revoked));
        }
        let is_same = connector.client_id.as_str() == link.client_id;
        let is_offered = connector.application.consent_offer() != ConsentOffer::NotOffered;
        let is_available = is_same && is_offered && connector.deleted_at.is_none();
        Ok((!is_available).then_some(ConsentProblem::Unavailable))
    }

    /// Whether the user who made a link may still make links.
    async fn maker_may(&self, on: &impl Queries, link: &ConsentLink) -> Result<bool, DatabaseError> {
        let Some(user) = link.made_by else { return Ok(false) };
        may_still_make(&self.0.people, on, link.organisation, user, link.made_by_version).await
    }

    /// Notes that a browser came back from the provider with an approval. The first report of a link is kept and
    /// recorded; later ones change nothing.
    pub async fn report(&self, open: &OpenConsentLink, actor: Actor) -> Result<(), Failure> {
        let ConsentLinkDependencies { database, activity, clock, .. } = &*self.0;
        let OpenConsentLink { link, connector } = open;
        let store = OrganisationConsentLinks::of(link.organisation);
        database
            .write::<_, Failure, _>(async |tx| {
                if store.report(&tx, link.id, clock.now()).await? {
                    activity.record(&tx, actor, entry(Action::ConsentReported, link, connector)).await?;
                }
                Ok(())
            })
            .await
    }

    /// Marks the links for a directory as approved, in the transaction in which an account of the directory has signed
    /// in. The caller has locked the connector. A directory for which no link was made is not noted: its users may have
    /// agreed for themselves.
    pub async fn approve_within(
        &self,
        tx: &Tx,
        connector: &Connector,
        directory: &str,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let client_id = connector.client_id.as_str();
        let links = OrganisationConsentLinks::of(connector.organisation);
        let Some(name) = links.approve(tx, connector.id, client_id, directory, now).await? else {
            return Ok(());
        };
        let entry = Entry::done(Action::DirectoryApproved, name.as_str(), connector.id.0)
            .with_detail(through(connector));
        let approved = ApprovedDirectory { id: directory.to_owned(), name, approved_at: now };
        ApprovedDirectories::of(connector.organisation, connector.id, client_id).put(tx, &approved).await?;
        self.0.activity.record(tx, actor, entry).await
    }
}

const NOT_OFFERED: &str =
    "With the settings of this connector each user agrees alone, so no administrator is asked.";
const CHANGED: &str = "The connector was changed while the company was looked up. Try again.";
const TOO_MANY: &str =
    "The organisation has 1,000 open links of this kind, which is the most. Revoke some of them first.";

fn through(connector: &Connector) -> Detail {
    Detail::Connector { connector: connector.service_name.as_str().to_owned() }
}

/// The record of an action on a link: the directory, and the connector.
fn entry(action: Action, link: &ConsentLink, connector: &Connector) -> Entry {
    Entry::done(action, link.directory_name.as_str(), link.id.0).with_detail(through(connector))
}

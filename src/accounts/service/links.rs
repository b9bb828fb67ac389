//! Connect links: one-time addresses with which a person who has no user here connects a mailbox, or signs in again.
//! All three doors make one: an administrator in the console, an application, and *Sign in again* at an account.
//! `typed` parses what a caller asks for. `opening` opens a link and starts sign-ins, `finishing` uses it, and `ending`
//! revokes links and erases old ones. `confirming` waits for the application, if its return address asks for that. `many`
//! makes links for a list of mailboxes, which `mailboxes` reads, and `signing_in` for all accounts that need a sign-in.
//! Start with [`ConnectLinks::make`].

pub mod confirming;
mod ending;
mod finishing;
mod mailboxes;
mod many;
mod opening;
mod pending;
mod signing_in;
mod typed;

use std::sync::Arc;

use secrecy::SecretString;
use time::Duration;

use self::typed::Parsed;
pub use self::{
    mailboxes::{LineMistake, read_mailboxes},
    many::{Batch, LinkOfMany, MAX_AT_ONCE, Made, NotMade},
    opening::{ClosedLink, LinkProblem, OpenLink},
    pending::SEALED_PENDING_GRANTS,
    signing_in::SignInLinks,
    typed::{LinkErrors, MAX_REFERENCE, MAX_STATE, Mailbox, NewLink},
};
pub use super::super::store::links::{
    Link, LinkEnd, LinkFilter, LinkId, LinkPosition, LinkSource, LinkState, MAX_LIFE,
};
use super::{
    super::store::{
        Account, Accounts, links::OrganisationLinks, pending_grants::OrganisationPendingGrants,
        reach::ClientReaches, return_addresses::ReturnAddressId,
    },
    reach::may_use_connector,
    return_addresses::ReturnAddresses,
};
use crate::{
    activity::{
        model::{Action, Detail, Entry},
        service::Activity,
    },
    connectors::{
        model::ConnectorState,
        service::{Connector, ConnectorId, ConnectorService},
    },
    people::{
        access::{Caller, CallerKind},
        service::{MayFinish, People},
    },
    platform::{
        clock::{SharedClock, Timestamp},
        config::PublicUrl,
        database::{Database, DatabaseError, Tx, paging::cut_page},
        failure::Failure,
        id::{ApiClientId, OrganisationId},
        randomness::{SharedRandomness, Token},
    },
};

/// The life of a link that is made in the console, unless the caller chooses another.
pub const CONSOLE_LIFE: Duration = Duration::days(7);
/// The life of a link that an application makes, unless it chooses another.
pub const API_LIFE: Duration = Duration::minutes(30);
/// The shortest life of a link.
pub const MIN_LIFE: Duration = Duration::minutes(1);
/// Maximum number of open links of an organisation.
pub const MAX_OPEN: u64 = 10_000;
/// Maximum number of sign-ins that a link starts.
pub const MAX_ATTEMPTS: u64 = 50;
/// An API client makes no links for this long after everything of it was revoked: longer than any process takes an
/// earlier check of its credential for valid.
const REVOKED_FOR: Duration = Duration::seconds(30);
/// Number of links on a page of a list.
pub const LINKS_PER_PAGE: usize = 25;

/// A link that was just made. Its address is shown once.
#[derive(Clone, Debug)]
pub struct MadeLink {
    pub id: LinkId,
    /// The complete address.
    pub url: SecretString,
    pub expires_at: Timestamp,
}

/// A link in a list.
#[derive(Clone, Debug)]
pub struct ListedLink {
    pub link: Link,
    pub state: LinkState,
    /// Name and email of the user who made it; `None` if a program did, or the user is gone.
    pub maker: Option<String>,
    /// Until when it waits for an application that must confirm a mailbox; `None` if it does not wait.
    pub confirm_until: Option<Timestamp>,
}

/// A page of a list of links, newest first.
#[derive(Clone, Debug, Default)]
pub struct LinkPage {
    pub links: Vec<ListedLink>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<LinkPosition>,
}

/// What [`ConnectLinks`] works with.
pub struct LinkDependencies {
    pub database: Database,
    pub connectors: ConnectorService,
    pub people: People,
    pub activity: Activity,
    pub return_addresses: ReturnAddresses,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub public_url: PublicUrl,
}

/// The use cases of connect links.
#[derive(Clone)]
pub struct ConnectLinks(Arc<LinkDependencies>);

impl ConnectLinks {
    /// Use cases with these dependencies.
    pub fn new(dependencies: LinkDependencies) -> Self {
        Self(Arc::new(dependencies))
    }

    /// Makes a link.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if the caller is a user who is no administrator; [`Failure::NotFound`] if the account or
    /// the connector is not within the caller's reach; [`Failure::LoggedOut`] if the caller is an API client that was
    /// revoked or deleted since its credential was checked.
    ///
    /// # Returns
    /// The link, or what to change, by the name of the field.
    pub async fn make(&self, caller: &Caller, new: NewLink) -> Result<Result<MadeLink, LinkErrors>, Failure> {
        if caller.user().is_some() && !caller.is_admin() {
            return Err(Failure::Forbidden);
        }
        let parsed = match new.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return Ok(Err(errors)),
        };
        let token = Token::random(&*self.0.randomness);
        let made =
            self.0.database.write(async |tx| self.make_within(&tx, caller, &parsed, &token).await).await?;
        Ok(made.map(|link| MadeLink {
            id: link.id,
            url: SecretString::from(self.address_of(&token)),
            expires_at: link.expires_at,
        }))
    }

    async fn make_within(
        &self,
        tx: &Tx,
        caller: &Caller,
        new: &Parsed,
        token: &Token,
    ) -> Result<Result<Link, LinkErrors>, Failure> {
        let LinkDependencies { connectors, activity, clock, .. } = &*self.0;
        let (organisation, now) = (caller.organisation(), clock.now());
        // Locked in the order of all transactions: the connector, the user, the link.
        let connector = connectors.lock(tx, organisation, new.connector).await?;
        let made_by_version = self.check_caller(tx, caller).await?;
        let account = match new.account {
            Some(id) => Some(Accounts::within_reach(caller).get(tx, id).await?.ok_or(Failure::NotFound)?),
            None => None,
        };
        if !may_use_connector(tx, caller, new.connector).await? {
            return Err(Failure::NotFound);
        }
        let connector = match usable(connector, account.as_ref()) {
            Ok(connector) => connector,
            Err(words) => return Ok(Err(vec![("connector", words)])),
        };
        let entry_found = match self.find_return_address(tx, organisation, new).await? {
            Ok(found) => found,
            Err(errors) => return Ok(Err(errors)),
        };
        let links = OrganisationLinks::of(organisation);
        if links.has_open_at_least(tx, MAX_OPEN, now).await? {
            return Ok(Err(vec![("connector", TOO_MANY)]));
        }
        let link = Link {
            account: account.as_ref().map(|account| account.id),
            account_connector: account.as_ref().map(|account| account.connector),
            expected_email: account.map(|account| account.email).or_else(|| new.expected_email.clone()),
            ..self.link_of(caller, made_by_version, new, entry_found, now)
        };
        links.add(tx, token.hash(), &link).await?;
        activity.record(tx, caller.actor(), entry(Action::LinkMade, &link, &connector)).await?;
        Ok(Ok(link))
    }

    /// The entry of the list that allows the return address of a new link, and whether it asks for a confirmation; `None`
    /// if the link has no return address.
    async fn find_return_address(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        new: &Parsed,
    ) -> Result<Result<Option<(ReturnAddressId, bool)>, LinkErrors>, DatabaseError> {
        let Some((_, given)) = &new.return_address else { return Ok(Ok(None)) };
        let found = self.0.return_addresses.find_entry(tx, organisation, given).await?;
        Ok(found.map(Some).ok_or_else(|| vec![("return_address", NOT_LISTED)]))
    }

    /// A link as a caller asks for it, with a new id and without an account.
    fn link_of(
        &self,
        caller: &Caller,
        made_by_version: i64,
        new: &Parsed,
        entry_found: Option<(ReturnAddressId, bool)>,
        now: Timestamp,
    ) -> Link {
        Link {
            id: self.new_id(),
            organisation: caller.organisation(),
            connector: new.connector,
            account: None,
            account_connector: None,
            expected_email: new.expected_email.clone(),
            name: new.name.clone(),
            reference: new.reference.clone(),
            return_address: new.return_address.as_ref().map(|(text, _)| text.clone()),
            return_address_id: entry_found.map(|(id, _)| id),
            needs_confirmation: entry_found.is_some_and(|(_, needs_confirmation)| needs_confirmation),
            state: new.state.clone(),
            made_by: caller.user(),
            made_by_version,
            client: caller.client(),
            source: new.source,
            attempts: 0,
            created_at: now,
            expires_at: now.plus(new.life),
            used_at: None,
            revoked_at: None,
            revoked_why: None,
            result: None,
        }
    }

    /// Checks that the caller may still make links, and locks their row: a link that is made while the user is disabled
    /// is either revoked with the others or not made.
    ///
    /// # Returns
    /// `users.version` of the caller; 0 if the caller is no user.
    async fn check_caller(&self, tx: &Tx, caller: &Caller) -> Result<i64, Failure> {
        let (user, version) = match *caller.kind() {
            CallerKind::Member { user, version, .. } => (user, version),
            CallerKind::Client { client, .. } => return self.check_client(tx, caller, client).await,
            CallerKind::Job { .. } => return Ok(0),
        };
        People::lock(tx, caller.organisation(), user).await?;
        match self.0.people.may_finish(tx, caller.organisation(), user, version).await? {
            MayFinish::Yes => Ok(version),
            MayFinish::NotAdmin => Err(Failure::Forbidden),
            MayFinish::LoggedOut => Err(Failure::LoggedOut),
        }
    }

    /// The same for an API client. A process may take a credential for valid until [`REVOKED_FOR`] after it was revoked.
    async fn check_client(&self, tx: &Tx, caller: &Caller, client: ApiClientId) -> Result<i64, Failure> {
        let now = self.0.clock.now();
        let found = ClientReaches::of(caller.organisation()).lock_client(tx, client).await?;
        let is_revoked = |at: Timestamp| at.is_within(REVOKED_FOR, now);
        match found {
            Some(found) if !found.revoked_at.is_some_and(is_revoked) => Ok(0),
            Some(_) | None => Err(Failure::LoggedOut),
        }
    }

    /// A page of links, newest first. It contains no token.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if the caller is a user who is no administrator.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: LinkFilter,
        after: Option<LinkPosition>,
    ) -> Result<LinkPage, Failure> {
        if caller.user().is_some() && !caller.is_admin() {
            return Err(Failure::Forbidden);
        }
        let LinkDependencies { database, people, clock, .. } = &*self.0;
        let (organisation, now) = (caller.organisation(), clock.now());
        let limit = LINKS_PER_PAGE as u64 + 1;
        let store = OrganisationLinks::of(organisation);
        let links = store.list(&database.read(), filter, after, limit, now).await?;
        let position = |last: &Link| LinkPosition { at: last.created_at, id: last.id };
        let (links, next) = cut_page(links, LINKS_PER_PAGE, position);
        let names = people.names(organisation, links.iter().filter_map(|link| link.made_by)).await?;
        let ids: Vec<_> = links.iter().map(|link| link.id).collect();
        let waiting = OrganisationPendingGrants::of(organisation);
        let ends = waiting.ends_of(&database.read(), ids, now).await?;
        let listed = links.into_iter().map(|link| ListedLink {
            state: link.state(now),
            confirm_until: ends.get(&link.id).copied(),
            maker: link.made_by.and_then(|user| names.get(&user)).map(ToString::to_string),
            link,
        });
        Ok(LinkPage { links: listed.collect(), next })
    }

    /// Number of open links of a connector, counted up to `at_most`.
    pub async fn count_open(
        &self,
        caller: &Caller,
        connector: ConnectorId,
        at_most: u64,
    ) -> Result<u64, Failure> {
        let (store, now) = (OrganisationLinks::of(caller.organisation()), self.0.clock.now());
        Ok(store.count_open(&self.0.database.read(), connector, at_most, now).await?)
    }

    /// The complete address of a link.
    fn address_of(&self, token: &Token) -> String {
        self.0.public_url.join(&format!("/connect/{}", token.expose()))
    }
}

const NOT_LISTED: &str = "This address is not in the list under Settings > Return addresses.";
const TOO_MANY: &str =
    "The organisation has 10,000 open links, which is the most. Revoke some of them first.";
const GONE: &str = "Choose a connector. The chosen one was deleted.";
const NOT_VERIFIED: &str = "Verify this connector first. Until then it may not work.";
const OTHER_PROVIDER: &str = "Choose a connector of the account’s own service provider.";

/// The connector, if links for it may be made: a new account or a move needs a verified one.
fn usable(connector: Option<Connector>, account: Option<&Account>) -> Result<Connector, &'static str> {
    let connector = connector.filter(|connector| connector.deleted_at.is_none()).ok_or(GONE)?;
    if account.is_some_and(|account| account.provider != connector.form().name()) {
        return Err(OTHER_PROVIDER);
    }
    let is_own = account.is_some_and(|account| account.connector == connector.id);
    if is_own || connector.state == ConnectorState::Verified { Ok(connector) } else { Err(NOT_VERIFIED) }
}

/// The record of an action on a link: the expected email, which may be empty, and the connector.
fn entry(action: Action, link: &Link, connector: &Connector) -> Entry {
    let detail = Detail::Connector { connector: connector.service_name.as_str().to_owned() };
    Entry::done(action, link.expected_email.as_deref().unwrap_or_default(), link.id.0).with_detail(detail)
}

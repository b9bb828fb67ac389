//! Lends access tokens: the stored one if it is valid long enough, and otherwise a new one.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::{
    Grants, LentToken, NoToken,
    claim::{Trigger, Wanted},
    demand::Demand,
    gates::{Closed, closed_for, seconds_until},
    kept::{Kept, ReadAt},
    sharing::{Ended, wait_for_end},
    times::{CALLER_WAIT, DAILY, LOOK_AGAIN, MAX_THROTTLE, MIN_AGE_OF_REFUSED, OUTAGE, REMAINING_LIFE},
};
use crate::{
    accounts::{
        model::AccountState,
        service::AccountId,
        store::{
            Account, Accounts,
            gates::{Gate, Gates},
            grants::StoredGrant,
        },
    },
    connectors::service::Connector,
    people::access::Caller,
    platform::{
        clock::{SKEW, Timestamp},
        database::Database,
        failure::Failure,
        id::OrganisationId,
    },
    providers::SharedPinned,
};

/// When a caller asks again whose account another refresh keeps busy, in seconds.
const RETRY_AFTER: u32 = 5;
/// How often a caller reads a grant again that has changed in the meantime.
const MAX_CHANGES: u32 = 20;

/// What is stored about an account and its grant.
pub(super) struct Known {
    account: Account,
    grant: StoredGrant,
    connector: Connector,
}

/// What a caller gets who asks for a token.
enum Decision {
    Lend,
    Refresh,
    Refuse(NoToken),
}

/// Whether the stored time of the next refresh is still to come, after one that failed. A time that is later than the
/// longest wait in this state was written by a clock that was ahead, and does not count.
fn is_to_come(at: Timestamp, state: AccountState, now: Timestamp) -> bool {
    let longest = match state {
        AccountState::Connected | AccountState::Retrying => OUTAGE.longest.max(MAX_THROTTLE),
        _ => DAILY,
    };
    at > now && at <= now.plus(longest).plus(SKEW)
}

/// Whether the stored access token is valid long enough. One that seems to be from the future was stored by a clock
/// that was ahead, so its end is unknown.
fn is_valid(grant: &StoredGrant, now: Timestamp) -> bool {
    let remains = grant.access_expires_at.is_some_and(|end| end >= now.plus(REMAINING_LIFE));
    grant.access_token.is_some() && remains && stored_at(grant).is_credible(now)
}

/// When the access token was stored.
fn stored_at(grant: &StoredGrant) -> Timestamp {
    grant.refreshed_at.unwrap_or(grant.granted_at)
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// What a caller gets. `has_token`: the stored access token is valid, and is not the one that was refused.
fn decide(known: &Known, has_token: bool, gates: &[Gate], now: Timestamp) -> Decision {
    let Known { account, grant, connector } = known;
    let refuse = Decision::Refuse;
    if connector.deleted_at.is_some() {
        return refuse(NoToken::NotFound);
    }
    if account.paused.is_some() {
        return refuse(NoToken::Paused);
    }
    if matches!(account.state, AccountState::NeedsSignIn | AccountState::Disconnected) {
        return refuse(NoToken::State(account.state));
    }
    // A job may not have come to it yet.
    if grant.is_of_earlier_application(connector) {
        return refuse(NoToken::State(AccountState::NeedsSignIn));
    }
    if has_token {
        return Decision::Lend;
    }
    match closed_for(gates, account.id, &grant.directory, false, now) {
        Some(Closed::Credentials) => return refuse(NoToken::State(AccountState::WaitingForConnector)),
        Some(Closed::Company) => return refuse(NoToken::State(AccountState::WaitingForCompany)),
        Some(Closed::Until(until)) => {
            return refuse(NoToken::Busy { retry_after: seconds_until(until, now) });
        }
        None => {}
    }
    // A provider that does not answer is not asked again for each call.
    let waits = grant.next_refresh_at.filter(|next| grant.tries > 0 && is_to_come(*next, account.state, now));
    match (waits, account.state) {
        (None, _) => Decision::Refresh,
        (Some(next), AccountState::Connected | AccountState::Retrying) => {
            let until = next.min(now.plus(MAX_THROTTLE));
            refuse(NoToken::Busy { retry_after: seconds_until(until, now) })
        }
        (Some(_), state) => refuse(NoToken::State(state)),
    }
}

impl Grants {
    /// A valid access token of an account: the stored one if it has at least a minute left, or one that was just
    /// refreshed, whatever its life. Callers share one refresh, and wait for it at most ten seconds.
    ///
    /// # Errors
    /// [`NoToken`].
    pub async fn valid_access_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<LentToken, NoToken> {
        let (_, lent) = self.lend(Accounts::of(organisation), account, None).await?;
        Ok(lent)
    }

    /// The same for a caller, with the account. With a valid token it costs two queries at most: a program may ask for each
    /// of its calls.
    ///
    /// # Errors
    /// [`NoToken`]; not found if the account is not within the caller's reach.
    pub async fn lend_to(
        &self,
        caller: &Caller,
        account: AccountId,
    ) -> Result<(Account, LentToken), NoToken> {
        self.lend(Accounts::within_reach(caller), account, None).await
    }

    /// A new access token after the provider's API has refused this one. It is refreshed once, and only if the refused
    /// token is still the stored one: a caller who comes late gets the token that another caller's refresh gave.
    ///
    /// The attack: an application calls an address for which the provider answers 401 whatever the token is, and each
    /// call makes a refresh. So a token of a refresh is not refreshed while it is younger than [`MIN_AGE_OF_REFUSED`],
    /// which is also the least time between two such refreshes of an account, over all processes.
    ///
    /// # Returns
    /// `None` if the refused token is too young.
    ///
    /// # Errors
    /// [`NoToken`].
    pub async fn report_refused_token(
        &self,
        organisation: OrganisationId,
        account: AccountId,
        refused: &SecretString,
    ) -> Result<Option<LentToken>, NoToken> {
        let accounts = Accounts::of(organisation);
        let known = self.read_known(accounts, account).await?;
        let refreshed_at = known.grant.refreshed_at;
        let is_young = refreshed_at.is_some_and(|at| at.is_within(MIN_AGE_OF_REFUSED, self.now()));
        if is_young && self.open_access_token(&known.grant).is_some_and(|stored| is_same(&stored, refused)) {
            return Ok(None);
        }
        let (_, lent) = self.lend(accounts, account, Some(refused)).await?;
        Ok(Some(lent))
    }

    /// What the grant of an account within the caller's reach is pinned to, without an access token. The caller checks a
    /// request by it before a token is lent for the request.
    ///
    /// # Errors
    /// [`NoToken`].
    pub async fn pinned(&self, caller: &Caller, account: AccountId) -> Result<SharedPinned, NoToken> {
        let known = self.read_known(Accounts::within_reach(caller), account).await?;
        let Known { grant, connector, .. } = known;
        let pinned = connector.provider.read_pinned(&grant.client_id, &grant.pinned);
        pinned.map_err(|unreadable| {
            NoToken::Failure(Failure::Unexpected(format!("a grant's pinned values: {unreadable:?}")))
        })
    }

    async fn lend(
        &self,
        accounts: Accounts,
        account: AccountId,
        refused: Option<&SecretString>,
    ) -> Result<(Account, LentToken), NoToken> {
        let monotonic = self.monotonic();
        let until = monotonic.now() + CALLER_WAIT;
        if refused.is_none()
            && let Some(lent) = self.lend_kept(accounts, account)
        {
            return Ok(lent);
        }
        let mut changes = 0;
        loop {
            let read = self.read_at();
            let known = self.read_known(accounts, account).await?;
            let organisation = known.account.organisation;
            let now = self.now();
            let lent = is_valid(&known.grant, now).then(|| self.open_lent(&known, refused)).flatten();
            let gates = if lent.is_some() {
                Vec::new()
            } else {
                let read = self.database().read();
                Gates::of(organisation).of_connector(&read, known.connector.id).await?
            };
            match (decide(&known, lent.is_some(), &gates, now), lent) {
                (Decision::Refuse(no_token), _) => return Err(no_token),
                (Decision::Lend, Some(lent)) => {
                    let kept = Arc::new(Kept { known, lent });
                    self.0.kept.put(accounts, account, read, &kept);
                    return Ok((kept.known.account.clone(), kept.lent.clone()));
                }
                (Decision::Lend, None) | (Decision::Refresh, _) => {}
            }
            let generation = known.grant.generation;
            let wanted = Wanted { organisation, account, trigger: Trigger::Demand, generation };
            let demand = Demand { connector: known.connector.id, provider: known.account.provider.clone() };
            match self.refresh_until(wanted, demand, until).await {
                Some(Ended::Refreshed(token)) => return Ok((known.account, token)),
                Some(Ended::Refused(refusal)) => return Err(NoToken::Failed(refusal)),
                Some(Ended::Failed(failure)) => return Err(NoToken::Failure(failure)),
                Some(Ended::Again) if monotonic.now() < until && changes < MAX_CHANGES => changes += 1,
                Some(Ended::Held) if monotonic.now() + LOOK_AGAIN < until => {
                    monotonic.sleep_until(monotonic.now() + LOOK_AGAIN).await;
                }
                Some(Ended::Held | Ended::Again) | None => {
                    return Err(NoToken::Busy { retry_after: RETRY_AFTER });
                }
            }
        }
    }

    fn read_at(&self) -> ReadAt {
        ReadAt { moment: self.monotonic().now(), changes: Database::changes() }
    }

    /// The token that was lent a moment ago, if nothing can have changed since.
    fn lend_kept(&self, accounts: Accounts, account: AccountId) -> Option<(Account, LentToken)> {
        let kept = self.0.kept.get(accounts, account, self.read_at())?;
        let now = self.now();
        let is_lent =
            is_valid(&kept.known.grant, now) && matches!(decide(&kept.known, true, &[], now), Decision::Lend);
        is_lent.then(|| (kept.known.account.clone(), kept.lent.clone()))
    }

    /// Forgets the tokens that were lent longer ago.
    pub(super) fn forget_kept(&self) {
        self.0.kept.forget_old(self.read_at());
    }

    async fn read_known(&self, accounts: Accounts, id: AccountId) -> Result<Known, NoToken> {
        let read = self.database().read();
        let Some((account, grant)) = accounts.get_with_grant(&read, id).await? else {
            let found = accounts.get(&read, id).await?;
            return Err(found.map_or(NoToken::NotFound, |account| NoToken::State(account.state)));
        };
        let connectors = &self.dependencies().connectors;
        let connector = connectors.find(&read, account.organisation, grant.connector).await?;
        Ok(Known { account, grant, connector: connector.ok_or(NoToken::NotFound)? })
    }

    /// The stored token. `None` if it is the refused one, or cannot be opened.
    fn open_lent(&self, known: &Known, refused: Option<&SecretString>) -> Option<LentToken> {
        let Known { grant, connector, .. } = known;
        let token = self.open_access_token(grant)?;
        if refused.is_some_and(|refused| is_same(&token, refused)) {
            return None;
        }
        let pinned = connector.provider.read_pinned(&grant.client_id, &grant.pinned).ok()?;
        let expires_at = grant.access_expires_at?;
        Some(LentToken { token, pinned, scopes: grant.scopes.clone(), expires_at })
    }

    /// Joins or begins a refresh and waits for its end. `None` if that takes too long.
    pub(super) async fn refresh_until(
        &self,
        wanted: Wanted,
        demand: Demand,
        until: Instant,
    ) -> Option<Ended> {
        let joined = self.join_or_begin(wanted, demand);
        tokio::select! {
            biased;
            ended = wait_for_end(joined) => Some(ended),
            () = self.monotonic().sleep_until(until) => None,
        }
    }
}

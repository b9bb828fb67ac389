//! Writes what a refresh has shown, in one transaction: the tokens, the state of the account, its history, and the
//! gates of the connector.
//!
//! Nothing is written if the grant has another generation than the claimed one: a sign-in, a move, a disconnect or
//! another refresh came first. A refusal is also not written in two cases. If the connector's application has another
//! version, it may be about an old secret. If another process has taken the lease, its request is still under way. New
//! tokens are written in both cases, because a new secret keeps all grants, unless the connector has another application.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::{
    GrantDependencies, Grants, LentToken,
    claim::Request,
    failing::is_recorded,
    gates::{Preflight, Proof, is_stopped},
    sharing::Ended,
    times,
    verdict::{GateEffect, Meaning, Next, Verdict},
};
use crate::{
    accounts::{
        model::{AccountEvent, AccountState, HistoryKind},
        store::{
            Account, Accounts, StateChange,
            gates::{Gate, Gates},
            grants::{OrganisationGrants, Settled, StoredGrant, StoredTokens, waiting::change_detail},
            history::HistoryEntry,
        },
    },
    connectors::service::Connector,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        failure::Failure,
        id::new_uuid,
    },
    providers::{ProviderWords, RefreshProblem, RefreshRefusal, oauth},
};

/// A refresh that has come out.
pub(super) struct Settlement {
    /// As it was before it was claimed.
    pub grant: StoredGrant,
    /// As it was when the grant was claimed.
    pub connector: Connector,
    /// What was sent.
    pub request: Option<Request>,
    pub verdict: Verdict,
    pub preflight: Preflight,
    /// Whether an earlier refresh with the same token was interrupted.
    pub is_interrupted: bool,
}

/// What was stored.
pub(super) struct Stored {
    pub ended: Ended,
    /// Whether a gate is closed now that stops other accounts.
    pub closed: bool,
}

impl From<Ended> for Stored {
    fn from(ended: Ended) -> Self {
        Self { ended, closed: false }
    }
}

/// The rows that a settlement changes, locked.
struct Locked {
    connector: Connector,
    gates: Vec<Gate>,
    account: Account,
    grant: StoredGrant,
}

impl Settlement {
    fn meaning(&self) -> Meaning {
        self.verdict.meaning(self.is_interrupted)
    }

    /// Logs a refresh that did not succeed.
    pub(super) fn log(&self) {
        let (account, connector) = (self.grant.account, self.connector.id);
        if let Some(RefreshRefusal { problem, words }) = self.verdict.refusal() {
            let codes = words.as_deref().map(|words| words.codes.clone()).unwrap_or_default();
            tracing::warn!(%account, %connector, ?problem, ?codes, "a refresh was refused");
        }
    }

    /// Whether the connector has changed so that this answer is not about it any more.
    pub(super) fn is_outdated(&self, connector: &Connector) -> bool {
        match self.verdict {
            Verdict::Tokens(_) => {
                connector.client_id != self.connector.client_id
                    || self.grant.is_of_earlier_application(connector)
            }
            _ => connector.application_version != self.connector.application_version,
        }
    }
}

impl Grants {
    /// Writes what a refresh has shown.
    pub(super) async fn settle(&self, settlement: &Settlement) -> Result<Stored, Failure> {
        let now = self.now();
        if let Some(stored) = self.settle_unchanged(settlement, now).await? {
            return Ok(stored);
        }
        self.database()
            .write::<_, Failure, _>(async |tx| {
                let Some(locked) = self.lock_for(&tx, settlement).await? else {
                    return Ok(Ended::Again.into());
                };
                if settlement.is_outdated(&locked.connector) {
                    let is_answered = !settlement.meaning().is_uncertain && !settlement.is_interrupted;
                    let store = OrganisationGrants::of(locked.grant.organisation);
                    let next = (locked.account.state != AccountState::NeedsSignIn).then_some(now);
                    store.release(&tx, locked.grant.account, self.0.owner, next, is_answered).await?;
                    return Ok(Ended::Again.into());
                }
                match &settlement.verdict {
                    Verdict::Tokens(grant) => self.settle_tokens(&tx, settlement, &locked, grant, now).await,
                    _ => self.settle_refusal(&tx, settlement, &locked, now).await,
                }
            })
            .await
    }

    /// Locks the rows in the order of all transactions: the connector (only if its gates change, or the activity has an
    /// entry about it), the account, the grant. `None` if the grant is not the claimed one any more, or if another
    /// process has taken the lease and this result has no tokens.
    async fn lock_for(&self, tx: &Tx, settlement: &Settlement) -> Result<Option<Locked>, DatabaseError> {
        let (organisation, account) = (settlement.grant.organisation, settlement.grant.account);
        let id = settlement.connector.id;
        let connectors = &self.dependencies().connectors;
        let store = Gates::of(organisation);
        let mut gates = store.of_connector(tx, id).await?;
        let meaning = settlement.meaning();
        let closes = !matches!(meaning.gate, GateEffect::None | GateEffect::Open { .. });
        if closes || is_recorded(meaning.event) || !gates.is_empty() {
            if connectors.lock(tx, organisation, id).await?.is_none() {
                return Ok(None);
            }
            gates = store.of_connector(tx, id).await?;
        }
        let Some(account) = Accounts::of(organisation).lock(tx, account).await? else { return Ok(None) };
        let Some(grant) = OrganisationGrants::of(organisation).lock(tx, account.id).await? else {
            return Ok(None);
        };
        if grant.generation != settlement.grant.generation {
            return Ok(None);
        }
        // Each claim raises the counter by one. A refusal that is written after a later claim would raise the
        // generation, and the new tokens that the later owner gets would be dropped.
        let is_last_claim = grant.lease.counter == settlement.grant.lease.counter + 1;
        if !is_last_claim && !matches!(settlement.verdict, Verdict::Tokens(_)) {
            return Ok(None);
        }
        let Some(connector) = connectors.find(tx, organisation, id).await? else { return Ok(None) };
        Ok(Some(Locked { connector, gates, account, grant }))
    }

    async fn settle_tokens(
        &self,
        tx: &Tx,
        settlement: &Settlement,
        locked: &Locked,
        new: &oauth::Grant,
        now: Timestamp,
    ) -> Result<Stored, Failure> {
        let Locked { connector, gates, account, grant } = locked;
        let Some(request) = &settlement.request else {
            return Err(Failure::Unexpected("tokens came without a request".to_owned()));
        };
        let (settled, token) = self.prepare_tokens(request, grant, new, now)?;
        // Before this grant is scheduled: opening a gate schedules the accounts that wait, perhaps also this one.
        if !gates.is_empty() {
            self.open_gates(tx, connector, gates, &grant.directory, Proof::Tokens, now).await?;
        }
        OrganisationGrants::of(grant.organisation).settle(tx, account.id, settled).await?;
        // A grant that had ended is refreshed only if an administrator tries again.
        let has_ended = account.state == AccountState::NeedsSignIn;
        let event = if has_ended { AccountEvent::TriedAgain } else { AccountEvent::Refreshed };
        let accounts = Accounts::of(grant.organisation);
        self.add_history(tx, account, HistoryKind::Refreshed, "{}".to_owned(), now).await?;
        if let Some(state) = account.state.after(event, 0) {
            let change = StateChange { state, reason: None, provider_words: None };
            accounts.change_state(tx, account.id, &change, 0, now).await?;
            self.add_history(tx, account, HistoryKind::StateChanged, change_detail(&change), now).await?;
        } else if account.failures > 0 {
            accounts.set_failures(tx, account.id, 0).await?;
        }
        Ok(Ended::Refreshed(token).into())
    }

    /// What a row keeps of new tokens, sealed, and the access token for callers.
    pub(super) fn prepare_tokens(
        &self,
        request: &Request,
        grant: &StoredGrant,
        new: &oauth::Grant,
        now: Timestamp,
    ) -> Result<(Settled, LentToken), Failure> {
        let Request { refresh_token, pinned, .. } = request;
        let scopes = pinned.granted(&grant.scopes, new);
        let expires_at = times::expiry(new.expires_in, now);
        // Where no new one came, the old one stays valid (RFC 6749, 6).
        let kept: &SecretString = new.refresh_token.as_ref().unwrap_or(refresh_token);
        let sealed: StoredTokens =
            self.seal_tokens(grant, kept, &new.access_token, expires_at, scopes.clone(), now)?;
        let tokens = StoredTokens { ends_at: times::grant_end(new.ends_in, now), ..sealed };
        let settled = Settled {
            tokens: Some(tokens),
            next_refresh_at: Some(self.next_day(now)),
            refresh_started_at: None,
            tries: 0,
            erase_access_token: false,
        };
        let token = LentToken { token: new.access_token.clone(), pinned: pinned.clone(), scopes, expires_at };
        Ok((settled, token))
    }

    async fn settle_refusal(
        &self,
        tx: &Tx,
        settlement: &Settlement,
        locked: &Locked,
        now: Timestamp,
    ) -> Result<Stored, Failure> {
        let Locked { connector, account, grant, .. } = locked;
        let meaning = settlement.meaning();
        let GateChange { closed, not_before, is_stopped } =
            self.change_gates(tx, settlement, locked, meaning.gate, now).await?;
        let tries = grant.tries.saturating_add(1);
        let words = settlement.verdict.refusal().and_then(|refusal| refusal.words.as_deref());
        let is_transient = meaning.event == AccountEvent::TransientFailure;
        let failures = account.failures.saturating_add(is_transient.into());
        let after = account.state.after(meaning.event, failures);
        let state = after.unwrap_or(account.state);
        let next = self.next_refresh(state, meaning.next, tries, is_stopped, now);
        // A lost answer may still be the only thing that is missing: the next answer about the grant tells the loss from a
        // revocation. Refused credentials, permissions and companies are no such answer.
        let is_open = is_transient || state != AccountState::NeedsSignIn;
        let is_lost = meaning.is_uncertain || (settlement.is_interrupted && is_open);
        let started = settlement.grant.refresh_started_at.unwrap_or(now);
        let settled = Settled {
            tokens: None,
            next_refresh_at: next.map(|next| not_before.map_or(next, |not_before| not_before.max(next))),
            refresh_started_at: is_lost.then_some(started),
            tries,
            erase_access_token: state == AccountState::NeedsSignIn,
        };
        OrganisationGrants::of(grant.organisation).settle(tx, account.id, settled).await?;
        let accounts = Accounts::of(grant.organisation);
        let detail = failure_detail(&meaning, settlement.verdict.refusal());
        // Only if the outcome has changed: an outage of a day must not fill the history.
        let entries = accounts.history(tx, account.id).await?;
        let outcomes = [HistoryKind::Refreshed, HistoryKind::RefreshFailed];
        let last = entries.iter().find(|entry| outcomes.contains(&entry.kind));
        if last.is_none_or(|last| last.kind != HistoryKind::RefreshFailed || last.detail != detail) {
            self.add_history(tx, account, HistoryKind::RefreshFailed, detail, now).await?;
        }
        if after.is_some() {
            let provider_words = words.map(without_free_text);
            let change = StateChange { state, reason: meaning.reason, provider_words };
            accounts.change_state(tx, account.id, &change, failures, now).await?;
            self.add_history(tx, account, HistoryKind::StateChanged, change_detail(&change), now).await?;
            if is_recorded(meaning.event) {
                self.record_failing(tx, connector, state).await?;
            }
        } else if failures != account.failures {
            accounts.set_failures(tx, account.id, failures).await?;
        }
        let ended = settlement.verdict.refusal().cloned().map_or(Ended::Again, Ended::Refused);
        Ok(Stored { ended, closed })
    }

    /// When an account is refreshed next after a refusal. `is_stopped`: a gate decides it.
    fn next_refresh(
        &self,
        state: AccountState,
        next: Next,
        tries: u32,
        is_stopped: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match (state, next) {
            (AccountState::NeedsSignIn | AccountState::Disconnected, _) | (_, Next::Never) => None,
            (AccountState::WaitingForConnector | AccountState::WaitingForCompany, _) if is_stopped => None,
            (_, Next::Daily) => Some(self.next_day(now)),
            (_, Next::BackOff(back_off)) => Some(now.plus(back_off.wait(tries, self.random()))),
            (_, Next::Gate(wait)) => Some(now.plus(wait)),
        }
    }

    async fn change_gates(
        &self,
        tx: &Tx,
        settlement: &Settlement,
        Locked { connector, gates, account, grant }: &Locked,
        effect: GateEffect,
        now: Timestamp,
    ) -> Result<GateChange, Failure> {
        let mut change = GateChange {
            closed: false,
            not_before: None,
            is_stopped: is_stopped(gates, account.id, &grant.directory),
        };
        match effect {
            GateEffect::None => {}
            GateEffect::Open { is_served } => {
                let proof = if is_served { Proof::Tokens } else { Proof::Refusal };
                self.open_gates(tx, connector, gates, &grant.directory, proof, now).await?;
            }
            GateEffect::Throttle(named) => {
                change.not_before = Some(self.note_throttle(tx, connector, gates, named, now).await?);
            }
            GateEffect::Credentials => {
                let preflight = settlement.preflight;
                change.closed =
                    self.note_rejected_credentials(tx, connector, gates, account.id, preflight, now).await?;
                change.is_stopped = change.closed;
            }
            GateEffect::Company => {
                change.closed =
                    self.note_company(tx, connector, gates, account.id, &grant.directory, now).await?;
                change.is_stopped = change.closed;
            }
        }
        Ok(change)
    }

    async fn add_history(
        &self,
        tx: &Tx,
        account: &Account,
        kind: HistoryKind,
        detail: String,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let entry = self.history_entry(kind, detail, now);
        Accounts::of(account.organisation).add_event(tx, account.id, entry).await
    }

    pub(super) fn history_entry(&self, kind: HistoryKind, detail: String, now: Timestamp) -> HistoryEntry {
        let GrantDependencies { clock, randomness, .. } = self.dependencies();
        HistoryEntry { id: new_uuid(&**clock, &**randomness), at: now, kind, detail }
    }
}

/// What a refusal has changed about the gates.
struct GateChange {
    /// Whether a gate is closed now that stops other accounts.
    closed: bool,
    /// No request of the connector before this time.
    not_before: Option<Timestamp>,
    /// Whether a gate stops this account.
    is_stopped: bool,
}

/// The words of the provider as an account keeps them.
fn without_free_text(words: &ProviderWords) -> ProviderWords {
    let error = words.known_error().map(str::to_owned);
    ProviderWords { error, description: None, ..words.clone() }
}

/// The detail of a failed refresh in the history: the reason, the provider's codes, and the wait that it named.
fn failure_detail(meaning: &Meaning, refusal: Option<&RefreshRefusal>) -> String {
    let words = refusal.and_then(|refusal| refusal.words.as_deref());
    let wait = refusal.and_then(|refusal| match refusal.problem {
        RefreshProblem::Throttled(wait) | RefreshProblem::Unavailable(wait) => wait,
        _ => None,
    });
    let codes = words.map(|words| &words.codes).filter(|codes| !codes.is_empty());
    let mut detail = Map::new();
    detail.insert("reason".to_owned(), json!(meaning.reason));
    detail.extend(codes.map(|codes| ("codes".to_owned(), json!(codes))));
    detail.extend(wait.map(|wait| ("retry_after".to_owned(), json!(wait.as_secs()))));
    Value::Object(detail).to_string()
}

//! From a finished sign-in to the account: makes or finds it by its identity at the provider, and stores its grant. The
//! identity is the provider's subject, never the email, which can change hands.

use serde_json::json;

use super::{
    super::{
        model::{AccountEvent, HistoryKind},
        store::{
            Account, AccountId, Accounts, NewAccount, SignedInIdentity, StateChange, reach::ClientReaches,
        },
    },
    AccountService,
    grants::NewGrant,
    reach,
};
use crate::{
    connectors::service::{Connector, ConnectorId},
    platform::{
        clock::Timestamp,
        database::Tx,
        failure::Failure,
        id::{ApiClientId, OrganisationId},
        text,
    },
    providers::{SharedPinned, oauth::Grant, provider::Identity},
};

/// A mailbox whose owner has signed in and agreed.
pub struct ConnectedMailbox<'a> {
    pub organisation: OrganisationId,
    /// The connector, which the caller has locked.
    pub connector: &'a Connector,
    /// Its subject is known.
    pub identity: &'a Identity,
    /// The display name that the link has.
    pub name: Option<String>,
    /// The application's own id that the link has.
    pub reference: Option<String>,
    /// The account for which the link was made.
    pub only: Option<AccountId>,
    /// The connector from which the link moves the account to this one: that of the account when an administrator made the
    /// link for it.
    pub moves_from: Option<ConnectorId>,
    /// The API client that made the link.
    pub client: Option<ApiClientId>,
    /// The granted scopes.
    pub scopes: &'a [String],
    /// The scopes that were asked for.
    pub asked: &'a [String],
    pub pinned: SharedPinned,
    pub grant: &'a Grant,
}

/// The account of a mailbox, or why the grant was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// A new account.
    Added(AccountId),
    /// An account that was there already.
    Again(AccountId),
    /// The account is connected through another connector. Nothing was stored.
    OtherConnector(AccountId),
    /// The link was made for another account. Nothing was stored.
    WrongAccount,
    /// The link was made by an API client that must not change this account in such a way. Nothing was stored.
    AlreadyConnected(AccountId),
}

/// The most characters of an email (RFC 5321, 4.5.3.1.3, and a margin for names of accounts that are no email).
const MAX_EMAIL: usize = 320;
/// The most characters of a display name.
const MAX_NAME: usize = 200;

/// One visible line of a text that a provider sent.
fn line(text: &str, max: usize) -> String {
    text::line(text).chars().take(max).collect()
}

fn no_subject() -> Failure {
    Failure::Unexpected("a sign-in without a subject cannot be an account".to_owned())
}

impl ConnectedMailbox<'_> {
    fn email(&self) -> String {
        line(self.identity.email.as_deref().unwrap_or(&self.identity.account), MAX_EMAIL)
    }

    /// The display name: that of the link, or the one that the account has, or the provider's.
    fn name(&self, present: &str) -> String {
        let given = self.name.as_deref().filter(|name| !name.is_empty());
        let present = Some(present).filter(|name| !name.is_empty());
        line(given.or(present).or(self.identity.name.as_deref()).unwrap_or_default(), MAX_NAME)
    }

    /// Why the account with this identity is not connected, if it is not.
    fn refuse(&self, found: Option<&Account>) -> Option<Connected> {
        if self.only.is_some_and(|only| found.is_none_or(|account| account.id != only)) {
            return Some(Connected::WrongAccount);
        }
        let other = found.filter(|account| account.connector != self.connector.id)?;
        // An older link must not undo a move.
        (self.moves_from != Some(other.connector)).then_some(Connected::OtherConnector(other.id))
    }
}

/// Notes the API client whose link has made an account, unless the client was deleted in the meantime.
async fn add_to_client(tx: &Tx, mailbox: &ConnectedMailbox<'_>, account: AccountId) -> Result<(), Failure> {
    let Some(client) = mailbox.client else { return Ok(()) };
    let clients = ClientReaches::of(mailbox.organisation);
    if clients.lock_client(tx, client).await?.is_some() {
        clients.add_account(tx, client, account).await?;
    }
    Ok(())
}

impl AccountService {
    /// Why [`Self::connect_within`] would not connect a mailbox, if it would not. The caller has locked the connector.
    pub async fn refusal_within(
        &self,
        tx: &Tx,
        mailbox: &ConnectedMailbox<'_>,
    ) -> Result<Option<Connected>, Failure> {
        let subject = mailbox.identity.subject.as_deref().ok_or_else(no_subject)?;
        let provider = mailbox.connector.provider.form().name();
        let found = Accounts::of(mailbox.organisation).lock_by_subject(tx, provider, subject).await?;
        self.refuse(tx, mailbox, found.as_ref()).await
    }

    /// Why the account with this identity is not connected, if it is not.
    async fn refuse(
        &self,
        tx: &Tx,
        mailbox: &ConnectedMailbox<'_>,
        found: Option<&Account>,
    ) -> Result<Option<Connected>, Failure> {
        if let Some(refused) = mailbox.refuse(found) {
            return Ok(Some(refused));
        }
        let Some(account) = found else { return Ok(None) };
        let harms = reach::would_harm_others(tx, mailbox, account).await?;
        Ok(harms.then_some(Connected::AlreadyConnected(account.id)))
    }

    /// Makes or finds the account of a mailbox, and stores its grant. The caller has locked the connector.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the identity has no subject, or the grant no refresh token.
    pub async fn connect_within(
        &self,
        tx: &Tx,
        mut mailbox: ConnectedMailbox<'_>,
        now: Timestamp,
    ) -> Result<Connected, Failure> {
        let ConnectedMailbox { organisation, connector, identity, .. } = mailbox;
        let subject = identity.subject.as_deref().ok_or_else(no_subject)?;
        let provider = connector.provider.form().name();
        let accounts = Accounts::of(organisation);
        let mut found = accounts.lock_by_subject(tx, provider, subject).await?;
        if let Some(refused) = self.refuse(tx, &mailbox, found.as_ref()).await? {
            return Ok(refused);
        }
        let mut added = None;
        if found.is_none() {
            let new = NewAccount {
                id: AccountId::new(&*self.clock, &*self.randomness),
                provider: provider.to_owned(),
                subject: subject.to_owned(),
                connector: connector.id,
                email: mailbox.email(),
                name: mailbox.name(""),
                reference: mailbox.reference.clone(),
            };
            if accounts.add(tx, &new, now).await? {
                add_to_client(tx, &mailbox, new.id).await?;
                added = Some(new.id);
            } else {
                // On PostgreSQL another sign-in has added it concurrently.
                found = accounts.lock_by_subject(tx, provider, subject).await?;
                if let Some(refused) = self.refuse(tx, &mailbox, found.as_ref()).await? {
                    return Ok(refused);
                }
            }
        }
        let connected = match (added, found) {
            (Some(id), _) => Connected::Added(id),
            (None, Some(account)) => {
                // The attack: an application names an account of others, by a link that it sends to its owner.
                if reach::is_beyond_reach(tx, &mailbox, &account).await? {
                    (mailbox.name, mailbox.reference) = (None, None);
                }
                self.connect_again(tx, &mailbox, &account, now).await?;
                Connected::Again(account.id)
            }
            // It was deleted since then.
            (None, None) => return Err(Failure::Busy(1)),
        };
        let (Connected::Added(id) | Connected::Again(id)) = connected else { return Ok(connected) };
        let grant = NewGrant {
            connector,
            pinned: mailbox.pinned.clone(),
            directory: identity.directory.as_deref(),
            scopes: mailbox.scopes,
            asked: mailbox.asked,
            grant: mailbox.grant,
        };
        self.grants().put_within(tx, organisation, id, &grant, now).await?;
        self.add_event(tx, accounts, id, HistoryKind::SignedIn, now, &json!({})).await?;
        Ok(connected)
    }

    /// Writes what a sign-in changes about an account that was there before. A pause stays.
    async fn connect_again(
        &self,
        tx: &Tx,
        mailbox: &ConnectedMailbox<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let accounts = Accounts::of(mailbox.organisation);
        let (email, name) = (mailbox.email(), mailbox.name(&account.name));
        let connector = mailbox.connector.id;
        let reference = mailbox.reference.as_deref();
        let identity = SignedInIdentity { connector, email: &email, name: &name, reference };
        accounts.update_identity(tx, account.id, identity, now).await?;
        if let Some(state) = account.state.after(AccountEvent::SignedIn, 0) {
            let change = StateChange { state, reason: None, provider_words: None };
            accounts.change_state(tx, account.id, &change, 0, now).await?;
        } else if account.failures > 0 {
            accounts.set_failures(tx, account.id, 0).await?;
        }
        if account.connector != connector {
            let detail = json!({ "from": account.connector, "to": connector });
            self.add_event(tx, accounts, account.id, HistoryKind::Moved, now, &detail).await?;
        }
        Ok(())
    }
}

//! Sign-ins of people without a user: a connect link starts them, and their outcome is shown to the browser that
//! started them, for one hour.
//!
//! The attack: a person who got a forwarded link, or guesses ids, wants to see who has signed in, or to fill the
//! database. Therefore each outcome needs the binding cookie of its attempt, and the starts are counted by address, by
//! link and by open attempts before a row is made.

use std::net::{IpAddr, Ipv6Addr};

use super::{
    super::{
        model::{
            ConnectProblem, FINDABLE, OPEN_PER_LINK, Outcome, Purpose, STARTS_PER_ADDRESS, SignInProblem,
            Step,
        },
        sealed,
        store::{Attempt, AttemptId, Attempts, Progress},
    },
    AttemptSecrets, SignInDependencies, SignIns,
};
use crate::{
    accounts::service::{
        AccountId,
        links::{
            ClosedLink, Link, LinkId, OpenLink,
            confirming::{ConfirmationState, PendingGrantId},
        },
        return_addresses::{SignedReturn, answer::ReturnStatus},
    },
    connectors::service::Connector,
    platform::{database::Unscoped, failure::Failure, id::OrganisationId, randomness::Token},
    providers::{RefusalKind, SharedPinned, oauth::AuthorizeRequest},
};

/// A sign-in that a link has just started.
pub struct StartedByLink {
    /// The address to which the browser is sent.
    pub authorize_url: String,
    pub open: OpenLink,
}

/// The result of starting a sign-in with a link.
pub enum LinkStart {
    Started(Box<StartedByLink>),
    /// The link cannot be used.
    Closed(ClosedLink),
    /// Too many sign-ins of the link are open, or the address has started too many.
    TooMany(Box<OpenLink>),
}

/// A sign-in that a link has started, for the page of its outcome.
pub struct LinkOutcome {
    pub attempt: Attempt,
    pub connector: Connector,
    pub progress: Progress,
    /// The email of the mailbox that is expected, if one is.
    pub expected: Option<String>,
    /// Whether the same browser may start another sign-in with the link.
    pub can_start: bool,
    /// The application to which the person goes back.
    pub returns: Option<SignedReturn>,
    /// How far the confirmation is, if the application must confirm the mailbox.
    pub confirmation: Option<ConfirmationState>,
}

/// How a sign-in is started.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    /// The account that the link has connected, if the person is asked for more permissions.
    again: Option<AccountId>,
    /// Whether the provider asks which account to use, although one is expected.
    chooses: bool,
    /// Whether the provider asks for the permissions again.
    prompts: bool,
}

impl Manner {
    /// The start after an earlier sign-in of the same browser.
    fn after(attempt: &Attempt) -> Self {
        let again = asked_again(attempt);
        let (chooses, prompts) = match &attempt.outcome {
            Some(Outcome::NotConnected { why, .. }) => {
                use ConnectProblem::{
                    AccountAlreadyConnected, NoMailbox, OtherConnector, UnexpectedMailbox, WrongAccount,
                };
                let is_of_mailbox = matches!(
                    why,
                    UnexpectedMailbox | WrongAccount | NoMailbox | OtherConnector | AccountAlreadyConnected
                );
                (is_of_mailbox, false)
            }
            Some(Outcome::Unconfirmed { missing, .. }) => (false, !missing.is_empty()),
            Some(Outcome::Failed { why: SignInProblem::Provider(why), .. }) => {
                (false, matches!(why, RefusalKind::PermissionsMissing(_)))
            }
            _ => (false, again.is_some()),
        };
        Self { again, chooses, prompts }
    }
}

/// The code with which an application confirms the mailbox of a sign-in. It is derived from the binding cookie, so only
/// the browser of the sign-in brings it back, and the database has nothing but its hash.
pub(super) fn confirm_code(binding: &Token, attempt: AttemptId) -> Token {
    binding.derive(&["confirmation of a mailbox", &attempt.to_string()])
}

/// The account that was connected without all permissions, so that its owner may be asked again.
fn asked_again(attempt: &Attempt) -> Option<AccountId> {
    match &attempt.outcome {
        Some(Outcome::Connected { account_id, missing, .. }) if !missing.is_empty() => Some(*account_id),
        _ => None,
    }
}

/// The result of the transaction that starts a sign-in.
enum Begun {
    Attempt(Box<(Attempt, OpenLink, SharedPinned)>),
    Closed(ClosedLink),
    TooMany(Box<OpenLink>),
}

impl SignIns {
    /// Starts a sign-in with a link, in the browser that holds `binding`.
    pub async fn start_by_link(
        &self,
        token: &Token,
        binding: &Token,
        address: Option<IpAddr>,
    ) -> Result<LinkStart, Failure> {
        let open = match self.dependencies.links.open(token).await? {
            Ok(open) => open,
            Err(closed) => return Ok(LinkStart::Closed(closed)),
        };
        if !self.may_start(address).await? {
            return Ok(LinkStart::TooMany(Box::new(open)));
        }
        self.begin(open.link.organisation, open.link.id, Manner::default(), binding).await
    }

    /// Starts another sign-in with the link of an earlier one, which the same browser has started.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if another browser has started it, or more than an hour ago.
    pub async fn start_again(
        &self,
        id: AttemptId,
        binding: &Token,
        address: Option<IpAddr>,
    ) -> Result<LinkStart, Failure> {
        let attempt = self.attempt_of_link(id, binding).await?;
        let link = attempt.link.ok_or(Failure::NotFound)?;
        if !self.may_start(address).await? {
            return Err(Failure::Busy(60));
        }
        self.begin(attempt.organisation, link, Manner::after(&attempt), binding).await
    }

    /// Counts a start of this address. Unlike the other limits it also holds for a person with many links.
    pub(super) async fn may_start(&self, address: Option<IpAddr>) -> Result<bool, Failure> {
        let Some(address) = address else { return Ok(true) };
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            // A customer gets a /64.
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).to_string(),
        };
        self.dependencies.throttles.is_within(&format!("connect link\0{network}"), STARTS_PER_ADDRESS).await
    }

    async fn begin(
        &self,
        organisation: OrganisationId,
        link: LinkId,
        manner: Manner,
        binding: &Token,
    ) -> Result<LinkStart, Failure> {
        let SignInDependencies { database, vault, links, clock, .. } = &*self.dependencies;
        let secrets = AttemptSecrets::new(&self.dependencies);
        let begun = database
            .write(async |tx| {
                let now = clock.now();
                let open = match links.lock_to_start(&tx, organisation, link, manner.again).await? {
                    Ok(open) => open,
                    Err(closed) => return Ok(Begun::Closed(closed)),
                };
                let attempts = Attempts::of(organisation);
                let running = attempts.open_of_link(&tx, link, now).await?;
                if running.len() >= OPEN_PER_LINK {
                    // A person who goes back and forth ends their own sign-ins, and not those of other browsers.
                    let hash = binding.hash();
                    let own = running.iter().find(|running| running.binding == hash.as_bytes().as_slice());
                    let Some(own) = own else { return Ok(Begun::TooMany(Box::new(open))) };
                    self.end_open(&tx, attempts, own.id, SignInProblem::Superseded, now).await?;
                }
                let connector = &open.connector;
                let pinned = connector.application.pin(connector.proved_directory.as_deref());
                let account = manner.again.or(open.link.account);
                let purpose = if account.is_some() { Purpose::Reconnect } else { Purpose::Connect };
                let attempt = Attempt {
                    link: Some(link),
                    account,
                    ..self.create_attempt(purpose, connector, &*pinned, &secrets, now)
                };
                let ephemeral = secrets.ephemeral(vault, &attempt, binding)?;
                links.count_attempt(&tx, &open.link).await?;
                attempts.add(&tx, &attempt, ephemeral).await?;
                attempts.add_events(&tx, attempt.id, vec![self.create_event(Step::Started, now, "")]).await?;
                Ok::<_, Failure>(Begun::Attempt(Box::new((attempt, open, pinned))))
            })
            .await?;
        let (attempt, open, pinned) = match begun {
            Begun::Attempt(begun) => *begun,
            Begun::Closed(closed) => return Ok(LinkStart::Closed(closed)),
            Begun::TooMany(open) => return Ok(LinkStart::TooMany(open)),
        };
        let authorize_url = pinned.authorize_url(&AuthorizeRequest {
            redirect_uri: &attempt.redirect_uri,
            scopes: &attempt.scopes,
            state: &secrets.state,
            nonce: &secrets.nonce,
            verifier: &secrets.verifier,
            login_hint: open.email().filter(|_| !manner.chooses),
            prompt_consent: manner.prompts,
        })?;
        self.note_sent(&attempt, &authorize_url).await;
        Ok(LinkStart::Started(Box::new(StartedByLink { authorize_url, open })))
    }

    /// The outcome of a sign-in that a link has started in this browser.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if another browser has started it, or more than an hour ago.
    pub async fn link_outcome(&self, id: AttemptId, binding: &Token) -> Result<LinkOutcome, Failure> {
        let SignInDependencies { database, vault, connectors, links, confirmations, clock, .. } =
            &*self.dependencies;
        let attempt = self.attempt_of_link(id, binding).await?;
        let attempt = sealed::open_words(vault, attempt);
        let (organisation, read) = (attempt.organisation, database.read());
        let connector = connectors.find(&read, organisation, attempt.connector).await?;
        let connector = connector.ok_or(Failure::NotFound)?;
        let link = attempt.link.ok_or(Failure::NotFound)?;
        let link = links.get(organisation, link).await?.ok_or(Failure::NotFound)?;
        let expected = links.expected_email(&link, attempt.account).await?;
        let progress = attempt.progress(clock.now());
        let can_start = links.can_start(&link, &connector, asked_again(&attempt)).await?;
        let confirmation = match &progress {
            Progress::Ended(Outcome::Unconfirmed { .. }) => {
                Some(confirmations.state(organisation, PendingGrantId(attempt.id.0)).await?)
            }
            _ => None,
        };
        let code = confirm_code(binding, attempt.id);
        let returns = self.sign_return(&link, &progress, confirmation, &code).await?;
        Ok(LinkOutcome { attempt, connector, progress, expected, can_start, returns, confirmation })
    }

    /// The way back to the application; `None` while the answer of the provider is checked. `code` goes along while the
    /// application must confirm the mailbox.
    async fn sign_return(
        &self,
        link: &Link,
        progress: &Progress,
        confirmation: Option<ConfirmationState>,
        code: &Token,
    ) -> Result<Option<SignedReturn>, Failure> {
        let waits = matches!(confirmation, Some(ConfirmationState::Waiting(_)));
        let (status, account, error) = match progress {
            Progress::Checking | Progress::Open => return Ok(None),
            Progress::Interrupted => (ReturnStatus::Failed, None, Some("interrupted")),
            Progress::Abandoned => (ReturnStatus::Failed, None, Some("expired")),
            Progress::Ended(Outcome::Connected { account_id, .. }) => {
                (ReturnStatus::Connected, Some(*account_id), None)
            }
            Progress::Ended(Outcome::Unconfirmed { .. }) => match confirmation {
                Some(ConfirmationState::Waiting(_)) => (ReturnStatus::Connected, None, None),
                Some(ConfirmationState::Confirmed(account)) => (ReturnStatus::Connected, Some(account), None),
                Some(ConfirmationState::Over) | None => (ReturnStatus::Failed, None, Some("not_confirmed")),
            },
            Progress::Ended(outcome) if outcome.is_denied() => {
                (ReturnStatus::Cancelled, None, outcome.code())
            }
            Progress::Ended(outcome) => (ReturnStatus::Failed, None, outcome.code()),
        };
        let code = waits.then_some(code);
        self.dependencies.return_addresses.sign(link, status, account, error, code).await
    }

    /// An attempt that a link has started in this browser, at most an hour ago.
    async fn attempt_of_link(&self, id: AttemptId, binding: &Token) -> Result<Attempt, Failure> {
        let SignInDependencies { database, clock, .. } = &*self.dependencies;
        let found = Unscoped.attempt_of_link(&database.read(), id, binding.hash()).await?;
        found.filter(|attempt| attempt.created_at.is_within(FINDABLE, clock.now())).ok_or(Failure::NotFound)
    }
}

//! Logging in and out.

use std::net::IpAddr;

use http::Method;
use secrecy::SecretString;
use time::Duration;
use tokio_util::task::TaskTracker;
use tower_sessions::Session;

use super::{
    session::{self, Sessions, SignedIn},
    throttle::{Admission, Throttles},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::Activity,
    },
    people::{
        access::Member,
        model::{Email, Password},
        service::{Authenticated, People, Presence, User},
    },
    platform::{
        clock::SharedClock, database::Database, failure::Failure, middleware::reference::Reference,
        randomness::Hash,
    },
};

/// So many refusals of one user are recorded within a window of the throttles, and so many wrong passwords for one.
const REFUSALS: i64 = 20;
const GUESSES: i64 = 50;

/// A browser, as far as its request shows it.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where it is.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The request.
    pub reference: Option<Reference>,
}

/// What came of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// The browser is signed in.
    Yes,
    /// The password was right; a code of the second factor is wanted as well.
    CodeWanted,
    /// E-mail or password are wrong, or the user is disabled: which of them is told to nobody.
    Refused,
    /// Too many were wrong of late: nothing was tried, and nothing will be before this long has passed.
    TooMany(Duration),
}

/// Logs people in and out.
#[derive(Clone)]
pub struct Login {
    pub(super) database: Database,
    pub(super) people: People,
    pub(super) activity: Activity,
    pub(super) throttles: Throttles,
    pub(super) clock: SharedClock,
    records: TaskTracker,
}

impl Login {
    /// With these people.
    pub fn new(
        database: Database,
        people: People,
        activity: Activity,
        throttles: Throttles,
        clock: SharedClock,
    ) -> Self {
        Self { database, people, activity, throttles, clock, records: TaskTracker::new() }
    }

    /// Waits for what is recorded beside an answer; from now on nothing else is to be asked of it.
    pub async fn drain(&self) {
        self.records.close();
        self.records.wait().await;
    }

    /// Logs a browser in.
    pub async fn log_in(
        &self,
        session: &Session,
        email: &str,
        password: SecretString,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let counted = match self.throttles.admit(email, browser.address).await? {
            Admission::Admitted(counted) => counted,
            Admission::TooMany(wait) => {
                tracing::warn!(tried = ?hash(email), "a log-in was turned away: too many tries");
                return Ok(LoggedIn::TooMany(wait));
            }
        };
        let logged_in = self.try_password(session, email, password, browser).await;
        // What was right, or was not looked at for want of time, was no guess.
        if matches!(logged_in, Ok(LoggedIn::Yes | LoggedIn::CodeWanted) | Err(Failure::Busy(_))) {
            self.throttles.take_back(&counted).await?;
        }
        logged_in
    }

    async fn try_password(
        &self,
        session: &Session,
        email: &str,
        password: SecretString,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let Some(password) = Password::try_out(password) else { return Ok(LoggedIn::Refused) };
        // What is no address belongs to nobody; the work is done all the same.
        let address = Email::parse(email).ok();
        match self.people.authenticate(address.as_ref(), &password).await? {
            Authenticated::User { user, old_hash } => {
                // Only for who is let in: done for somebody disabled too, it would tell by its time that the password
                // was right.
                let newer_hash = if old_hash { self.renewed(&password).await? } else { None };
                if user.has_second_factor {
                    return self.ask_for_code(session, user, newer_hash, browser).await;
                }
                if self.sign_in(session, &user, newer_hash, browser).await? {
                    return Ok(LoggedIn::Yes);
                }
                // Changed, or disabled, while it was verified: the session that was just made must not stay.
                session::sign_out(session).await?;
                Ok(LoggedIn::Refused)
            }
            Authenticated::Refused(Some(user)) => {
                let actor = actor(&user, browser, false);
                let entry = Entry::done(Action::LogInRefused, &user.email, user.id.0).with_outcome("refused");
                // Beside the answer: if a refusal took longer for somebody than for nobody, whoever
                // measures it would learn who exists.
                let login = self.clone();
                self.records.spawn(async move {
                    if let Err(failure) = login.note_guess(&user, actor, entry).await {
                        tracing::error!(?failure, "a refused log-in could not be recorded");
                    }
                });
                Ok(LoggedIn::Refused)
            }
            Authenticated::Refused(None) => {
                // Of nobody's organisation, so only in the log, and there without the address.
                tracing::info!(tried = ?hash(email), "a log-in was refused: unknown e-mail");
                Ok(LoggedIn::Refused)
            }
        }
    }

    /// A hash with today's parameters; none where there is too much to do: the older one is good for another log-in.
    async fn renewed(&self, password: &Password) -> Result<Option<String>, Failure> {
        match self.people.hash(password).await {
            Err(Failure::Busy(_)) => Ok(None),
            made => made.map(Some),
        }
    }

    pub(super) async fn sign_in(
        &self,
        session: &Session,
        user: &User,
        newer_hash: Option<String>,
        browser: &Browser,
    ) -> Result<bool, Failure> {
        session::sign_in(
            session,
            SignedIn {
                organisation: user.organisation,
                user: user.id,
                address: browser.address.map(|address| address.to_string()),
                user_agent: browser.user_agent.clone(),
                since: None,
                proved_at: None,
            },
        )
        .await?;
        self.database
            .write(async |tx| {
                // After the session: whoever changes the password meanwhile ends it, or is seen here.
                if !self.people.note_login(&tx, user, newer_hash.clone()).await? {
                    return Ok(false);
                }
                let entry = Entry::done(Action::LoggedIn, &user.email, user.id.0);
                self.activity.record(&tx, actor(user, browser, true), entry).await?;
                Ok(true)
            })
            .await
    }

    /// Logs a browser out. It is no mistake to do so twice.
    pub async fn log_out(&self, session: &Session, member: Option<Member>) -> Result<(), Failure> {
        if let Some(member) = member {
            let entry = Entry::done(Action::LoggedOut, &member.email, member.user().0);
            self.database
                .write(async |tx| {
                    // A confirmation that is under way must not bring back what ends here.
                    self.people.note_ended_sessions(&tx, member.organisation(), member.user()).await?;
                    Sessions::end(&tx, session).await?;
                    self.activity.record(&tx, member.actor(), entry.clone()).await
                })
                .await?;
        }
        session::sign_out(session).await
    }

    /// Records a wrong password; beyond a number within the throttles' window only the log has it, for whoever guesses
    /// from many addresses must not fill the database.
    async fn note_guess(&self, user: &User, actor: Actor, entry: Entry) -> Result<(), Failure> {
        if !self.throttles.is_within(&format!("guessed\0{}", user.id), GUESSES).await? {
            tracing::warn!(user = %user.id, "a log-in was refused, and so many before it that none is recorded");
            return Ok(());
        }
        Ok(self.database.write(async |tx| self.activity.record(&tx, actor, entry.clone()).await).await?)
    }

    /// Records that a user asked for what they may not; beyond a number within the throttles' window only the
    /// log has it, for whoever asks without end must not fill the database.
    pub async fn note_refusal(&self, member: &Member, method: &Method, path: &str) {
        let entity: String = path.chars().take(200).collect();
        let entry = Entry::done(Action::RequestRefused, entity, member.user().0)
            .with_outcome("refused")
            .with_detail(method.as_str());
        let recorded = async {
            if self.throttles.is_within(&format!("refused\0{}", member.user()), REFUSALS).await? {
                let record = async |tx| self.activity.record(&tx, member.actor(), entry.clone()).await;
                self.database.write(record).await?;
            }
            Ok::<_, Failure>(())
        };
        if let Err(failure) = recorded.await {
            tracing::error!(?failure, "a refusal could not be recorded");
        }
    }

    /// Who is signed in in this session, as the database had them when the request began: a user who was disabled,
    /// or whose role changed, is so at once.
    pub async fn identify(&self, session: &Session, browser: &Browser) -> Result<Option<Member>, Failure> {
        let Some(who) = session::signed_in(session).await? else { return Ok(None) };
        let Some(standing) = session::standing(session).await? else { return Ok(None) };
        let presence =
            Presence { address: browser.address, reference: browser.reference, proved_at: who.proved_at };
        self.people.member(standing, presence)
    }
}

/// An e-mail as the log has it.
fn hash(email: &str) -> Hash {
    Hash::of(email.trim().to_lowercase().as_bytes())
}

pub(super) fn actor(user: &User, browser: &Browser, known: bool) -> Actor {
    Actor {
        organisation: user.organisation,
        // Who only claims to be somebody has not done it as them.
        user: known.then_some(user.id),
        address: browser.address,
        reference: browser.reference,
    }
}

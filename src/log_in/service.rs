//! The use cases of logging in and out. Start with [`LogInService::log_in`].

use std::net::IpAddr;

use http::Method;
use secrecy::SecretString;
use time::Duration;
use tower_sessions::Session;
use uuid::Uuid;

pub use super::throttle::Throttles;
use super::{
    devices::{DeviceCookies, DeviceSlot},
    security_log::SecurityLog,
    session::{self, Sessions},
    throttle::{Admission, Guesser},
};
use crate::{
    activity::{
        model::{Action, Actor, Detail, Entry},
        service::{Activity, RepeatedActivity},
    },
    people::{
        access::{LoggedInUser, Member},
        model::{Email, Password},
        service::{Authenticated, People, RequestContext, User},
    },
    platform::{
        clock::SharedClock,
        cpu::Asker,
        database::Database,
        failure::Failure,
        id::OrganisationId,
        randomness::{SharedRandomness, Token},
        request_id::RequestId,
    },
};

/// A browser, as its request describes it.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Network address.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    pub request_id: Option<RequestId>,
    /// The device cookie that it sent, and the one that the response sets.
    pub device: DeviceSlot,
}

/// The fields that a user fills in to log in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The short name of the organisation; ignored if there is only one organisation.
    pub organisation: String,
    /// The typed email.
    pub email: String,
    /// The typed password.
    pub password: SecretString,
}

impl Credentials {
    /// The same text for all spellings of an organisation and email. A typed organisation counts only if no
    /// organisation has it as its short name: otherwise an attacker could start a new count with another
    /// spelling.
    fn account(&self, organisation: Option<OrganisationId>) -> String {
        let typed = || self.organisation.trim().to_lowercase();
        let organisation = organisation.map_or_else(typed, |organisation| organisation.to_string());
        format!("{organisation}\n{}", canonical(&self.email))
    }
}

impl Browser {
    /// The requester whose share of the CPU pool the work uses.
    pub const fn asker(&self) -> Asker {
        Asker { network: self.address, known: false }
    }
}

/// The result of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// The browser is logged in.
    Yes,
    /// The password was right; the code of the second factor is still missing.
    CodeWanted,
    /// Email or password are wrong, or the user is disabled. The response does not say which.
    Refused,
    /// The code was valid this long ago, and no longer is.
    LateCode(Duration),
    /// Too many attempts were wrong recently. Nothing was tried, and no attempt is accepted before this time
    /// has passed.
    TooMany(Duration),
}

/// The credential that completes a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompletedBy {
    /// The password, which was just verified.
    Password,
    /// A code, given some time after the password.
    Code,
}

/// The services that [`LogInService`] uses.
pub struct LogInDependencies {
    pub(crate) database: Database,
    pub(crate) people: People,
    pub(crate) activity: Activity,
    /// Records events that an outsider can repeat: one entry for each window.
    pub(crate) repeated: RepeatedActivity,
    pub(crate) throttles: Throttles,
    pub(crate) devices: DeviceCookies,
    pub(crate) sessions: Sessions,
    pub(crate) clock: SharedClock,
    pub(crate) randomness: SharedRandomness,
}

/// The use cases of logging in and out.
#[derive(Clone)]
pub struct LogInService {
    pub(super) database: Database,
    pub(super) people: People,
    pub(super) activity: Activity,
    pub(super) repeated: RepeatedActivity,
    pub(super) throttles: Throttles,
    pub(super) devices: DeviceCookies,
    pub(super) sessions: Sessions,
    pub(super) clock: SharedClock,
    pub(super) log: SecurityLog,
}

impl LogInService {
    /// Assembles the service.
    pub fn new(dependencies: LogInDependencies) -> Self {
        let LogInDependencies {
            database,
            people,
            activity,
            repeated,
            throttles,
            devices,
            sessions,
            clock,
            randomness,
        } = dependencies;
        let log = SecurityLog::new(clock.clone(), &*randomness);
        Self { database, people, activity, repeated, throttles, devices, sessions, clock, log }
    }

    /// Writes the events counted since the last flush. Runs every few seconds, and before the program ends.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn flush(&self) -> Result<(), Failure> {
        self.repeated.flush().await
    }

    /// Logs a browser in with email and password.
    pub async fn log_in(
        &self,
        session: &Session,
        credentials: &Credentials,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let organisation = self.people.organisation_of_log_in(&credentials.organisation).await?;
        let guesser = self.guesser(organisation, credentials, browser).await?;
        self.log_in_as(guesser, organisation, session, credentials, browser).await
    }

    /// Logs a browser in with the password that was just chosen through a one-time link. The link has its own
    /// count of attempts: an owner whose password others are guessing can get in with a link for a new
    /// password.
    pub async fn log_in_by_link(
        &self,
        link: &Token,
        session: &Session,
        credentials: &Credentials,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let organisation = self.people.organisation_of_log_in(&credentials.organisation).await?;
        self.log_in_as(Guesser::Link(link.hash()), organisation, session, credentials, browser).await
    }

    async fn log_in_as(
        &self,
        mut guesser: Guesser,
        organisation: Option<OrganisationId>,
        session: &Session,
        credentials: &Credentials,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let account = credentials.account(organisation);
        let counted = loop {
            match self.throttles.admit_password(guesser, &account).await? {
                Admission::Admitted(counted) => break counted,
                Admission::TooMany(wait) => {
                    self.log.turned_away(&account, browser);
                    return Ok(LoggedIn::TooMany(wait));
                }
                Admission::DeviceVoid => guesser = Guesser::Stranger(browser.address),
            }
        };
        let asker = Asker { known: matches!(guesser, Guesser::Device(_)), ..browser.asker() };
        let logged_in = self.try_password(asker, organisation, session, credentials, browser).await;
        match logged_in {
            Ok(LoggedIn::Yes | LoggedIn::CodeWanted) => self.throttles.note_right(&counted).await?,
            // The server was too busy to try the password, so this does not count as a guess.
            Err(Failure::Busy(_)) => self.throttles.take_back(&counted).await?,
            _ => {}
        }
        logged_in
    }

    /// The counter that an attempt increments. It depends on the device cookie and on the typed text, never on
    /// whether the user exists, so it reveals nothing.
    async fn guesser(
        &self,
        organisation: Option<OrganisationId>,
        credentials: &Credentials,
        browser: &Browser,
    ) -> Result<Guesser, Failure> {
        let stranger = Guesser::Stranger(browser.address);
        let Some(device) = self.devices.find(&browser.device).await? else { return Ok(stranger) };
        let owner = self.people.user_of(device.organisation, device.user).await?;
        let is_owner = organisation == Some(device.organisation)
            && owner.is_some_and(|owner| owner.email == canonical(&credentials.email));
        Ok(if is_owner { Guesser::Device(device.hash) } else { stranger })
    }

    async fn try_password(
        &self,
        asker: Asker,
        organisation: Option<OrganisationId>,
        session: &Session,
        credentials: &Credentials,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let Some(password) = Password::try_out(credentials.password.clone()) else {
            return Ok(LoggedIn::Refused);
        };
        // An invalid email belongs to no user. Do the same work for it, so that the time reveals nothing.
        let email = Email::parse(&credentials.email).ok();
        match self.people.authenticate(asker, organisation, email.as_ref(), &password).await? {
            Authenticated::User { user, old_hash } => {
                // Rehash only for a user who is let in. For a disabled user, the extra time would tell an
                // attacker that the password was right.
                let newer_hash = if old_hash { self.rehash(asker, &password).await? } else { None };
                if user.has_second_factor {
                    return self.ask_for_code(session, user, newer_hash, browser).await;
                }
                if self.begin_session(session, &user, newer_hash, CompletedBy::Password, browser).await? {
                    return Ok(LoggedIn::Yes);
                }
                // The user was changed or disabled while the password was verified. The new session must not
                // stay.
                session::clear(session).await?;
                Ok(LoggedIn::Refused)
            }
            Authenticated::Refused(user) => {
                self.note_refused_log_in(
                    organisation,
                    user.as_ref(),
                    &credentials.account(organisation),
                    browser,
                );
                Ok(LoggedIn::Refused)
            }
        }
    }

    /// Records a wrong password. It does the same for a known and an unknown email: a log line and a count
    /// in memory. The next [`LogInService::flush`] writes the counts, so the response time does not tell
    /// which users exist.
    fn note_refused_log_in(
        &self,
        organisation: Option<OrganisationId>,
        user: Option<&User>,
        account: &str,
        browser: &Browser,
    ) {
        self.log.log_refusal(account, user.map(|user| user.id), browser);
        let Some(organisation) = organisation else { return };
        let (email, id) = user.map_or(("", Uuid::nil()), |user| (user.email.as_str(), user.id.0));
        let (address, request_id) = (browser.address, browser.request_id);
        let actor = Actor { organisation, user: None, client: None, address, request_id };
        self.repeated
            .count_event(actor, Entry::done(Action::LogInRefused, email, id).with_outcome("refused"));
    }

    /// Hashes the password with today's parameters; `None` if the hasher is busy. The older hash is good for
    /// another log-in.
    async fn rehash(&self, asker: Asker, password: &Password) -> Result<Option<String>, Failure> {
        match self.people.hash(asker, password).await {
            Err(Failure::Busy(_)) => Ok(None),
            made => made.map(Some),
        }
    }

    pub(super) async fn begin_session(
        &self,
        session: &Session,
        user: &User,
        newer_hash: Option<String>,
        completed_by: CompletedBy,
        browser: &Browser,
    ) -> Result<bool, Failure> {
        let issued = self
            .database
            .write(async |tx| {
                // An event that ended the user's sessions since the password was given ends this log-in too.
                if completed_by == CompletedBy::Code && !self.people.is_unchanged(&tx, user).await? {
                    return Ok(None);
                }
                // This locks the user's row. A concurrent change of the password is either committed and seen
                // here, or waits and then ends the session that is added below.
                if !self.people.note_login(&tx, user, newer_hash.clone()).await? {
                    return Ok(None);
                }
                let issued = self.sessions.begin_session(&tx, user, browser).await?;
                let entry = Entry::done(Action::LoggedIn, &user.email, user.id.0);
                self.activity.record(&tx, actor(user, browser, true), entry).await?;
                let device = self.devices.renew(&tx, &browser.device, user.organisation, user.id).await?;
                Ok::<_, Failure>(Some((issued, device)))
            })
            .await?;
        let Some((issued, device)) = issued else { return Ok(false) };
        issued.hand_to(session).await?;
        let organisation = self.people.short_name(user.organisation).await?;
        browser.device.set_cookie_values(device, Some(organisation));
        Ok(true)
    }

    /// Logs a browser out. Logging out twice is not an error.
    pub async fn log_out(&self, session: &Session, member: Option<&LoggedInUser>) -> Result<(), Failure> {
        if let Some(member) = member {
            self.database
                .write(async |tx| {
                    // A concurrent re-authentication must not bring back the session that ends here.
                    People::note_ended_sessions(&tx, member.organisation(), member.user()).await?;
                    Sessions::end(&tx, session).await?;
                    let email = self.people.email_of(&tx, member).await?;
                    let entry = Entry::done(Action::LoggedOut, email, member.user().0);
                    self.activity.record(&tx, member.actor(), entry).await
                })
                .await?;
        }
        session::clear(session).await
    }

    /// Records that a user requested something that their role does not allow.
    pub fn note_refusal(&self, member: &LoggedInUser, method: &Method, path: &str) {
        let entity: String = path.chars().take(200).collect();
        let entry = Entry::done(Action::RequestRefused, entity, member.user().0)
            .with_outcome("refused")
            .with_detail(Detail::Method { method: method.as_str().to_owned() });
        self.repeated.count_event(member.actor(), entry);
    }

    /// The user who is logged in in this session, as stored when the request began. So disabling a user or
    /// changing their role takes effect at once.
    pub async fn identify(&self, session: &Session, browser: &Browser) -> Result<Option<Member>, Failure> {
        let Some(session_user) = session::user(session).await? else { return Ok(None) };
        let Some(snapshot) = session::user_snapshot(session).await? else { return Ok(None) };
        let context = RequestContext {
            address: browser.address,
            request_id: browser.request_id,
            reauthenticated_at: session_user.reauthenticated_at,
        };
        self.people.member_of_session(snapshot, context)
    }
}

/// The same text for all spellings of an email.
fn canonical(email: &str) -> String {
    Email::counted(email)
}

pub(super) fn actor(user: &User, browser: &Browser, known: bool) -> Actor {
    Actor {
        organisation: user.organisation,
        // Do not attribute the action to a user who has not authenticated.
        user: known.then_some(user.id),
        client: None,
        address: browser.address,
        request_id: browser.request_id,
    }
}

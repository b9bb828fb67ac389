//! Logging in and out.

use std::net::IpAddr;

use http::Method;
use secrecy::SecretString;
use time::Duration;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    devices::{DeviceCookies, DeviceSlot},
    security_log::SecurityLog,
    session::{self, Sessions},
    throttle::{Admission, Guesser, Throttles},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::{Activity, RepeatedActivity},
    },
    people::{
        access::Member,
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

/// A browser, as far as its request shows it.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where it is.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<RequestId>,
    /// The device cookie that it sent, and the one that the answer sets.
    pub device: DeviceSlot,
}

/// What a user types to log in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The short name of the organisation; not looked at where there is only one.
    pub organisation: String,
    /// The e-mail.
    pub email: String,
    /// The password.
    pub password: SecretString,
}

impl Credentials {
    /// One text for all the ways to type the same account. What was typed as the organisation counts only where it is
    /// none of ours: otherwise a guesser would begin a new count with another spelling.
    fn account(&self, organisation: Option<OrganisationId>) -> String {
        let typed = || self.organisation.trim().to_lowercase();
        let organisation = organisation.map_or_else(typed, |organisation| organisation.to_string());
        format!("{organisation}\n{}", canonical(&self.email))
    }
}

impl Browser {
    /// On whose behalf the program computes.
    pub const fn asker(&self) -> Asker {
        Asker { network: self.address, known: false }
    }
}

/// What came of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// The browser is logged in.
    Yes,
    /// The password was right; a code of the second factor is wanted as well.
    CodeWanted,
    /// E-mail or password are wrong, or the user is disabled: which of them is told to nobody.
    Refused,
    /// The code was right this long ago, and is no longer.
    LateCode(Duration),
    /// Too many were wrong of late: nothing was tried, and nothing will be before this long has passed.
    TooMany(Duration),
}

/// What a log-in is completed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The password, which was just verified.
    Password,
    /// A code, some time after the password.
    Code,
}

/// What logging in needs.
pub struct Parts {
    /// The database.
    pub database: Database,
    /// Organisations and users.
    pub people: People,
    /// The record.
    pub activity: Activity,
    /// The record of what outsiders can repeat.
    pub repeated: RepeatedActivity,
    /// How often a password may be tried.
    pub throttles: Throttles,
    /// The device cookies.
    pub devices: DeviceCookies,
    /// The sessions.
    pub sessions: Sessions,
    /// The clock.
    pub clock: SharedClock,
    /// The randomness.
    pub randomness: SharedRandomness,
}

/// Logs people in and out.
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
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        let Parts { database, people, activity, repeated, throttles, devices, sessions, clock, randomness } =
            parts;
        let log = SecurityLog::new(clock.clone(), &*randomness);
        Self { database, people, activity, repeated, throttles, devices, sessions, clock, log }
    }

    /// Writes what was counted since the last time; asked for every few seconds, and before the program ends.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn flush(&self) -> Result<(), Failure> {
        self.repeated.flush().await
    }

    /// Logs a browser in.
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

    /// Logs a browser in with the password that was just chosen by a one-time link. It has a count of its own: an owner
    /// whose account others guess at gets in by a link for a new password.
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
                Admission::Void => guesser = Guesser::Stranger(browser.address),
            }
        };
        let asker = Asker { known: matches!(guesser, Guesser::Device(_)), ..browser.asker() };
        let logged_in = self.try_password(asker, organisation, session, credentials, browser).await;
        match logged_in {
            Ok(LoggedIn::Yes | LoggedIn::CodeWanted) => self.throttles.note_right(&counted).await?,
            // It was not looked at.
            Err(Failure::Busy(_)) => self.throttles.take_back(&counted).await?,
            _ => {}
        }
        logged_in
    }

    /// What is known of the browser. It depends on its device cookie and on what was typed, never on whether there is
    /// such a user.
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
        // A text that is no e-mail belongs to no user; the same work is done for it.
        let email = Email::parse(&credentials.email).ok();
        match self.people.authenticate(asker, organisation, email.as_ref(), &password).await? {
            Authenticated::User { user, old_hash } => {
                // Only for a user who is let in: done for a disabled one too, its time would tell that the password
                // was right.
                let newer_hash = if old_hash { self.rehash(asker, &password).await? } else { None };
                if user.has_second_factor {
                    return self.ask_for_code(session, user, newer_hash, browser).await;
                }
                if self.begin_session(session, &user, newer_hash, Way::Password, browser).await? {
                    return Ok(LoggedIn::Yes);
                }
                // Changed or disabled while the password was verified: the session that was just made must not stay.
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

    /// Records a wrong password. For a known and for an unknown e-mail the same is done: a line of the log and a count
    /// in memory. Both are written by the next [`LogInService::flush`], so the time of no answer tells which users exist.
    fn note_refused_log_in(
        &self,
        organisation: Option<OrganisationId>,
        user: Option<&User>,
        account: &str,
        browser: &Browser,
    ) {
        self.log.refused(account, user.map(|user| user.id), browser);
        let Some(organisation) = organisation else { return };
        let (email, id) = user.map_or(("", Uuid::nil()), |user| (user.email.as_str(), user.id.0));
        let actor =
            Actor { organisation, user: None, address: browser.address, request_id: browser.request_id };
        self.repeated.note(actor, Entry::done(Action::LogInRefused, email, id).with_outcome("refused"));
    }

    /// A hash with today's parameters; none where there is too much to do: the older one is good for another log-in.
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
        way: Way,
        browser: &Browser,
    ) -> Result<bool, Failure> {
        let issued = self
            .database
            .write(async |tx| {
                // What ended sessions of the user since the password was given ends this log-in too.
                if way == Way::Code && !self.people.is_unchanged(&tx, user).await? {
                    return Ok(None);
                }
                // It locks the user's row: a change of the password at the same time was committed and is seen here, or
                // waits, and then ends the session that is added below.
                if !self.people.note_login(&tx, user, newer_hash.clone()).await? {
                    return Ok(None);
                }
                let issued = self.sessions.begin(&tx, user, browser).await?;
                let entry = Entry::done(Action::LoggedIn, &user.email, user.id.0);
                self.activity.record(&tx, actor(user, browser, true), entry).await?;
                let device = self.devices.renew(&tx, &browser.device, user.organisation, user.id).await?;
                Ok::<_, Failure>(Some((issued, device)))
            })
            .await?;
        let Some((issued, device)) = issued else { return Ok(false) };
        issued.hand_to(session).await?;
        let organisation = self.people.short_name(user.organisation).await?;
        browser.device.give(device, Some(organisation));
        Ok(true)
    }

    /// Logs a browser out. It is no mistake to do so twice.
    pub async fn log_out(&self, session: &Session, member: Option<Member>) -> Result<(), Failure> {
        if let Some(member) = member {
            let entry = Entry::done(Action::LoggedOut, &member.email, member.user().0);
            self.database
                .write(async |tx| {
                    // A confirmation that is under way must not bring back what ends here.
                    People::note_ended_sessions(&tx, member.organisation(), member.user()).await?;
                    Sessions::end(&tx, session).await?;
                    self.activity.record(&tx, member.actor(), entry.clone()).await
                })
                .await?;
        }
        session::clear(session).await
    }

    /// Records that a user asked for what they may not.
    pub fn note_refusal(&self, member: &Member, method: &Method, path: &str) {
        let entity: String = path.chars().take(200).collect();
        let entry = Entry::done(Action::RequestRefused, entity, member.user().0)
            .with_outcome("refused")
            .with_detail(method.as_str());
        self.repeated.note(member.actor(), entry);
    }

    /// Who is logged in in this session, as the database had them when the request began: a user who was disabled,
    /// or whose role changed, is so at once.
    pub async fn identify(&self, session: &Session, browser: &Browser) -> Result<Option<Member>, Failure> {
        let Some(who) = session::user(session).await? else { return Ok(None) };
        let Some(snapshot) = session::user_snapshot(session).await? else { return Ok(None) };
        let context = RequestContext {
            address: browser.address,
            request_id: browser.request_id,
            reauthenticated_at: who.reauthenticated_at,
        };
        self.people.member_of_session(snapshot, context)
    }
}

/// One text for all the ways to type an e-mail.
fn canonical(email: &str) -> String {
    Email::counted(email)
}

pub(super) fn actor(user: &User, browser: &Browser, known: bool) -> Actor {
    Actor {
        organisation: user.organisation,
        // The action of a visitor who has not authenticated is not attributed to the user.
        user: known.then_some(user.id),
        address: browser.address,
        request_id: browser.request_id,
    }
}

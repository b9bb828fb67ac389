//! What users do with their own account: change the password, prove anew who they are, and end sessions in
//! other browsers.

use secrecy::SecretString;
use time::Duration;
use tower_sessions::Session;

use super::{
    service::Browser,
    session::{self, LoggedInBrowser, Sessions},
    throttle::{Admission, Guesser, Throttles},
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::{
        access::Member,
        model::{Email, Password},
        service::{Authenticated, Code, People, User},
    },
    platform::{
        database::{Database, Tx},
        failure::Failure,
    },
};

/// What came of changing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It is changed, and all sessions have ended but that of this browser, which has a new cookie.
    Changed,
    /// The new one cannot be used, for this reason.
    Refused(&'static str),
    /// Too many were sent: nothing was tried.
    TooOften,
    /// The current password is not right.
    WrongCurrent,
    /// Too many were wrong of late: nothing will be tried before this long has passed.
    TooMany(Duration),
}

/// The most new passwords that a user sends within a window of the throttles, whatever comes of them.
const CHANGES: i64 = 20;

/// What somebody gives to prove who they are.
#[derive(Debug, Default)]
pub struct Given {
    /// Their password.
    pub password: SecretString,
    /// A code, which counts where they have a second factor.
    pub code: String,
}

/// What came of proving who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reauthentication {
    /// It is proved.
    Done,
    /// The password is not right.
    Wrong,
    /// The password is right, and the code is not.
    WrongCode,
    /// Too many were wrong of late: nothing will be tried before this long has passed.
    TooMany(Duration),
}

/// The accounts of those who are logged in.
#[derive(Clone)]
pub struct Profiles {
    database: Database,
    people: People,
    sessions: Sessions,
    activity: Activity,
    throttles: Throttles,
}

impl Profiles {
    /// With these people and sessions.
    pub fn new(
        database: Database,
        people: People,
        sessions: Sessions,
        activity: Activity,
        throttles: Throttles,
    ) -> Self {
        Self { database, people, sessions, activity, throttles }
    }

    /// The browsers in which a user is logged in.
    pub async fn browsers(
        &self,
        member: &Member,
        session: &Session,
    ) -> Result<Vec<LoggedInBrowser>, Failure> {
        self.sessions.of_user(member, session).await
    }

    /// Changes a user's own password. The current one is asked for: a browser that was left open must not
    /// be enough to take an account over. Tries of it count like those of a log-in.
    pub async fn change_password(
        &self,
        member: &Member,
        session: &Session,
        browser: &Browser,
        current: SecretString,
        new: SecretString,
    ) -> Result<PasswordChange, Failure> {
        let guesser = guesser(session).await?;
        // Right passwords count too, because a change computes. By the log-in, so that a thief who has another session
        // of the user cannot keep the user from changing the password.
        if !self.throttles.is_within(&format!("change\0{guesser:?}"), CHANGES).await? {
            return Ok(PasswordChange::TooOften);
        }
        let counted = match self.throttles.admit_password(guesser, "").await? {
            Admission::Admitted(counted) => counted,
            Admission::TooMany(wait) => return Ok(PasswordChange::TooMany(wait)),
            Admission::Void => return Err(Failure::LoggedOut),
        };
        let user = match self.verified(member, current.clone()).await {
            Ok(Some(user)) => user,
            Ok(None) => {
                self.note_refusal(member, Action::PasswordChangeRefused).await?;
                return Ok(PasswordChange::WrongCurrent);
            }
            Err(failure) => {
                // What was not looked at for want of time was no guess.
                self.throttles.take_back(&counted).await?;
                return Err(failure);
            }
        };
        self.throttles.note_right(&counted).await?;
        let is_same = Password::try_out(current).zip(Password::try_out(new.clone()));
        if is_same.is_some_and(|(current, new)| current.is_same_as(&new)) {
            return Ok(PasswordChange::Refused("Choose another password than the current one."));
        }
        let about = [member.email.as_str(), &member.name, &member.organisation_name];
        let new = match self.people.choose_password(member.asker(), new, &about).await? {
            Ok(new) => new,
            Err(words) => return Ok(PasswordChange::Refused(words)),
        };
        let hash = self.people.hash(member.asker(), &new).await?;
        let issued = self
            .database
            .write(async |tx| {
                if !self.people.replace_password(&tx, member, &user, hash.clone()).await? {
                    return Ok(None);
                }
                self.sessions.end_all_and_renew(&tx, member, session, &browser.device).await.map(Some)
            })
            .await?;
        let Some(issued) = issued else { return Ok(PasswordChange::WrongCurrent) };
        issued.hand_to(session).await?;
        Ok(PasswordChange::Changed)
    }

    async fn note_refusal(&self, member: &Member, action: Action) -> Result<(), Failure> {
        let entry = Entry::done(action, &member.email, member.user().0).with_outcome("refused");
        let record = async |tx: Tx| self.activity.record(&tx, member.actor(), entry.clone()).await;
        Ok(self.database.write(record).await?)
    }

    /// Proves anew who somebody is, by all that a log-in asks of them: their session is known by a new cookie afterwards. Tries
    /// count like those of a log-in.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] where the session was ended in the meantime.
    pub async fn reauthenticate(
        &self,
        member: &Member,
        session: &Session,
        given: Given,
    ) -> Result<Reauthentication, Failure> {
        let guesser = guesser(session).await?;
        let counted = match self.throttles.admit_password(guesser, "").await? {
            Admission::Admitted(counted) => counted,
            Admission::TooMany(wait) => return Ok(Reauthentication::TooMany(wait)),
            Admission::Void => return Err(Failure::LoggedOut),
        };
        let user = match self.verified(member, given.password).await {
            Ok(Some(user)) => user,
            Ok(None) => {
                self.note_refusal(member, Action::ReauthenticationRefused).await?;
                return Ok(Reauthentication::Wrong);
            }
            Err(failure) => {
                self.throttles.take_back(&counted).await?;
                return Err(failure);
            }
        };
        self.throttles.note_right(&counted).await?;
        if user.has_second_factor {
            // A password alone must not be enough to take the second factor away (ASVS 7.5.1).
            let code = Code::parse(&given.code);
            let counted = match self.throttles.admit_code(guesser, user.id, &code).await? {
                Admission::Admitted(counted) => counted,
                Admission::TooMany(wait) => return Ok(Reauthentication::TooMany(wait)),
                Admission::Void => return Err(Failure::LoggedOut),
            };
            if !self.people.use_code(&user, &code, member.actor()).await? {
                self.note_refusal(member, Action::CodeRefused).await?;
                return Ok(Reauthentication::WrongCode);
            }
            self.throttles.note_right(&counted).await?;
        }
        let issued = self
            .database
            .write(async |tx| {
                // What was verified must still be so, and the session must still be there: a session that was ended
                // in the meantime stays ended.
                if !self.people.is_unchanged(&tx, &user).await? {
                    return Err(Failure::LoggedOut);
                }
                let issued = self.sessions.reauthenticate(&tx, member, session).await?;
                let entry = Entry::done(Action::Reauthenticated, &member.email, member.user().0);
                self.activity.record(&tx, member.actor(), entry).await?;
                Ok(issued)
            })
            .await?;
        issued.hand_to(session).await?;
        Ok(Reauthentication::Done)
    }

    /// The user, where this is their password.
    async fn verified(&self, member: &Member, password: SecretString) -> Result<Option<User>, Failure> {
        let Some(password) = Password::try_out(password) else { return Ok(None) };
        let email = Email::parse(&member.email).ok();
        let organisation = Some(member.organisation());
        Ok(match self.people.authenticate(member.asker(), organisation, email.as_ref(), &password).await? {
            Authenticated::User { user, .. } if user.id == member.user() => Some(user),
            _ => None,
        })
    }

    /// Ends a session in another browser. It is no mistake to end one that has ended.
    pub async fn end_session(&self, member: &Member, id: &str) -> Result<(), Failure> {
        self.database
            .write(async |tx| {
                // The user before their sessions, as everywhere else: two at once must not wait for each other.
                self.people.lock_user(&tx, member).await?;
                if Sessions::end_one_of(&tx, member, id).await? {
                    // What was begun in that browser is not told from what was begun in another one.
                    People::note_ended_sessions(&tx, member.organisation(), member.user()).await?;
                    let entry = Entry::done(Action::SessionEnded, &member.email, member.user().0);
                    self.activity.record(&tx, member.actor(), entry).await?;
                }
                Ok(())
            })
            .await
    }
}

/// A log-in has a count of its own: guesses from elsewhere do not use it up, and a new id of its session does not begin
/// a new count.
async fn guesser(session: &Session) -> Result<Guesser, Failure> {
    let log_in = session::log_in_hash(session).await?.ok_or(Failure::LoggedOut)?;
    Ok(Guesser::Session(log_in))
}

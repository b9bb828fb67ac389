//! Use cases of a user's own profile: change the password, re-authenticate, and end sessions in other
//! browsers.

use std::sync::Arc;

use secrecy::SecretString;
use time::Duration;
use tower_sessions::Session;

use super::{
    service::Browser,
    session::{self, LoggedInBrowser, SessionFollower, Sessions},
    throttle::{Admission, Guesser, Throttles},
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::{
        access::LoggedInUser,
        model::Password,
        service::{Authenticated, Code, People, User},
    },
    platform::{
        database::{Database, Tx},
        failure::Failure,
    },
};

/// The result of changing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// The password was changed. All sessions have ended, except that this browser has a new one.
    Changed,
    /// The new password cannot be used, for this reason.
    Refused(&'static str),
    /// Too many were sent; nothing was tried.
    TooOften,
    /// The current password is wrong.
    WrongCurrent,
    /// Too many were wrong recently; no attempt is accepted before this time has passed.
    TooMany(Duration),
}

/// Maximum number of new passwords that a user sends within a window of the throttles, right or wrong.
const CHANGES: i64 = 20;

/// The values with which a user re-authenticates. The type has no `Debug`, because a recovery code is a secret.
#[derive(Default)]
pub struct GivenCredentials {
    /// The user's password.
    pub password: SecretString,
    /// The code; ignored if the user has no second factor.
    pub code: String,
}

/// The result of re-authenticating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reauthentication {
    /// The user has re-authenticated.
    Done,
    /// The password is wrong.
    Wrong,
    /// The password is right, the code is wrong.
    WrongCode,
    /// Too many were wrong recently; no attempt is accepted before this time has passed.
    TooMany(Duration),
}

/// The use cases of logged-in users' own profiles.
#[derive(Clone)]
pub struct Profiles {
    database: Database,
    people: People,
    sessions: Sessions,
    activity: Activity,
    throttles: Throttles,
    follower: Arc<dyn SessionFollower>,
}

impl Profiles {
    /// Use cases on these people and sessions. `follower` runs when a session gets a new id.
    pub fn new(
        database: Database,
        people: People,
        sessions: Sessions,
        activity: Activity,
        throttles: Throttles,
        follower: Arc<dyn SessionFollower>,
    ) -> Self {
        Self { database, people, sessions, activity, throttles, follower }
    }

    /// The browsers in which a user is logged in.
    pub async fn browsers(
        &self,
        member: &LoggedInUser,
        session: &Session,
    ) -> Result<Vec<LoggedInBrowser>, Failure> {
        self.sessions.of_user(member, session).await
    }

    /// Changes a user's own password. It asks for the current one, so that an attacker at an open browser
    /// cannot take the user over. Attempts count like those of a log-in.
    pub async fn change_password(
        &self,
        member: &LoggedInUser,
        session: &Session,
        browser: &Browser,
        current: SecretString,
        new: SecretString,
    ) -> Result<PasswordChange, Failure> {
        let guesser = guesser(session).await?;
        // Right passwords count too, because a change computes. The count is per log-in, so that a thief with
        // another session of the user cannot keep the user from changing the password.
        if !self.throttles.is_within(&format!("change\0{guesser:?}"), CHANGES).await? {
            return Ok(PasswordChange::TooOften);
        }
        let counted = match self.throttles.admit_password(guesser, "").await? {
            Admission::Admitted(counted) => counted,
            Admission::TooMany(wait) => return Ok(PasswordChange::TooMany(wait)),
            Admission::DeviceVoid => return Err(Failure::LoggedOut),
        };
        let user = match self.verified(member, current.clone()).await {
            Ok(Some(user)) => user,
            Ok(None) => {
                self.note_refusal(member, Action::PasswordChangeRefused).await?;
                return Ok(PasswordChange::WrongCurrent);
            }
            Err(failure) => {
                // The server was too busy to try the password, so this does not count as a guess.
                self.throttles.take_back(&counted).await?;
                return Err(failure);
            }
        };
        self.throttles.note_right(&counted).await?;
        let is_same = Password::try_out(current).zip(Password::try_out(new.clone()));
        if is_same.is_some_and(|(current, new)| current.is_same_as(&new)) {
            return Ok(PasswordChange::Refused("Choose another password than the current one."));
        }
        let organisation = self.people.organisation(&member.caller()).await?;
        let about = [user.email.as_str(), &user.name, &organisation.name];
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

    async fn note_refusal(&self, member: &LoggedInUser, action: Action) -> Result<(), Failure> {
        let record = async |tx: Tx| {
            let email = self.people.email_of(&tx, member).await?;
            let entry = Entry::done(action, email, member.user().0).with_outcome("refused");
            self.activity.record(&tx, member.actor(), entry).await
        };
        Ok(self.database.write(record).await?)
    }

    /// Re-authenticates a user with all that a log-in asks for. The session gets a new cookie. Attempts count
    /// like those of a log-in.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session was ended in the meantime.
    pub async fn reauthenticate(
        &self,
        member: &LoggedInUser,
        session: &Session,
        given: GivenCredentials,
    ) -> Result<Reauthentication, Failure> {
        let guesser = guesser(session).await?;
        let counted = match self.throttles.admit_password(guesser, "").await? {
            Admission::Admitted(counted) => counted,
            Admission::TooMany(wait) => return Ok(Reauthentication::TooMany(wait)),
            Admission::DeviceVoid => return Err(Failure::LoggedOut),
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
            // A password alone must not be enough to remove the second factor (ASVS 7.5.1).
            let code = Code::parse(&given.code);
            let counted = match self.throttles.admit_code(guesser, user.id, &code).await? {
                Admission::Admitted(counted) => counted,
                Admission::TooMany(wait) => return Ok(Reauthentication::TooMany(wait)),
                Admission::DeviceVoid => return Err(Failure::LoggedOut),
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
                // The user must be unchanged since they were verified, and the session must still exist: a
                // session that ended in the meantime stays ended.
                if !self.people.is_unchanged(&tx, &user).await? {
                    return Err(Failure::LoggedOut);
                }
                let issued =
                    self.sessions.reauthenticate(&tx, member, session, self.follower.as_ref()).await?;
                let entry = Entry::done(Action::Reauthenticated, &user.email, user.id.0);
                self.activity.record(&tx, member.actor(), entry).await?;
                Ok(issued)
            })
            .await?;
        issued.hand_to(session).await?;
        Ok(Reauthentication::Done)
    }

    /// The user, if this is their password.
    async fn verified(&self, member: &LoggedInUser, password: SecretString) -> Result<Option<User>, Failure> {
        let Some(password) = Password::try_out(password) else { return Ok(None) };
        Ok(match self.people.authenticate_again(member, &password).await? {
            Authenticated::User { user, .. } => Some(user),
            Authenticated::Refused(_) => None,
        })
    }

    /// Ends a session in another browser. Ending one that has ended is not an error.
    pub async fn end_session(&self, member: &LoggedInUser, id: &str) -> Result<(), Failure> {
        self.database
            .write(async |tx| {
                // Lock the user before their sessions, as everywhere, against deadlocks.
                self.people.lock_user(&tx, member).await?;
                if Sessions::end_one_of(&tx, member, id).await? {
                    // `users.version` does not distinguish browsers, so work that began in others ends too.
                    People::note_ended_sessions(&tx, member.organisation(), member.user()).await?;
                    let email = self.people.email_of(&tx, member).await?;
                    let entry = Entry::done(Action::SessionEnded, email, member.user().0);
                    self.activity.record(&tx, member.actor(), entry).await?;
                }
                Ok(())
            })
            .await
    }
}

/// Identifies a log-in for the throttles. Guesses from elsewhere do not use up its count, and a new session
/// id does not start a new count.
async fn guesser(session: &Session) -> Result<Guesser, Failure> {
    let log_in = session::log_in_hash(session).await?.ok_or(Failure::LoggedOut)?;
    Ok(Guesser::Session(log_in))
}

//! The second half of a log-in: a code, if the user has a second factor. Between the halves the browser has a
//! session in which no user is logged in.

use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use super::{
    service::{Browser, CompletedBy, LogInService, LoggedIn, actor},
    session,
    throttle::{Admission, Guesser},
};
use crate::{
    activity::model::{Action, Entry},
    people::service::{Code, User},
    platform::{
        clock::Timestamp,
        failure::Failure,
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

/// How long after the password the code is accepted.
const WAIT: Duration = Duration::minutes(10);

/// The message for a refused code, which was valid this long ago if that is known. It always mentions the
/// clocks, because a phone with a wrong clock shows wrong codes for ever.
pub(super) fn wrong_code(ago: Option<Duration>) -> String {
    match ago {
        Some(ago) => format!(
            "This code was right {ago} ago, and no longer works. If the app shows it now: {} Let the phone set its time \
             by itself, then enter the next code.",
            clocks(ago),
            ago = about(ago)
        ),
        None => "The code is not right, or it has been used. Wait for the next one. If that one is refused as well, the \
                 clocks of your phone and of the server differ: let the phone set its time by itself, or use a recovery \
                 code."
            .to_owned(),
    }
}

/// A sentence about the difference between the clocks.
pub(super) fn clocks(difference: Duration) -> String {
    format!("The clock of your phone and that of the server differ by {}.", about(difference))
}

fn about(duration: Duration) -> String {
    match duration.whole_seconds() {
        seconds @ ..=119 => format!("about {seconds} seconds"),
        seconds => format!("about {} minutes", (seconds + 30) / 60),
    }
}

/// A log-in after the right password, waiting for the code. It is kept in the session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalfWay {
    organisation: OrganisationId,
    user: UserId,
    at: Timestamp,
    /// Hash of the verified password hash. If the password changes in the meantime, this log-in is void.
    password: String,
    /// `users.version` at that time. An event that ends the user's sessions makes this log-in void too.
    version: i64,
}

fn fingerprint(user: &User) -> String {
    Hash::of(user.password_hash.as_bytes()).to_string()
}

impl LogInService {
    /// Begins the second half: the password was right, and a code is asked for.
    pub(super) async fn ask_for_code(
        &self,
        session: &Session,
        user: User,
        newer_hash: Option<String>,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let Some(user) = self.people.rehash(user, newer_hash).await? else { return Ok(LoggedIn::Refused) };
        // Recorded, because a password without a code after it may be known to an attacker.
        let entry = Entry::done(Action::CodeAsked, &user.email, user.id.0);
        let actor = actor(&user, browser, false);
        // Counted: an attacker who has the password could otherwise fill the database with entries.
        self.repeated.count_event(actor, entry);
        let half = HalfWay {
            organisation: user.organisation,
            user: user.id,
            at: self.clock.now(),
            password: fingerprint(&user),
            version: user.version,
        };
        let issued = self
            .database
            .write(async |tx| {
                if !self.people.is_unchanged(&tx, &user).await? {
                    return Ok(None);
                }
                self.sessions.begin_half_way(&tx, user.id, &half, WAIT, browser).await.map(Some)
            })
            .await?;
        let Some(issued) = issued else { return Ok(LoggedIn::Refused) };
        issued.hand_to(session).await?;
        Ok(LoggedIn::CodeWanted)
    }

    /// Whether this browser has given the right password and may now give a code.
    pub async fn is_half_way(&self, session: &Session) -> Result<bool, Failure> {
        Ok(self.half_way(session).await?.is_some())
    }

    async fn half_way(&self, session: &Session) -> Result<Option<User>, Failure> {
        let Some(half) = session::half_way::<HalfWay>(session).await? else { return Ok(None) };
        let now = self.clock.now();
        let in_time = half.at.is_credible(now) && now.since(half.at) < WAIT;
        let user = self.people.user_of(half.organisation, half.user).await?;
        Ok(user.filter(|user| {
            in_time && !user.disabled && user.version == half.version && fingerprint(user) == half.password
        }))
    }

    /// Completes a log-in with a code, after the right password.
    ///
    /// # Returns
    /// `None` if the user must give the password again, because it was too long ago.
    pub async fn log_in_with_code(
        &self,
        session: &Session,
        code: &str,
        browser: &Browser,
    ) -> Result<Option<LoggedIn>, Failure> {
        let Some(user) = self.half_way(session).await? else { return Ok(None) };
        let code = Code::parse(code);
        let mut guesser = self.guesser_of_code(&user, browser).await?;
        let counted = loop {
            match self.throttles.admit_code(guesser, user.id, &code).await? {
                Admission::Admitted(counted) => break counted,
                Admission::TooMany(wait) => {
                    self.log.turned_away(&user.id.to_string(), browser);
                    return Ok(Some(LoggedIn::TooMany(wait)));
                }
                Admission::DeviceVoid => guesser = Guesser::Stranger(browser.address),
            }
        };
        // Use the code up before the session is added, not in the same transaction. If the program stops in
        // between, the code is lost; a code that could work twice would be worse.
        if !self.people.use_code(&user, &code, actor(&user, browser, true)).await? {
            let entry = Entry::done(Action::CodeRefused, &user.email, user.id.0).with_outcome("refused");
            self.repeated.count_event(actor(&user, browser, false), entry);
            // Only after the attempt was counted and refused; see `age_of_code` for what this may reveal.
            let age = self.people.age_of_code(&user, &code).await?;
            return Ok(Some(age.map_or(LoggedIn::Refused, LoggedIn::LateCode)));
        }
        self.throttles.note_right(&counted).await?;
        if self.begin_session(session, &user, None, CompletedBy::Code, browser).await? {
            return Ok(Some(LoggedIn::Yes));
        }
        // The user was changed or disabled in the meantime.
        session::clear(session).await?;
        Ok(None)
    }

    /// The counter that the typed code increments. A browser with a device cookie of the user has its own count, so
    /// that an attacker who has the password cannot lock the owner's codes out.
    async fn guesser_of_code(&self, user: &User, browser: &Browser) -> Result<Guesser, Failure> {
        let device = self.devices.find(&browser.device).await?;
        let own = device.filter(|device| device.organisation == user.organisation && device.user == user.id);
        Ok(own.map_or(Guesser::Stranger(browser.address), |device| Guesser::Device(device.hash)))
    }
}

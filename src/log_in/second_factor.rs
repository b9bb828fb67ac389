//! The second half of a log-in: a code, where the user has a second factor. Between the halves the browser has a
//! session in which nobody is logged in.

use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use super::{
    service::{Browser, LogInService, LoggedIn, Way, actor},
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

/// The code has to come within this long after the password.
const WAIT: Duration = Duration::minutes(10);

/// What is said of a refused code that was right this long ago, where that is known. The clocks are named in any case: a
/// phone whose clock is wrong shows wrong codes for ever.
pub(super) fn wrong_code(ago: Option<Duration>) -> String {
    match ago {
        Some(ago) => format!(
            "This code was right {ago} ago, and works no longer. If the app shows it now: {} Let the phone set its time \
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

/// By how much the clocks differ, as a sentence.
pub(super) fn clocks(difference: Duration) -> String {
    format!("The clock of your phone and that of the server differ by {}.", about(difference))
}

fn about(duration: Duration) -> String {
    match duration.whole_seconds() {
        seconds @ ..=119 => format!("about {seconds} seconds"),
        seconds => format!("about {} minutes", (seconds + 30) / 60),
    }
}

/// Whose password was right, and when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalfWay {
    organisation: OrganisationId,
    user: UserId,
    at: Timestamp,
    /// The hash of the hash that was verified: another password in the meantime makes this worth nothing.
    password: String,
    /// `users.version` then: where sessions of the user were ended since, this ends too.
    version: i64,
}

fn fingerprint(user: &User) -> String {
    Hash::of(user.password_hash.as_bytes()).to_string()
}

impl LogInService {
    /// Notes that the password was right.
    pub(super) async fn ask_for_code(
        &self,
        session: &Session,
        user: User,
        newer_hash: Option<String>,
        browser: &Browser,
    ) -> Result<LoggedIn, Failure> {
        let Some(user) = self.people.rehash(user, newer_hash).await? else { return Ok(LoggedIn::Refused) };
        // Recorded, for where no code follows the password is known to somebody else.
        let entry = Entry::done(Action::CodeAsked, &user.email, user.id.0);
        let actor = actor(&user, browser, false);
        // Counted: an attacker who has the password could fill the database with entries.
        self.repeated.note(actor, entry);
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

    /// Whether the password was right in this browser, and a code can follow.
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

    /// Ends a log-in whose password was right with a code.
    ///
    /// # Returns
    /// None where the password is wanted first, for this has taken too long.
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
                Admission::Void => guesser = Guesser::Stranger(browser.address),
            }
        };
        // Used up before there is a session, and not with it: a code that might work twice would be worse than one
        // that is lost where the program is stopped between the two.
        if !self.people.use_code(&user, &code, actor(&user, browser, true)).await? {
            let entry = Entry::done(Action::CodeRefused, &user.email, user.id.0).with_outcome("refused");
            self.repeated.note(actor(&user, browser, false), entry);
            // Only now that the try is counted and refused: see there what this may tell.
            let age = self.people.age_of_code(&user, &code).await?;
            return Ok(Some(age.map_or(LoggedIn::Refused, LoggedIn::LateCode)));
        }
        self.throttles.note_right(&counted).await?;
        if self.begin_session(session, &user, None, Way::Code, browser).await? {
            return Ok(Some(LoggedIn::Yes));
        }
        // Changed, or disabled, in the meantime.
        session::clear(session).await?;
        Ok(None)
    }

    /// A browser with a device cookie of the user has a count of its own: an attacker who has the password cannot keep
    /// the owner's codes out.
    async fn guesser_of_code(&self, user: &User, browser: &Browser) -> Result<Guesser, Failure> {
        let device = self.devices.find(&browser.device).await?;
        let own = device.filter(|device| device.organisation == user.organisation && device.user == user.id);
        Ok(own.map_or(Guesser::Stranger(browser.address), |device| Guesser::Device(device.hash)))
    }
}

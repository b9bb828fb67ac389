//! Second factors: codes of an authenticator app, and recovery codes for a user who lost it.

mod codes;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use time::Duration;

use self::codes::hash;
pub use self::codes::{Code, RecoveryCode};
use super::{People, User};
use crate::{
    activity::model::{Action, Actor, Detail, Entry},
    people::{
        access::{Admin, LoggedInUser, Reauthenticated},
        store::{
            Users,
            second_factors::{SecondFactor, SecondFactors},
        },
        totp::{self, TotpKey},
    },
    platform::{
        database::{
            DatabaseError, Tx,
            columns::{Bound, Column},
        },
        failure::Failure,
        id::{OrganisationId, UserId},
    },
    vault::{Binding, Place, reseal::SealedColumn},
};

/// Number of recovery codes that are made at a time.
pub const RECOVERY_CODES: usize = 10;

/// The sealed key of a second factor that is being set up. It is kept in the session: an attacker who is
/// logged in elsewhere with a stolen password can neither begin the set-up nor read its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunSecondFactor(String);

/// The state of a user's second factor.
#[derive(Clone, Debug)]
pub enum Setup {
    /// There is no second factor.
    None,
    /// The user sets it up with this key, and has entered no code yet.
    Begun(TotpKey),
    /// A log-in asks for its code.
    Works {
        /// Number of unused recovery codes.
        recovery_codes: u64,
    },
}

/// The sealed keys of authenticator apps, for `mail360 reseal` and `check`.
pub const SEALED: SealedColumn = SealedColumn {
    column: Column { table: "users", column: "totp_secret" },
    what: "The second factor of the user",
    remedy: "`mail360 user reset-second-factor` lets them set it up again.",
    bound: Some(Bound { version: "totp_version", context: &[] }),
};

const fn binding(version: i64) -> Binding {
    Binding { version, context: Vec::new() }
}

/// A key that is only begun is sealed for another place, so that the value in the session cannot serve as the
/// key of an active factor.
const fn place_of_begun(organisation: OrganisationId, user: UserId) -> Place {
    Place { organisation: organisation.0, table: "sessions", column: "second_factor", row: user.0 }
}

fn place(organisation: OrganisationId, user: UserId) -> Place {
    SEALED.place(organisation.0, user.0)
}

impl People {
    /// The state of a member's own second factor; `begun` is the key in their session.
    pub async fn second_factor(
        &self,
        member: &Reauthenticated<LoggedInUser>,
        begun: Option<&BegunSecondFactor>,
    ) -> Result<Setup, Failure> {
        let factors = SecondFactors::of(member.organisation());
        let read = self.database.read();
        if factors.get(&read, member.user()).await?.is_some() {
            let recovery_codes = factors.recovery_codes(&read, member.user()).await?;
            return Ok(Setup::Works { recovery_codes });
        }
        let Some(begun) = begun else { return Ok(Setup::None) };
        Ok(self.begun_key(member, begun).map_or(Setup::None, Setup::Begun))
    }

    /// The key of a factor that is only begun; `None` if it does not open, as after its encryption key was
    /// removed from the key file. The user then begins again. (`mail360 reseal` does not touch sessions.)
    fn begun_key(&self, member: &LoggedInUser, begun: &BegunSecondFactor) -> Option<TotpKey> {
        let sealed = STANDARD.decode(&begun.0).ok()?;
        let place = place_of_begun(member.organisation(), member.user());
        self.vault.open(place, &sealed).ok().map(TotpKey::from_opened)
    }

    fn open_key(
        &self,
        organisation: OrganisationId,
        user: UserId,
        found: &SecondFactor,
    ) -> Result<TotpKey, Failure> {
        let place = place(organisation, user);
        let opened = self.vault.open_bound(place, &binding(found.version), &found.secret);
        opened.map(TotpKey::from_opened).map_err(|error| Failure::unexpected(&error))
    }

    /// Begins to set up a second factor, with a new key.
    pub fn begin_second_factor(
        &self,
        member: &Reauthenticated<LoggedInUser>,
    ) -> Result<BegunSecondFactor, Failure> {
        let key = TotpKey::random(&*self.randomness);
        let place = place_of_begun(member.organisation(), member.user());
        let sealed = self.vault.seal(place, key.expose()).map_err(|error| Failure::unexpected(&error))?;
        Ok(BegunSecondFactor(STANDARD.encode(sealed)))
    }

    /// Activates the second factor once a code proves that the app has the key. `end_sessions` ends the
    /// member's sessions in the same transaction, because until now the password alone was enough to get one.
    ///
    /// # Returns
    /// The recovery codes, to be shown once, and the result of `end_sessions`; `None` if the code is wrong.
    pub async fn finish_second_factor<T>(
        &self,
        member: &Reauthenticated<LoggedInUser>,
        begun: &BegunSecondFactor,
        code: &str,
        end_sessions: impl AsyncFnOnce(&Tx) -> Result<T, Failure>,
    ) -> Result<Option<(Vec<RecoveryCode>, T)>, Failure> {
        let factors = SecondFactors::of(member.organisation());
        let Some(key) = self.begun_key(member, begun) else { return Ok(None) };
        let (Code::App(code), now) = (Code::parse(code), self.clock.now()) else { return Ok(None) };
        let Some(step) = key.step_of(&code, now).map_err(|error| Failure::unexpected(&error))? else {
            return Ok(None);
        };
        self.database
            .write(async |tx| {
                let version = factors.last_version(&tx, member.user()).await? + 1;
                let place = place(member.organisation(), member.user());
                let secret = self
                    .vault
                    .seal_bound(place, &binding(version), key.expose())
                    .map_err(|error| Failure::unexpected(&error))?;
                if !factors.finish(&tx, member.user(), SecondFactor { secret, version }, step, now).await? {
                    return Ok(None);
                }
                let ended = end_sessions(&tx).await?;
                let email = self.email_of(&tx, member).await?;
                let entry = Entry::done(Action::SecondFactorAdded, email, member.user().0);
                self.activity.record(&tx, member.actor(), entry).await?;
                Ok(Some((self.put_recovery_codes(&tx, member).await?, ended)))
            })
            .await
    }

    async fn put_recovery_codes(
        &self,
        tx: &Tx,
        member: &LoggedInUser,
    ) -> Result<Vec<RecoveryCode>, DatabaseError> {
        use secrecy::ExposeSecret;

        let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| RecoveryCode::random(&*self.randomness)).collect();
        let hashes: Vec<_> =
            codes.iter().map(|code| hash(member.user(), code.expose().expose_secret())).collect();
        SecondFactors::of(member.organisation()).put_recovery_codes(tx, member.user(), &hashes).await?;
        Ok(codes)
    }

    /// Replaces a member's recovery codes with new ones. `end_sessions` ends the member's sessions.
    ///
    /// # Returns
    /// The codes and the result of `end_sessions`; `None` if there is no second factor.
    pub async fn new_recovery_codes<T>(
        &self,
        member: &Reauthenticated<LoggedInUser>,
        end_sessions: impl AsyncFnOnce(&Tx) -> Result<T, Failure>,
    ) -> Result<Option<(Vec<RecoveryCode>, T)>, Failure> {
        let factors = SecondFactors::of(member.organisation());
        self.database
            .write(async |tx| {
                // The second of two concurrent requests replaces the codes of the first.
                self.lock_user(&tx, member).await?;
                if factors.get(&tx, member.user()).await?.is_none() {
                    return Ok(None);
                }
                let ended = end_sessions(&tx).await?;
                let email = self.email_of(&tx, member).await?;
                let entry = Entry::done(Action::RecoveryCodesMade, email, member.user().0);
                self.activity.record(&tx, member.actor(), entry).await?;
                Ok(Some((self.put_recovery_codes(&tx, member).await?, ended)))
            })
            .await
    }

    /// Removes a member's own second factor. `end_sessions` ends the member's sessions.
    ///
    /// # Returns
    /// The result of `end_sessions`; `None` if there was no second factor.
    pub async fn remove_second_factor<T>(
        &self,
        member: &Reauthenticated<LoggedInUser>,
        end_sessions: impl AsyncFnOnce(&Tx) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let factors = SecondFactors::of(member.organisation());
        self.database
            .write(async |tx| {
                // Lock the user before their recovery codes, against deadlocks.
                self.lock_user(&tx, member).await?;
                if !factors.remove(&tx, member.user()).await? {
                    return Ok(None);
                }
                let ended = end_sessions(&tx).await?;
                let email = self.email_of(&tx, member).await?;
                let entry = Entry::done(Action::SecondFactorRemoved, email, member.user().0);
                self.activity.record(&tx, member.actor(), entry).await?;
                Ok(Some(ended))
            })
            .await
    }

    /// A user by id, for the second half of a log-in.
    pub async fn user_of(&self, organisation: OrganisationId, user: UserId) -> Result<Option<User>, Failure> {
        Ok(Users::of(organisation).get(&self.database.read(), user).await?)
    }

    /// Uses up a code of a user's second factor. Each code works once.
    ///
    /// # Returns
    /// Whether the code was right.
    pub async fn use_code(&self, user: &User, code: &Code, actor: Actor) -> Result<bool, Failure> {
        let factors = SecondFactors::of(user.organisation);
        let now = self.clock.now();
        let found = factors.get(&self.database.read(), user.id).await?;
        let Some(found) = found else { return Ok(false) };
        let step = match code {
            Code::App(code) => {
                let key = self.open_key(user.organisation, user.id, &found)?;
                let step = key.step_of(code, now);
                match step.map_err(|error| Failure::unexpected(&error))? {
                    Some(step) => Some(step),
                    None => return Ok(false),
                }
            }
            Code::Recovery(_) => None,
        };
        self.database
            .write(async |tx| match (step, code) {
                (Some(step), _) => Ok(factors
                    .use_step(&tx, user.id, &found.secret, step, totp::latest_credible_step(now))
                    .await?),
                (None, Code::Recovery(code)) => {
                    let fits = factors.use_recovery_code(&tx, user.id, hash(user.id, code)).await?;
                    if fits {
                        let entry = Entry::done(Action::RecoveryCodeUsed, &user.email, user.id.0);
                        self.activity.record(&tx, actor, entry).await?;
                    }
                    Ok(fits)
                }
                (None, Code::App(_)) => Ok(false),
            })
            .await
    }

    /// How long ago a refused code was right, if at most ten minutes ago. Then the phone's clock is behind.
    ///
    /// Only call it after the attempt was counted and refused, and only for a browser that has given the
    /// password. Then a guess costs what every wrong code costs, and can only reveal a code that is never
    /// accepted again. Codes of future steps are not looked for: they will become valid, so each would be one
    /// more code for an attacker to find.
    pub async fn age_of_code(&self, user: &User, code: &Code) -> Result<Option<Duration>, Failure> {
        let Code::App(code) = code else { return Ok(None) };
        let found = SecondFactors::of(user.organisation).get(&self.database.read(), user.id).await?;
        let Some(found) = found else { return Ok(None) };
        let key = self.open_key(user.organisation, user.id, &found)?;
        key.age_of(code, self.clock.now()).map_err(|error| Failure::unexpected(&error))
    }

    /// The difference between the clocks of phone and server, if a code refused during set-up belongs to
    /// another time. The member sees the key itself at that moment, so this reveals nothing more.
    pub fn clock_difference(
        &self,
        member: &Reauthenticated<LoggedInUser>,
        begun: &BegunSecondFactor,
        code: &str,
    ) -> Result<Option<Duration>, Failure> {
        let (Code::App(code), Some(key)) = (Code::parse(code), self.begun_key(member, begun)) else {
            return Ok(None);
        };
        key.clock_difference(&code, self.clock.now()).map_err(|error| Failure::unexpected(&error))
    }

    /// Requires a second factor of every user in an administrator's organisation, or stops requiring it.
    pub async fn require_second_factor(
        &self,
        admin: &Reauthenticated<Admin>,
        required: bool,
    ) -> Result<(), Failure> {
        let users = Users::of(admin.organisation());
        self.database
            .write(async |tx| {
                self.check_still_admin(&tx, admin).await?;
                let before = users.organisation(&tx).await?.ok_or(Failure::NotFound)?;
                if before.second_factor_required == required {
                    return Ok(());
                }
                users.require_second_factor(&tx, required).await?;
                let detail =
                    if required { Detail::SecondFactorRequired } else { Detail::SecondFactorOptional };
                let entry = Entry::done(Action::OrganisationChanged, before.name, before.id.0);
                self.activity.record(&tx, admin.actor(), entry.with_detail(detail)).await?;
                Ok(())
            })
            .await
    }
}

//! Hashing passwords: argon2id, at most half the cores at once, and no more waiting than memory and
//! patience allow.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{CustomizedPasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, time::timeout};

use super::model::Password;
use crate::platform::{failure::Failure, randomness::SharedRandomness};

/// How many may wait for their turn, and for how long.
const WAITING: usize = 32;
const PATIENCE: Duration = Duration::from_secs(2);
const SALT: usize = 16;

/// Hashes and verifies. A clone shares the limits.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    decoy: Arc<str>,
    randomness: SharedRandomness,
}

/// What came of trying a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is wrong, or there is no such user.
    Wrong,
    /// It is right.
    Right,
    /// It is right, and this hash with today's parameters is to replace the stored one.
    RightButOld(String),
}

impl Hasher {
    /// With the parameters that OWASP's Password Storage Cheat Sheet names first: m = 19456 KiB, t = 2,
    /// p = 1.
    ///
    /// # Errors
    /// Where argon2 refuses the parameters, which a test rules out.
    pub fn new(randomness: SharedRandomness) -> Result<Self, Failure> {
        Self::with(19_456, 2, 1, randomness)
    }

    /// With other parameters: memory in KiB, passes, lanes.
    ///
    /// # Errors
    /// Where argon2 refuses them.
    pub fn with(memory: u32, passes: u32, lanes: u32, randomness: SharedRandomness) -> Result<Self, Failure> {
        let params = Params::new(memory, passes, lanes, None).map_err(unexpected)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let running = (cores / 2).max(1);
        // Made with the live parameters, so that trying a password of nobody takes as long as one of
        // somebody: a hash written down here would drift away from them.
        let decoy = hash(&params, &salt(&*randomness), b"a password that nobody has")?;
        Ok(Self {
            params,
            running: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(Semaphore::new(running + WAITING)),
            decoy: decoy.into(),
            randomness,
        })
    }

    /// A PHC string for a password that has been chosen.
    ///
    /// # Errors
    /// [`Failure::Busy`] where too many wait already.
    pub async fn hash(&self, password: &Password) -> Result<String, Failure> {
        let (params, salt, password) = (self.params.clone(), salt(&*self.randomness), password.clone());
        self.run(move || hash(&params, &salt, password.bytes())).await
    }

    /// Tries a password against a stored hash. Where there is none, as for an unknown user, the same
    /// work is done on a decoy: whoever measures the time learns nothing of who exists.
    ///
    /// # Errors
    /// [`Failure::Busy`] where too many wait already.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, Failure> {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.decoy.to_string(), str::to_owned);
        let (params, salt, password) = (self.params.clone(), salt(&*self.randomness), password.clone());
        self.run(move || {
            let parsed = PasswordHash::new(&stored).map_err(unexpected)?;
            // The parameters are the stored hash's own, whatever these say.
            if Argon2::default().verify_password(password.bytes(), &parsed).is_err() || !known {
                return Ok(Verdict::Wrong);
            }
            let old = Params::try_from(&parsed).map_or(true, |stored| {
                (stored.m_cost(), stored.t_cost(), stored.p_cost())
                    != (params.m_cost(), params.t_cost(), params.p_cost())
            });
            if old {
                hash(&params, &salt, password.bytes()).map(Verdict::RightButOld)
            } else {
                Ok(Verdict::Right)
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || Failure::Busy(u32::try_from(PATIENCE.as_secs()).unwrap_or(u32::MAX));
        let _admitted = self.admitted.try_acquire().map_err(|_| busy())?;
        let turn = timeout(PATIENCE, self.running.clone().acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(unexpected)?;
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            // Held here, not above: a browser that goes away ends the wait but not the work.
            let _turn = turn;
            span.in_scope(work)
        })
        .await
        .map_err(unexpected)?
    }
}

fn salt(randomness: &dyn crate::platform::randomness::Randomness) -> [u8; SALT] {
    let mut salt = [0; SALT];
    randomness.fill(&mut salt);
    salt
}

fn hash(params: &Params, salt: &[u8], password: &[u8]) -> Result<String, Failure> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let hash: PasswordHash =
        argon2.hash_password_with_params(password, salt, params.clone()).map_err(unexpected)?;
    Ok(hash.to_string())
}

fn unexpected(error: impl std::error::Error) -> Failure {
    Failure::unexpected(&error)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    fn password(text: &str) -> Password {
        Password::try_out(SecretString::from(text)).expect("a password")
    }

    #[tokio::test]
    async fn l1_a_hash_is_argon2id_with_the_parameters_of_the_cheat_sheet_and_a_salt_of_its_own() {
        let hasher = Hasher::new(Arc::new(SystemRandomness)).expect("a hasher");
        let one = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        let other = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        let salt = one.split('$').nth(4).expect("a salt");
        assert_eq!(salt.len(), 22, "16 bytes in base64");
        assert_ne!(one, other);
    }

    #[tokio::test]
    async fn l1_a_hash_with_older_parameters_is_made_anew() {
        let old = Hasher::with(8_192, 1, 1, Arc::new(SystemRandomness)).expect("a hasher");
        let stored = old.hash(&password("correct horse battery")).await.expect("a hash");
        let hasher = Hasher::new(Arc::new(SystemRandomness)).expect("a hasher");

        let verdict = hasher.verify(&password("correct horse battery"), Some(&stored)).await;
        let Ok(Verdict::RightButOld(newer)) = verdict else { panic!("not made anew: {verdict:?}") };
        let verdict = hasher.verify(&password("correct horse battery"), Some(&newer)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Right);
        let verdict = hasher.verify(&password("wrong horse battery"), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        let hasher = Hasher::new(Arc::new(SystemRandomness)).expect("a hasher");
        let verdict = hasher.verify(&password("a password that nobody has"), None).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_password_is_never_cut_short() {
        let hasher = Hasher::with(8, 1, 1, Arc::new(SystemRandomness)).expect("a hasher");
        let long = "x".repeat(72);
        let stored = hasher.hash(&password(&format!("{long}a"))).await.expect("a hash");
        let verdict = hasher.verify(&password(&format!("{long}b")), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }
}

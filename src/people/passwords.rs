//! Judges, hashes and verifies passwords, with argon2id. All computation runs in the pool of
//! [`platform::cpu`](crate::platform::cpu), which limits how much runs and waits. Start with [`Hasher`].

mod password;
mod strength;
mod work;

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicU32, AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use secrecy::SecretString;

pub use self::password::Password;
use self::{
    strength::Judged,
    work::{Memory, Work},
};
use crate::platform::{
    config::PasswordWork,
    cpu::{Asker, CpuPool},
    failure::Failure,
    randomness::{Randomness, SharedRandomness},
};

const SALT: usize = 16;
/// More lanes help only if cores are idle, and a server's cores are not.
const LANES: u32 = 1;
/// Maximum number of older parameter sets that every attempt is computed with.
const OLDER: usize = 2;

/// Hashes, verifies and judges passwords. A clone shares the pool.
#[derive(Clone)]
pub struct Hasher {
    /// Today's parameters, then older ones that stored hashes have.
    kinds: Arc<Mutex<Vec<Kind>>>,
    params: Params,
    memory: Arc<Mutex<Weak<Memory>>>,
    pool: CpuPool,
    randomness: SharedRandomness,
}

/// Argon2 parameters, and a random hash that no password matches.
#[derive(Clone)]
struct Kind {
    params: Params,
    decoy: PasswordHash,
}

impl Kind {
    fn new(params: Params, randomness: &dyn Randomness) -> Result<Self, Failure> {
        let (mut salt, mut hash) = ([0; SALT], [0; Params::DEFAULT_OUTPUT_LEN]);
        randomness.fill(&mut salt);
        randomness.fill(&mut hash);
        let decoy = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(unexpected)?,
            salt: Some(Salt::new(&salt).map_err(unexpected)?),
            hash: Some(Output::new(&hash).map_err(unexpected)?),
        };
        Ok(Self { params, decoy })
    }

    fn was_made_with(&self, params: &Params) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        costs(&self.params) == costs(params)
    }
}

/// The result of trying a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is wrong, or there is no such user.
    Wrong,
    /// The password is right.
    Right,
    /// The password is right, and its stored hash must be replaced: it has older parameters, or was made
    /// before passwords were normalised.
    RightButOld,
}

impl Hasher {
    /// A hasher that spends this much work on each password.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if argon2 refuses the parameters.
    pub fn new(work: PasswordWork, pool: CpuPool, randomness: SharedRandomness) -> Result<Self, Failure> {
        let params = Params::new(work.memory, work.passes, LANES, None).map_err(unexpected)?;
        let kinds = vec![Kind::new(params.clone(), &*randomness)?];
        Ok(Self { kinds: Arc::new(Mutex::new(kinds)), params, memory: Arc::default(), pool, randomness })
    }

    /// The pool that the hasher computes in.
    pub(super) const fn pool(&self) -> &CpuPool {
        &self.pool
    }

    /// Judges a password that a person chooses. `about` is known about that person: email, name,
    /// organisation.
    ///
    /// # Returns
    /// The password, or what to change, as words for the form.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn choose(
        &self,
        asker: Asker,
        text: SecretString,
        about: &[&str],
    ) -> Result<Result<Password, &'static str>, Failure> {
        let password = match Password::of_allowed_length(text) {
            Ok(password) => password,
            Err(words) => return Ok(Err(words)),
        };
        let judged = Judged::new(&password, about);
        let is_guessed_early = self.pool.run(asker, 1, move |turn| judged.is_guessed_early(turn)).await?;
        Ok(match (is_guessed_early, password.text().chars().count() > strength::CHARACTERS) {
            (false, _) => Ok(password),
            (true, false) => Err(
                "This password is among the first that attackers guess. Choose a few words that have nothing to \
                     do with each other, with you, or with your company.",
            ),
            (true, true) => {
                Err("The first 40 characters of this password are among the first that attackers guess, and \
                                 they decide. Begin with a few words that have nothing to do with each other, with \
                                 you, or with your company.")
            }
        })
    }

    /// Hashes the normalised form of a chosen password, as a PHC string.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn hash(&self, asker: Asker, password: &Password) -> Result<String, Failure> {
        let mut salt = [0; SALT];
        self.randomness.fill(&mut salt);
        let (params, password, memory) = (self.params.clone(), password.clone(), self.memory());
        let hash = self.pool.run(asker, 1, move |turn| {
            let work = Work::within(turn, memory);
            (work.hash(&params, &salt, password.text().as_bytes()), work.done())
        });
        let (hash, done) = hash.await?;
        log_runs(done);
        hash.map_err(unexpected)
    }

    /// Tries a password against a stored hash. Argon2 runs once for each form of the password (two if
    /// normalising changed it) and for each parameter set that stored hashes are known to have. It does so
    /// whether or not there is a stored hash, and whether or not the password is right: a decoy replaces a
    /// missing hash. So neither the computing time nor the waiting time tells an attacker which users exist.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn verify(
        &self,
        asker: Asker,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verdict, Failure> {
        let stored = stored.map(PasswordHash::new).transpose().map_err(unexpected)?;
        let made_with = stored.as_ref().map(Params::try_from).transpose().map_err(unexpected)?;
        let kinds = self.kinds_with(made_with.as_ref())?;
        let is_old =
            made_with.as_ref().zip(kinds.first()).is_some_and(|(params, today)| !today.was_made_with(params));
        let hashes: Vec<(PasswordHash, bool)> = kinds
            .into_iter()
            .map(|kind| match (&stored, &made_with) {
                (Some(stored), Some(params)) if kind.was_made_with(params) => (stored.clone(), true),
                _ => (kind.decoy, false),
            })
            .collect();
        let weight = u32::try_from(hashes.len() * password.forms().count()).unwrap_or(u32::MAX);
        let (password, memory) = (password.clone(), self.memory());
        let verdict = self.pool.run(asker, weight, move |turn| {
            let work = Work::within(turn, memory);
            let forms = password.forms().enumerate();
            let tries: Vec<_> = forms.flat_map(|form| hashes.iter().map(move |hash| (form, hash))).collect();
            let (next, right) = (AtomicUsize::new(0), AtomicU32::new(0));
            let compute = || {
                while let Some(((form, bytes), (hash, is_stored))) =
                    tries.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    // Compute for a decoy as well, so that the time is the same.
                    if work.matches(bytes, hash) && *is_stored {
                        right.fetch_or(1 << form, Ordering::Relaxed);
                    }
                }
            };
            std::thread::scope(|scope| {
                for _ in 1..turn.cores().min(tries.len()) {
                    scope.spawn(compute);
                }
                compute();
            });
            let verdict = match (right.into_inner(), is_old) {
                (0, _) => Verdict::Wrong,
                (forms, false) if forms & 1 == 1 => Verdict::Right,
                _ => Verdict::RightButOld,
            };
            (verdict, work.done())
        });
        let (verdict, done) = verdict.await?;
        log_runs(done);
        Ok(verdict)
    }

    /// The prefixes of stored hashes whose parameters are known; `None` if the hasher takes no more.
    pub(super) fn known_kinds(&self) -> Option<Vec<String>> {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let beginning = |kind: &Kind| {
            let PasswordHash { algorithm, version, params, .. } = &kind.decoy;
            format!("${algorithm}$v={}${params}$", version.unwrap_or_default())
        };
        (kinds.len() <= OLDER).then(|| kinds.iter().map(beginning).collect())
    }

    /// Adds the parameters of a stored hash. From now on every attempt computes with them too.
    pub(super) fn note_kind(&self, stored: &str) -> Result<(), Failure> {
        let params = Params::try_from(&PasswordHash::new(stored).map_err(unexpected)?).map_err(unexpected)?;
        self.kinds_with(Some(&params)).map(drop)
    }

    /// All parameter sets of an attempt, today's first. Adds those of the stored hash.
    fn kinds_with(&self, params: Option<&Params>) -> Result<Vec<Kind>, Failure> {
        let mut known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds = known.clone();
        if let Some(params) = params.filter(|params| !known.iter().any(|kind| kind.was_made_with(params))) {
            let kind = Kind::new((*params).clone(), &*self.randomness)?;
            if known.len() <= OLDER {
                kinds.push(kind);
                known.clone_from(&kinds);
            } else if let Some(last) = kinds.last_mut() {
                // It replaces one, so that this user costs as many hashes as an unknown email.
                *last = kind;
            }
        }
        Ok(kinds)
    }

    /// The memory that argon2 works in. All running and waiting requests share it.
    fn memory(&self) -> Arc<Memory> {
        let mut shared = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let memory = Arc::<Memory>::default();
            *shared = Arc::downgrade(&memory);
            memory
        })
    }
}

fn log_runs(done: Vec<(u32, u32)>) {
    for (memory, passes) in done {
        tracing::debug!(memory, passes, "argon2 has run for a password");
    }
}

fn unexpected(error: impl std::error::Error) -> Failure {
    Failure::unexpected(&error)
}

#[cfg(test)]
mod tests;

//! Passwords: which may be chosen, and how they are hashed, by argon2id. All of it runs in the pool of
//! [`platform::cpu`](crate::platform::cpu), which bounds what runs at once and what waits.

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
/// More than one only helps where cores idle, which a server's do not.
const LANES: u32 = 1;
/// The most older parameters that every try of a password is made with.
const OLDER: usize = 2;

/// Hashes, verifies and judges passwords. A clone shares the pool.
#[derive(Clone)]
pub struct Hasher {
    /// The parameters of today, then older ones that stored hashes have.
    kinds: Arc<Mutex<Vec<Kind>>>,
    params: Params,
    memory: Arc<Mutex<Weak<Memory>>>,
    pool: CpuPool,
    randomness: SharedRandomness,
}

/// Parameters that hashes are made with, and a hash that no password fits, for it is random.
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

    fn made(&self, params: &Params) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        costs(&self.params) == costs(params)
    }
}

/// What came of trying a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is wrong, or there is no such user.
    Wrong,
    /// It is right.
    Right,
    /// It is right, and a new hash is to replace the stored one, which has older parameters or was made of the
    /// password as it was typed, before passwords were normalised.
    RightButOld,
}

impl Hasher {
    /// A hasher with this much work for each password.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if argon2 refuses it.
    pub fn new(work: PasswordWork, pool: CpuPool, randomness: SharedRandomness) -> Result<Self, Failure> {
        let params = Params::new(work.memory, work.passes, LANES, None).map_err(unexpected)?;
        let kinds = vec![Kind::new(params.clone(), &*randomness)?];
        Ok(Self { kinds: Arc::new(Mutex::new(kinds)), params, memory: Arc::default(), pool, randomness })
    }

    /// The pool that it computes in.
    pub(super) const fn pool(&self) -> &CpuPool {
        &self.pool
    }

    /// Judges a password that is being chosen by a person about whom `about` is known: e-mail, name, organisation.
    ///
    /// # Returns
    /// The password, or what to change, in the reader's words.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many wait already.
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
            (true, false) => {
                Err("This password is among the first that are guessed. Choose a few words that have \
                                  nothing to do with each other, with you, or with your company.")
            }
            (true, true) => {
                Err("The first 40 characters of this password are among the first that are guessed, and \
                                 they decide. Begin with a few words that have nothing to do with each other, with \
                                 you, or with your company.")
            }
        })
    }

    /// A PHC string for a password that has been chosen, of its normalised form.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many wait already.
    pub async fn hash(&self, asker: Asker, password: &Password) -> Result<String, Failure> {
        let mut salt = [0; SALT];
        self.randomness.fill(&mut salt);
        let (params, password, memory) = (self.params.clone(), password.clone(), self.memory());
        let hash = self.pool.run(asker, 1, move |turn| {
            let work = Work::within(turn, memory);
            (work.hash(&params, &salt, password.text().as_bytes()), work.done())
        });
        let (hash, done) = hash.await?;
        note(done);
        hash.map_err(unexpected)
    }

    /// Tries a password against a stored hash. Argon2 runs once for each form of the password (two if normalising
    /// changed what was typed) and each kind of parameters that stored hashes are known to have, whether there is a
    /// stored hash or not, and whether the password is right or not: what is missing is replaced by a decoy. So neither
    /// the time nor the wait for it shows which users exist.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many wait already.
    pub async fn verify(
        &self,
        asker: Asker,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verdict, Failure> {
        let stored = stored.map(PasswordHash::new).transpose().map_err(unexpected)?;
        let made_with = stored.as_ref().map(Params::try_from).transpose().map_err(unexpected)?;
        let kinds = self.kinds_with(made_with.as_ref())?;
        let is_old = made_with.as_ref().zip(kinds.first()).is_some_and(|(params, today)| !today.made(params));
        let hashes: Vec<(PasswordHash, bool)> = kinds
            .into_iter()
            .map(|kind| match (&stored, &made_with) {
                (Some(stored), Some(params)) if kind.made(params) => (stored.clone(), true),
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
                    // It runs for a decoy as well.
                    if work.fits(bytes, hash) && *is_stored {
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
        note(done);
        Ok(verdict)
    }

    /// The beginnings of stored hashes whose parameters are known; `None` if no further ones would be noted.
    pub(super) fn known_kinds(&self) -> Option<Vec<String>> {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let beginning = |kind: &Kind| {
            let PasswordHash { algorithm, version, params, .. } = &kind.decoy;
            format!("${algorithm}$v={}${params}$", version.unwrap_or_default())
        };
        (kinds.len() <= OLDER).then(|| kinds.iter().map(beginning).collect())
    }

    /// Notes that a stored hash has these parameters: from now on every try of a password costs as much as one of it.
    pub(super) fn note_kind(&self, stored: &str) -> Result<(), Failure> {
        let params = Params::try_from(&PasswordHash::new(stored).map_err(unexpected)?).map_err(unexpected)?;
        self.kinds_with(Some(&params)).map(drop)
    }

    /// All kinds of parameters that a try is made with, today's first; with those of the stored hash, which are noted.
    fn kinds_with(&self, params: Option<&Params>) -> Result<Vec<Kind>, Failure> {
        let mut known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds = known.clone();
        if let Some(params) = params.filter(|params| !known.iter().any(|kind| kind.made(params))) {
            kinds.push(Kind::new((*params).clone(), &*self.randomness)?);
            if known.len() <= OLDER {
                known.clone_from(&kinds);
            }
        }
        Ok(kinds)
    }

    /// The memory that argon2 works in: shared by all who hash or wait for it.
    fn memory(&self) -> Arc<Memory> {
        let mut shared = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let memory = Arc::<Memory>::default();
            *shared = Arc::downgrade(&memory);
            memory
        })
    }
}

fn note(done: Vec<(u32, u32)>) {
    for (memory, passes) in done {
        tracing::debug!(memory, passes, "argon2 has run for a password");
    }
}

fn unexpected(error: impl std::error::Error) -> Failure {
    Failure::unexpected(&error)
}

#[cfg(test)]
mod tests;

//! Passwords: which may be chosen, and how they are hashed: argon2id, at most half the cores at once (on up
//! to three of them two, beside an older hash), and no more waiting than memory and patience allow.

mod work;

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use argon2::{
    Params,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, time::timeout};
use zxcvbn::Score;

use work::{Memory, Work};

use super::model::Password;
use crate::platform::{config::PasswordWork, failure::Failure, randomness::SharedRandomness};

/// How many may wait for their turn, and for how long.
const WAITING: usize = 32;
const PATIENCE: Duration = Duration::from_secs(2);
const SALT: usize = 16;
/// More than one only helps where cores idle, which a server's do not.
const LANES: u32 = 1;

impl Password {
    /// A password that is being chosen, by somebody of whom `about` is known: e-mail, name, organisation.
    /// There are no rules of composition: what counts is its length, and that it is not among the first that
    /// are guessed (NIST SP 800-63B-4, 3.1.1.2): a list of 30,000 common passwords, names and words, keyboard
    /// rows, repetitions, years, and what is known of the person.
    ///
    /// # Errors
    /// What to change, in the reader's words.
    pub fn choose(text: SecretString, about: &[&str]) -> Result<Self, &'static str> {
        let exposed = text.expose_secret();
        if exposed.chars().count() < Self::MIN_CHARACTERS {
            return Err("Choose a password of at least 15 characters; a few words in a row are fine.");
        }
        if exposed.len() > Self::MAX_BYTES {
            return Err("Choose a password of at most 1024 bytes.");
        }
        // It is also judged in parts: of `ada@contoso.com` somebody types `contoso`.
        let parts: Vec<&str> = about
            .iter()
            .flat_map(|known| std::iter::once(*known).chain(known.split(|c: char| !c.is_alphanumeric())))
            .filter(|part| part.chars().count() >= 3)
            .collect();
        if zxcvbn::zxcvbn(exposed, &parts).score() < Score::Three {
            return Err("This password is among the first that are guessed. Choose a few words that have \
                        nothing to do with each other, with you, or with your company.");
        }
        Ok(Self(text))
    }
}

/// Hashes and verifies. A clone shares the limits.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    memory: Arc<Mutex<Weak<Memory>>>,
    running: Arc<Semaphore>,
    cores: u32,
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
    /// It is right, and a hash with today's parameters is to replace the stored one.
    RightButOld,
}

impl Hasher {
    /// With this much work for each password.
    ///
    /// # Errors
    /// Where argon2 refuses it.
    pub fn new(work: PasswordWork, randomness: SharedRandomness) -> Result<Self, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::on(cores, work, randomness)
    }

    /// On a machine of so many cores.
    fn on(cores: usize, work: PasswordWork, randomness: SharedRandomness) -> Result<Self, Failure> {
        let params = Params::new(work.memory, work.passes, LANES, None).map_err(unexpected)?;
        let running = (cores / 2).max(1);
        // Made with the live parameters, so that trying a password of nobody takes as long as one of
        // somebody: a hash written down here would drift away from them.
        let decoy = Work::default()
            .hash(&params, &salt(&*randomness), b"a password that nobody has")
            .map_err(unexpected)?;
        Ok(Self {
            params,
            memory: Arc::default(),
            running: Arc::new(Semaphore::new(running)),
            cores: u32::try_from(running).unwrap_or(u32::MAX),
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
        let work = self.work();
        let hash = self.run(1, move || Ok((work.hash(&params, &salt, password.bytes()), work.done())));
        let (hash, done) = hash.await?;
        note(done);
        hash.map_err(unexpected)
    }

    /// Tries a password against a stored hash. Where there is none, as for an unknown user, the same
    /// work is done on a decoy: whoever measures the time learns nothing of who exists. Where the hash was made with
    /// other parameters than today's, the decoy beside it takes as long as for everybody else; only with one core, or
    /// where others wait, does it show until that hash has been replaced.
    ///
    /// # Errors
    /// [`Failure::Busy`] where too many wait already.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, Failure> {
        let known = stored.is_some();
        let decoy = self.decoy.clone();
        let stored = stored.map_or_else(|| decoy.to_string(), str::to_owned);
        let (params, password, work) = (self.params.clone(), password.clone(), self.work());
        let parsed = PasswordHash::new(&stored).map_err(unexpected)?;
        let made_with = Params::try_from(&parsed).map_err(unexpected)?;
        let of = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let old = of(&made_with) != of(&params);
        let (verdict, done) = self
            .run(if old { 2 } else { 1 }, move || {
                let live = PasswordHash::new(&decoy).map_err(unexpected)?;
                // The parameters are the hash's own, whatever these say.
                let fits = |hash: &PasswordHash| work.verify_password(password.bytes(), hash).is_ok();
                let right = std::thread::scope(|scope| {
                    let beside = old.then(|| scope.spawn(|| fits(&live)));
                    let right = fits(&parsed);
                    // What it says counts for nothing: it is nobody's password.
                    drop(beside.map(std::thread::ScopedJoinHandle::join));
                    right
                });
                let verdict = match (right && known, old) {
                    (false, _) => Verdict::Wrong,
                    (true, false) => Verdict::Right,
                    (true, true) => Verdict::RightButOld,
                };
                Ok((verdict, work.done()))
            })
            .await?;
        note(done);
        Ok(verdict)
    }

    fn work(&self) -> Work {
        let mut shared = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = shared.upgrade().unwrap_or_else(|| {
            let memory = Arc::<Memory>::default();
            *shared = Arc::downgrade(&memory);
            memory
        });
        Work::within(memory)
    }

    /// Does it when it is its turn, which takes so many of the cores that hash; where there are fewer, all of them.
    async fn run<T: Send + 'static>(
        &self,
        cores: u32,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let busy = || Failure::Busy(u32::try_from(PATIENCE.as_secs()).unwrap_or(u32::MAX));
        let _admitted = self.admitted.try_acquire().map_err(|_| busy())?;
        let turn = timeout(PATIENCE, self.running.clone().acquire_many_owned(cores.min(self.cores)))
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

fn note(done: Vec<(u32, u32)>) {
    for (memory, passes) in done {
        tracing::debug!(memory, passes, "argon2 has run for a password");
    }
}

fn salt(randomness: &dyn crate::platform::randomness::Randomness) -> [u8; SALT] {
    let mut salt = [0; SALT];
    randomness.fill(&mut salt);
    salt
}

fn unexpected(error: impl std::error::Error) -> Failure {
    Failure::unexpected(&error)
}

#[cfg(test)]
mod tests {
    use argon2::Block;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    fn password(text: &str) -> Password {
        Password::try_out(SecretString::from(text)).expect("a password")
    }

    #[test]
    fn l4_a_password_is_judged_by_its_length_and_by_how_soon_it_is_guessed() {
        let choose = |text: &str| {
            let about = ["ada@contoso.test", "Ada Lovelace", "Contoso Testing"];
            Password::choose(SecretString::from(text), &about)
        };
        let many = "correct horse battery ".repeat(40);
        for good in [
            "fifteen letters",
            "nur kleine Buchstaben hier",
            "パスワードは長いほど安全です、とても",
            "2jf9-1kd0-xm3a-77",
            "blank space at the end ",
            &many,
        ] {
            assert!(choose(good).is_ok(), "{good:?} was refused");
        }
        for (bad, why) in [
            ("fourteen chars", "15 characters"),
            ("passwordpassword", "guessed"),
            ("password1234567", "guessed"),
            ("qwertyuiopasdfghjkl", "guessed"),
            ("123456789012345678", "guessed"),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", "guessed"),
            ("iloveyouiloveyou", "guessed"),
            ("ContosoContoso2026", "guessed"),
            ("contosotesting1", "guessed"),
            ("ada@contoso.test1", "guessed"),
        ] {
            let said = choose(bad).expect_err(bad);
            assert!(said.contains(why), "{bad:?}: {said}");
        }
        assert!(choose(&"x7 ".repeat(342)).expect_err("too long").contains("1024 bytes"));
        assert!(Password::try_out(SecretString::from("x".repeat(1025))).is_none(), "and is never hashed");
    }

    #[tokio::test]
    async fn l1_a_hash_is_argon2id_with_the_parameters_of_the_cheat_sheet_and_a_salt_of_its_own() {
        let hasher = Hasher::new(PasswordWork::LEAST, Arc::new(SystemRandomness)).expect("a hasher");
        let one = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        let other = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        let salt = one.split('$').nth(4).expect("a salt");
        assert_eq!(salt.len(), 22, "16 bytes in base64");
        assert_ne!(one, other);
    }

    #[tokio::test]
    async fn l1_a_hash_with_older_parameters_is_made_anew() {
        let old = Hasher::new(PasswordWork { memory: 8_192, passes: 1 }, Arc::new(SystemRandomness))
            .expect("a hasher");
        let stored = old.hash(&password("correct horse battery")).await.expect("a hash");
        let hasher = Hasher::new(PasswordWork::LEAST, Arc::new(SystemRandomness)).expect("a hasher");

        let verdict = hasher.verify(&password("correct horse battery"), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::RightButOld);
        let newer = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        let verdict = hasher.verify(&password("correct horse battery"), Some(&newer)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Right);
        let verdict = hasher.verify(&password("wrong horse battery"), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn l3_of_two_hundred_at_once_few_run_and_few_wait() {
        use std::sync::atomic::{AtomicUsize, Ordering};

        let work = PasswordWork { memory: 8, passes: 1 };
        // On as many cores as it takes for turns of one and of two to run beside each other.
        let hasher = Hasher::on(6, work, Arc::new(SystemRandomness)).expect("a hasher");
        let at_once = hasher.running.available_permits();
        assert_eq!(at_once, 3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..200 {
            // Every other one as for a hash that was made with other parameters.
            let cores = 1 + number % 2;
            let takes = at_once.min(cores);
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            tries.spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(takes, Ordering::SeqCst) + takes, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    running.fetch_sub(takes, Ordering::SeqCst);
                    Ok(())
                };
                hasher.run(u32::try_from(cores).expect("a number"), work).await
            });
        }
        let outcomes = tries.join_all().await;
        assert_eq!(most.load(Ordering::SeqCst), at_once, "no more than half the cores");
        let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Busy(2)))).count();
        assert!(busy >= 200 - 2 * (at_once + WAITING), "{busy} were turned away");
        assert!(busy < 200, "and the others were served");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn l3_while_somebody_waits_the_next_takes_the_same_memory_and_with_the_last_it_goes() {
        let hasher = Hasher::new(PasswordWork::LEAST, Arc::new(SystemRandomness)).expect("a hasher");
        let waiting = hasher.work();
        let kept = || -> Vec<*const Block> {
            waiting.memory.free.lock().expect("it").iter().map(Vec::as_ptr).collect()
        };
        let stored = hasher.hash(&password("correct horse battery")).await.expect("a hash");
        let before = kept();
        assert_eq!(before.len(), 1);
        let verdict = hasher.verify(&password("correct horse battery"), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Right);
        assert_eq!(kept(), before);
        let empty =
            |blocks: &Vec<Block>| blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
        assert!(
            waiting.memory.free.lock().expect("it").iter().all(empty),
            "and nothing of the one before in it"
        );
        drop(waiting);
        hasher.hash(&password("correct horse battery")).await.expect("a hash");
        assert!(hasher.memory.lock().expect("it").upgrade().is_none());
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        let hasher = Hasher::new(PasswordWork::LEAST, Arc::new(SystemRandomness)).expect("a hasher");
        let verdict = hasher.verify(&password("a password that nobody has"), None).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn l4_a_password_is_never_cut_short() {
        let hasher =
            Hasher::new(PasswordWork { memory: 8, passes: 1 }, Arc::new(SystemRandomness)).expect("a hasher");
        let long = "x".repeat(72);
        let stored = hasher.hash(&password(&format!("{long}a"))).await.expect("a hash");
        let verdict = hasher.verify(&password(&format!("{long}b")), Some(&stored)).await;
        assert_eq!(verdict.expect("a verdict"), Verdict::Wrong);
    }
}

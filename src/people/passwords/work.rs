//! argon2's work for a password: the memory in which it is done, and what was done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self, CustomizedPasswordHasher, PasswordVerifier,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

use crate::platform::cpu::Turn;

/// argon2 in memory that it has had before: an allocator to which it is given back after each password splits it, and
/// under load comes to hold many times what is in use. Whoever hashes or waits for it holds this; with the last of them
/// it goes.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) free: Mutex<Vec<Vec<Block>>>,
}

impl Memory {
    fn with<T>(&self, length: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let taken = {
            // Older parameters may need another length.
            let mut free = lock(&self.free);
            let fits = free.iter().position(|blocks| blocks.len() == length);
            fits.map(|at| free.swap_remove(at))
        };
        let mut blocks = taken.unwrap_or_else(|| vec![Block::new(); length]);
        let done = work(&mut blocks);
        // From what argon2 leaves in it a password is guessed without argon2's work.
        blocks.fill(Block::new());
        lock(&self.free).push(blocks);
        done
    }
}

/// What argon2 is asked for in one turn of the pool, and how often it then ran with what.
pub(super) struct Work<'a> {
    /// Without a turn there is no work.
    _turn: &'a Turn,
    memory: Arc<Memory>,
    done: Mutex<Vec<(u32, u32)>>,
}

impl<'a> Work<'a> {
    /// None yet, to be done in this memory.
    pub(super) fn within(turn: &'a Turn, memory: Arc<Memory>) -> Self {
        Self { _turn: turn, memory, done: Mutex::default() }
    }

    /// A PHC string for a password, by argon2id.
    pub(super) fn hash(
        &self,
        params: &Params,
        salt: &[u8],
        password: &[u8],
    ) -> password_hash::Result<String> {
        let (algorithm, version) = (Algorithm::Argon2id.as_str(), Version::V0x13.into());
        #[expect(clippy::disallowed_methods, reason = "the turn shows that it runs in the pool")]
        let hash =
            self.hash_password_customized(password, salt, Some(algorithm), Some(version), params.clone())?;
        Ok(hash.to_string())
    }

    /// Whether a hash was made of this password.
    pub(super) fn fits(&self, password: &[u8], hash: &PasswordHash) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the turn shows that it runs in the pool")]
        let verified = self.verify_password(password, hash);
        verified.is_ok()
    }

    /// Memory in KiB and passes, of each time that argon2 ran.
    pub(super) fn done(self) -> Vec<(u32, u32)> {
        self.done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Work<'_> {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut buffer = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = buffer.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        #[expect(clippy::disallowed_methods, reason = "the turn shows that it runs in the pool")]
        self.memory.with(params.block_count(), |blocks| {
            Argon2::new(algorithm, version, params.clone())
                .hash_password_into_with_memory(password, salt, output, blocks)
        })?;
        lock(&self.done).push((params.m_cost(), params.t_cost()));
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

/// What one holder left half done, as by a panic, is nothing here that another could not use.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

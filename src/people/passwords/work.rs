//! Runs argon2 for a password in shared memory, and counts its runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self, CustomizedPasswordHasher, PasswordVerifier,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

use crate::platform::cpu::Turn;

/// Memory for argon2 that is used again. If each password returned its memory to the allocator, the allocator
/// would fragment and hold many times the memory in use under load. Each running or waiting request holds
/// this; the last one frees it.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) free: Mutex<Vec<Vec<Block>>>,
}

impl Memory {
    fn with<T>(&self, length: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let taken = {
            // Older parameters may need another size.
            let mut free = lock(&self.free);
            let fits = free.iter().position(|blocks| blocks.len() == length);
            fits.map(|at| free.swap_remove(at))
        };
        let mut blocks = taken.unwrap_or_else(|| vec![Block::new(); length]);
        let done = work(&mut blocks);
        // Wipe it: with what argon2 leaves behind, an attacker could guess the password without argon2's
        // work.
        blocks.fill(Block::new());
        lock(&self.free).push(blocks);
        done
    }
}

/// The argon2 runs of one turn of the pool.
pub(super) struct Work<'a> {
    /// A caller without a turn cannot compute.
    _turn: &'a Turn,
    memory: Arc<Memory>,
    done: Mutex<Vec<(u32, u32)>>,
}

impl<'a> Work<'a> {
    /// A new value without runs, which computes in this memory.
    pub(super) fn within(turn: &'a Turn, memory: Arc<Memory>) -> Self {
        Self { _turn: turn, memory, done: Mutex::default() }
    }

    /// The PHC string of a password, by argon2id.
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

    /// Whether the hash was made of this password.
    pub(super) fn matches(&self, password: &[u8], hash: &PasswordHash) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the turn shows that it runs in the pool")]
        let verified = self.verify_password(password, hash);
        verified.is_ok()
    }

    /// Memory in KiB and passes of each run of argon2.
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

/// A panic of another holder leaves nothing here that is half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

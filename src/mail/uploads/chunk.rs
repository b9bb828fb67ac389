//! One chunk of an upload, encrypted. The cipher is XChaCha20-Poly1305, as in the vault. A sealed chunk is: nonce (24
//! random bytes), ciphertext with its tag. The associated data are the id of the upload, the number of the chunk, and
//! whether it is the last one. So an attacker who can write to the database can neither move a chunk within an upload or
//! to another one, nor cut an upload off after a chunk.

use std::sync::Arc;

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce, aead::inout::InOutBuf};
use secrecy::{ExposeSecret, SecretBox};

use super::UploadId;
use crate::platform::randomness::Randomness;

/// The number of bytes of each chunk but the last one. Sealed it has 64 KiB, which an allocation takes without waste: a
/// hundred uploads at once have a hundred chunks in memory.
pub(super) const CHUNK: usize = 64 * 1024 - NONCE - TAG;
const NONCE: usize = 24;
const TAG: usize = 16;
const KEY: usize = 32;

/// The key of the chunks of one upload. It prints nothing.
#[derive(Clone, Debug)]
pub(super) struct ChunkKey(Arc<SecretBox<[u8; KEY]>>);

/// The chunk was changed, moved, or sealed with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

impl ChunkKey {
    pub fn random(randomness: &dyn Randomness) -> Self {
        Self(Arc::new(SecretBox::init_with_mut(|key: &mut [u8; KEY]| randomness.fill(key))))
    }

    /// A key from its bytes; `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key: &[u8; KEY] = bytes.try_into().ok()?;
        Some(Self(Arc::new(SecretBox::init_with_mut(|inner: &mut [u8; KEY]| inner.copy_from_slice(key)))))
    }

    pub fn bytes(&self) -> &[u8; KEY] {
        self.0.expose_secret()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes().into())
    }

    /// The content of a chunk.
    pub fn open(
        &self,
        upload: UploadId,
        number: u32,
        is_last: bool,
        sealed: Vec<u8>,
    ) -> Result<Vec<u8>, Refused> {
        let (nonce, _) = sealed.split_first_chunk::<NONCE>().ok_or(Refused)?;
        let nonce = XNonce::from(*nonce);
        let mut content = sealed;
        content.drain(..NONCE);
        let opened = self.cipher().decrypt_in_place(&nonce, &bound_to(upload, number, is_last), &mut content);
        opened.map_err(|_| Refused)?;
        Ok(content)
    }
}

/// What a chunk is bound to. Each part has a fixed length.
fn bound_to(upload: UploadId, number: u32, is_last: bool) -> Vec<u8> {
    [&upload.0.as_bytes()[..], &number.to_be_bytes(), &[u8::from(is_last)]].concat()
}

/// A chunk that is being filled. It is encrypted where it is.
pub(super) struct OpenChunk(Vec<u8>);

impl OpenChunk {
    /// An empty chunk, with memory for this many bytes.
    pub fn new(bytes: usize, randomness: &dyn Randomness) -> Self {
        let mut chunk = Vec::with_capacity(NONCE + bytes.min(CHUNK) + TAG);
        chunk.resize(NONCE, 0);
        randomness.fill(&mut chunk);
        Self(chunk)
    }

    /// The number of bytes that fit in.
    pub fn room(&self) -> usize {
        (NONCE + CHUNK).saturating_sub(self.0.len())
    }

    /// Takes as many of these bytes as fit in.
    ///
    /// # Returns
    /// The rest.
    pub fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(self.room()));
        self.0.extend_from_slice(taken);
        rest
    }

    /// Encrypts it.
    pub fn seal(
        mut self,
        key: &ChunkKey,
        upload: UploadId,
        number: u32,
        is_last: bool,
    ) -> Result<Vec<u8>, Refused> {
        let (nonce, content) = self.0.split_first_chunk_mut::<NONCE>().ok_or(Refused)?;
        let nonce = XNonce::from(*nonce);
        let bound_to = bound_to(upload, number, is_last);
        let tag = key.cipher().encrypt_inout_detached(&nonce, &bound_to, InOutBuf::from(content));
        let tag = tag.map_err(|_| Refused)?;
        self.0.extend_from_slice(&tag);
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    const UPLOAD: UploadId = UploadId(Uuid::from_u128(1));

    fn sealed(key: &ChunkKey, content: &[u8], number: u32, is_last: bool) -> Vec<u8> {
        let mut chunk = OpenChunk::new(content.len(), &SystemRandomness);
        assert!(chunk.fill(content).is_empty());
        chunk.seal(key, UPLOAD, number, is_last).expect("sealed")
    }

    #[test]
    fn a_chunk_opens_only_where_it_was_sealed() {
        let key = ChunkKey::random(&SystemRandomness);
        let chunk = sealed(&key, b"canary", 3, false);
        assert_eq!(key.open(UPLOAD, 3, false, chunk.clone()).as_deref(), Ok(&b"canary"[..]));
        let other = UploadId(Uuid::from_u128(2));
        for (upload, number, is_last) in
            [(other, 3, false), (UPLOAD, 2, false), (UPLOAD, 4, false), (UPLOAD, 3, true)]
        {
            assert_eq!(key.open(upload, number, is_last, chunk.clone()), Err(Refused), "{number} {is_last}");
        }
        let other_key = ChunkKey::random(&SystemRandomness);
        assert_eq!(other_key.open(UPLOAD, 3, false, chunk), Err(Refused));
    }

    #[test]
    fn a_chunk_that_was_changed_or_cut_off_at_any_place_does_not_open() {
        let key = ChunkKey::random(&SystemRandomness);
        let chunk = sealed(&key, b"canary", 0, true);
        for at in 0..chunk.len() {
            let mut changed = chunk.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(UPLOAD, 0, true, changed), Err(Refused), "{at}");
            assert_eq!(key.open(UPLOAD, 0, true, chunk[..at].to_vec()), Err(Refused), "{at}");
        }
    }

    #[test]
    fn neither_the_key_nor_a_sealed_chunk_shows_the_content() {
        let key = ChunkKey::random(&SystemRandomness);
        let chunk = sealed(&key, b"canary", 0, true);
        assert!(!chunk.windows(6).any(|window| window == b"canary"));
        assert_ne!(chunk, sealed(&key, b"canary", 0, true), "each chunk has a nonce of its own");
        let known = ChunkKey::from_bytes(&[0xC7; KEY]).expect("a key");
        assert!(!format!("{known:?}").contains("199"), "{known:?}");
        let again = ChunkKey::from_bytes(key.bytes()).expect("a key");
        assert!(again.open(UPLOAD, 0, true, chunk).is_ok());
        assert!(ChunkKey::from_bytes(&key.bytes()[1..]).is_none());
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_what_opens(content in prop::collection::vec(any::<u8>(), 0..2_000), number: u32) {
            let key = ChunkKey::random(&SystemRandomness);
            let chunk = sealed(&key, &content, number, true);
            prop_assert_eq!(chunk.len(), NONCE + content.len() + TAG);
            prop_assert_eq!(key.open(UPLOAD, number, true, chunk), Ok(content));
        }
    }

    #[test]
    fn a_chunk_takes_no_more_than_its_size() {
        let mut chunk = OpenChunk::new(usize::MAX, &SystemRandomness);
        let bytes = vec![7; CHUNK + 5];
        assert_eq!(chunk.fill(&bytes).len(), 5);
        assert_eq!((chunk.room(), chunk.fill(&[1]).len()), (0, 1));
    }
}

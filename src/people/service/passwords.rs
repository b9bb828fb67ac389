//! CPU work for people: judging and hashing passwords, and drawing QR codes. All of it runs in the pool of
//! [`platform::cpu`](crate::platform::cpu).

use secrecy::SecretString;

use super::People;
use crate::{
    people::{model::Password, totp::TotpKey},
    platform::{cpu::Asker, database::Unscoped, failure::Failure},
};

impl People {
    /// Hashes a chosen password. Call it before a transaction begins, because it takes long.
    pub async fn hash(&self, asker: Asker, password: &Password) -> Result<String, Failure> {
        self.hasher.hash(asker, password).await
    }

    /// Judges a password that a person chooses; `about` is known about the person. It computes, so the caller
    /// must count the request first.
    ///
    /// # Returns
    /// The password, or what to change, as words for the form.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn choose_password(
        &self,
        asker: Asker,
        text: SecretString,
        about: &[&str],
    ) -> Result<Result<Password, &'static str>, Failure> {
        self.hasher.choose(asker, text, about).await
    }

    /// Draws the QR code of an authenticator app's key, as SVG. It computes, so the caller must count the
    /// request first.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn draw_qr_code(&self, asker: Asker, key: TotpKey, email: &str) -> Result<String, Failure> {
        let email = email.to_owned();
        let drawn = self.hasher.pool().run(asker, 1, move |turn| key.qr_code(turn, &email)).await?;
        drawn.map_err(|error| Failure::unexpected(&error))
    }

    /// Finds out which parameters stored hashes have, so that from the first attempt on an attempt for a user
    /// with an older hash takes no longer than any other. It queries the database once.
    pub(super) async fn survey_hashes(&self) -> Result<(), Failure> {
        let survey = async || {
            while let Some(known) = self.hasher.known_kinds() {
                let found = Unscoped.password_hash_unlike(&self.database.read(), &known).await?;
                let Some(hash) = found else { break };
                self.hasher.note_kind(&hash)?;
            }
            Ok(())
        };
        self.hashes_surveyed.get_or_try_init(survey).await.copied()
    }
}

//! Queries of a test about an installation.

use mail360::platform::id::OrganisationId;

use super::World;

impl World {
    /// The short name of the organisation of this user.
    pub async fn organisation_of(&self, email: &str) -> String {
        let user = format!("SELECT organisation_id FROM users WHERE email = '{}'", email.to_lowercase());
        self.raw.one(&format!("SELECT short_name FROM organisations WHERE id = ({user})")).await
    }

    /// The organisation of this user.
    pub async fn organisation_id_of(&self, email: &str) -> OrganisationId {
        let query = format!("SELECT organisation_id FROM users WHERE email = '{email}'");
        OrganisationId(self.raw.one::<uuid::Uuid>(&query).await)
    }

    /// Writes the counted events that outsiders can repeat; the program does that every few seconds.
    pub async fn flush(&self) {
        self.program.log_ins.flush().await.expect("the record is written");
    }
}

//! How sessions end. Every change after which a stolen cookie must be worth nothing ends all sessions of the user by
//! [`Sessions::end_all_of`], in the transaction of the change: a new password, a second factor that was turned on or
//! off, new recovery codes, another role, disabling, and *Log out everywhere*.
//!
//! What it guards against: an attacker has copied the cookie of a user who then notices it, and changes the password.
//! Until that moment the attacker could do what the user can: read the key of a second factor that is being set up,
//! begin to set one up with a key that the attacker knows, leave a draft, start sign-ins, and, with the password too, wait
//! at the question for a code. Of this nothing goes on:
//!
//! - every session of the user ends, that of the cookie which asked for the change too. The asking browser gets a
//!   session with a new id. It keeps the time of the log-in, and with it the absolute limit, and the time of the last
//!   proof; it begins without drafts, without notices and without a second factor that is being set up;
//! - device cookies end; the asking browser gets a new one in place of its own;
//! - log-ins that wait for a code end: their rows go, and they are made for one value of `users.version`;
//! - a sign-in that is open at the provider ends: it is made for one value of `users.version`, sealed with its verifier;
//! - a request of the attacker that is under way finds no session to renew, and its transaction is undone.
//!
//! A key that an attacker has read stays known to them. Therefore *begin* gives the session a new id, too, and a proof
//! forgets the key: only a cookie that was issued after the last *begin* can show a key, or turn it on.

use tower_sessions::Session;

use super::{Issued, Sessions, beginning::Renewal, hash, store};
use crate::{
    log_in::devices::{DeviceCookies, DeviceSlot},
    people::{access::Member, service::People},
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

impl Sessions {
    /// Ends all sessions, half-way log-ins and open sign-ins of a user, in the transaction of what makes it necessary.
    /// There is no other way to end them for one user.
    pub async fn end_all_of(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        // The user before their sessions: a log-in at the same time waits here, or was committed and is seen below.
        People::note_ended_sessions(tx, organisation, user).await?;
        DeviceCookies::end_all_of(tx, organisation, user).await?;
        store::end_all_of(tx, organisation, user).await
    }

    /// The same for a change that the user makes themselves: the asking browser stays logged in, in a new session, and
    /// gets a new device cookie if it sent one of this user.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session that asks has ended. The caller undoes its transaction: the request may be
    /// that of an attacker, under way when the user did the same.
    pub async fn end_all_and_renew(
        &self,
        tx: &Tx,
        member: &Member,
        current: &Session,
        device: &DeviceSlot,
    ) -> Result<Issued, Failure> {
        let (organisation, user) = (member.organisation(), member.user());
        // The user before their sessions, as everywhere: two transactions at once must not wait for each other.
        People::lock(tx, organisation, user).await?;
        // Before the others end, because its row says what the new session keeps.
        let ended = self.take(tx, member, current).await?;
        let devices = self.devices();
        let is_known = devices.is_of(tx, device, organisation, user).await?;
        Self::end_all_of(tx, organisation, user).await?;
        let mut issued = self.renew_in(tx, ended, Renewal::Kept).await?;
        if is_known {
            issued.with_device(device.clone(), devices.renew(tx, device, organisation, user).await?);
        }
        Ok(issued)
    }

    /// Gives the session that asks a new id, in a transaction of its own. The other sessions stay.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if it has ended.
    pub async fn renew(&self, member: &Member, current: &Session) -> Result<(), Failure> {
        let issued = self
            .database
            .write(async |tx| {
                People::lock(&tx, member.organisation(), member.user()).await?;
                let ended = self.take(&tx, member, current).await?;
                Ok::<_, Failure>(self.renew_in(&tx, ended, Renewal::Kept).await?)
            })
            .await?;
        issued.hand_to(current).await
    }

    /// Notes that the user of the session that asks has just proved who they are, under a new id: from now on the
    /// cookie opens more than before. The caller holds the user's lock.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session has ended.
    pub async fn reauthenticate(
        &self,
        tx: &Tx,
        member: &Member,
        current: &Session,
    ) -> Result<Issued, Failure> {
        let ended = self.take(tx, member, current).await?;
        Ok(self.renew_in(tx, ended, Renewal::Reauthenticated).await?)
    }

    async fn take(
        &self,
        tx: &Tx,
        member: &Member,
        current: &Session,
    ) -> Result<store::StoredSession, Failure> {
        let Some(id) = current.id() else { return Err(Failure::LoggedOut) };
        let taken = store::take(tx, member.organisation(), member.user(), hash(id)).await?;
        taken.filter(|session| session.is_live(self.clock.now())).ok_or(Failure::LoggedOut)
    }

    /// Ends one session of a user, in the transaction that records it.
    ///
    /// # Returns
    /// Whether it was there.
    pub async fn end_one_of(tx: &Tx, member: &Member, id: &str) -> Result<bool, DatabaseError> {
        match id.parse() {
            Ok(hash) => store::end_one_of(tx, member.organisation(), member.user(), hash).await,
            Err(_) => Ok(false),
        }
    }

    /// Ends the session that asks, in the transaction that records it.
    pub async fn end(tx: &Tx, current: &Session) -> Result<(), DatabaseError> {
        match current.id().map(hash) {
            Some(hash) => store::end(tx, hash).await,
            None => Ok(()),
        }
    }

    /// Ends all sessions of an organisation, in the transaction that has counted it for every user and that records it.
    ///
    /// # Returns
    /// Number of browsers that were logged out.
    pub async fn end_all_within(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        store::end_all_within(tx, organisation, self.clock.now()).await
    }

    /// Ends all log-ins that wait for a code, of whichever organisation.
    pub async fn end_half_way(tx: &Tx) -> Result<(), DatabaseError> {
        store::end_nobodys(tx).await
    }
}

//! How sessions end. Every change after which a stolen cookie must be useless ends all sessions of the user
//! with [`Sessions::end_all_of`], in the transaction of the change. Such changes are a new password,
//! activating or removing a second factor, new recovery codes, another role, disabling, and *Log out
//! everywhere*.
//!
//! The attack: an attacker has copied the cookie of a user, and the user notices and changes the password.
//! Until then the attacker could do everything that the user can. The attacker could read the key of a second
//! factor that is being set up, or begin a set-up with a key that the attacker knows. The attacker could also
//! leave a draft, start sign-ins, and, with the password, wait for the code. None of this may continue:
//!
//! - Every session of the user ends, also the one that asked for the change. The browser of the request gets
//!   a session with a new id. It keeps the time of the log-in (so the absolute limit) and of the last
//!   re-authentication. It starts without drafts, notices and a second factor that is being set up.
//! - Device cookies end. The browser of the request gets a new one in place of its own.
//! - Log-ins that wait for a code end: their rows are deleted, and they are bound to one value of
//!   `users.version`.
//! - Open sign-ins at the provider end: they are bound to one value of `users.version`, sealed with the
//!   verifier.
//! - A concurrent request of the attacker finds no session to renew, and its transaction is undone.
//!
//! An attacker keeps a key that they have read. So *begin* gives the session a new id as well, and
//! re-authentication drops the key. Only a cookie issued after the last *begin* can show a key or activate
//! it.

use async_trait::async_trait;
use tower_sessions::Session;

use super::{Issued, Sessions, beginning::Renewal, hash, store};
use crate::{
    log_in::devices::{DeviceCookies, DeviceSlot},
    people::{access::LoggedInUser, service::People},
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

/// Takes the rows of a feature to the new id that a session gets when its user re-authenticates. Foreign keys delete
/// all other rows with the session's old id.
#[async_trait]
pub trait SessionFollower: Send + Sync + 'static {
    /// Takes the rows from the session with the hash `old` to the one with the hash `new`, in the transaction that
    /// replaces the session. It has both sessions while this runs.
    async fn follow(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        old: Hash,
        new: Hash,
    ) -> Result<(), Failure>;
}

impl Sessions {
    /// Ends all sessions, half-way log-ins, device cookies and open sign-ins of a user, in the transaction that
    /// requires it. There is no other way to end all sessions of one user.
    pub async fn end_all_of(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        // Lock the user before their sessions. A concurrent log-in waits here, or is committed and seen
        // below.
        People::note_ended_sessions(tx, organisation, user).await?;
        DeviceCookies::end_all_of(tx, organisation, user).await?;
        store::end_all_of(tx, organisation, user).await
    }

    /// Ends all sessions of a user for a change that the user makes. The browser of the request stays logged
    /// in, in a new session. It gets a new device cookie if it sent one of this user.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session of the request has ended. The caller then undoes its
    /// transaction: the request may be an attacker's, concurrent with the same change by the user.
    pub async fn end_all_and_renew(
        &self,
        tx: &Tx,
        member: &LoggedInUser,
        current: &Session,
        device: &DeviceSlot,
    ) -> Result<Issued, Failure> {
        let (organisation, user) = (member.organisation(), member.user());
        // Lock the user before their sessions, as everywhere, against deadlocks.
        People::lock(tx, organisation, user).await?;
        // Before the others end, because its row says what the new session keeps.
        let ended = self.take_session(tx, member, current).await?;
        let devices = self.devices();
        let is_known = devices.is_of(tx, device, organisation, user).await?;
        Self::end_all_of(tx, organisation, user).await?;
        let mut issued = self.renew_in(tx, ended, Renewal::Kept).await?;
        if is_known {
            issued.with_device(device.clone(), devices.renew(tx, device, organisation, user).await?);
        }
        Ok(issued)
    }

    /// Gives the session of the request a new id, in a transaction of its own. Other sessions stay.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session has ended.
    pub async fn renew(&self, member: &LoggedInUser, current: &Session) -> Result<(), Failure> {
        let issued = self
            .database
            .write(async |tx| {
                People::lock(&tx, member.organisation(), member.user()).await?;
                let ended = self.take_session(&tx, member, current).await?;
                Ok::<_, Failure>(self.renew_in(&tx, ended, Renewal::Kept).await?)
            })
            .await?;
        issued.hand_to(current).await
    }

    /// Records that the user of this session has re-authenticated, under a new session id, because the cookie
    /// now opens more than before. The caller holds the user's lock.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if the session has ended.
    pub async fn reauthenticate(
        &self,
        tx: &Tx,
        member: &LoggedInUser,
        current: &Session,
        follower: &dyn SessionFollower,
    ) -> Result<Issued, Failure> {
        let (organisation, user) = (member.organisation(), member.user());
        let id = current.id().ok_or(Failure::LoggedOut)?;
        let ended = store::find_of(tx, organisation, user, hash(id)).await?;
        let ended = self.still_live(ended)?;
        let issued = self.renew_in(tx, ended, Renewal::Reauthenticated).await?;
        // Before the old row is deleted, because foreign keys delete with it what refers to it.
        follower.follow(tx, organisation, hash(id), issued.hash()).await?;
        // Only one of several concurrent requests deletes it. The transactions of the others are undone.
        if store::end_one_of(tx, organisation, user, hash(id)).await? {
            Ok(issued)
        } else {
            Err(Failure::LoggedOut)
        }
    }

    async fn take_session(
        &self,
        tx: &Tx,
        member: &LoggedInUser,
        current: &Session,
    ) -> Result<store::StoredSession, Failure> {
        let Some(id) = current.id() else { return Err(Failure::LoggedOut) };
        self.still_live(store::take_session(tx, member.organisation(), member.user(), hash(id)).await?)
    }

    fn still_live(&self, session: Option<store::StoredSession>) -> Result<store::StoredSession, Failure> {
        session.filter(|session| session.is_live(self.clock.now())).ok_or(Failure::LoggedOut)
    }

    /// Ends one session of a user, in the transaction that records it.
    ///
    /// # Returns
    /// Whether it existed.
    pub async fn end_one_of(tx: &Tx, member: &LoggedInUser, id: &str) -> Result<bool, DatabaseError> {
        match id.parse() {
            Ok(hash) => store::end_one_of(tx, member.organisation(), member.user(), hash).await,
            Err(_) => Ok(false),
        }
    }

    /// Ends the session of the request, in the transaction that records it.
    pub async fn end(tx: &Tx, current: &Session) -> Result<(), DatabaseError> {
        match current.id().map(hash) {
            Some(hash) => store::end_session(tx, hash).await,
            None => Ok(()),
        }
    }

    /// Ends all sessions of an organisation. The transaction also counts this for every user and records it.
    ///
    /// # Returns
    /// Number of browsers that were logged out.
    pub async fn end_all_within(&self, tx: &Tx, organisation: OrganisationId) -> Result<u64, DatabaseError> {
        store::end_all_within(tx, organisation, self.clock.now()).await
    }

    /// Ends all log-ins that wait for a code, in all organisations.
    pub async fn end_half_way(tx: &Tx) -> Result<(), DatabaseError> {
        store::end_half_way_sessions(tx).await
    }
}

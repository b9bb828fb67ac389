//! Invitations: a link with a capability, for one person to become a user with a password of their own.

use std::net::IpAddr;

use time::Duration;

use super::People;
use crate::{
    activity::model::{Action, Actor, Entry},
    jobs::service::Lease,
    people::{
        access::{Admin, Reauthenticated},
        model::{Email, InvitationId, Named, Password, PersonName, Role},
        store::{
            NewUser, Users,
            invitations::{Invitation, Invitations, NewInvitation},
        },
    },
    platform::{
        clock::Timestamp,
        cpu::Asker,
        database::{DatabaseError, Queries, Tx, Unscoped},
        failure::{Failure, Undone},
        id::{OrganisationId, UserId},
        randomness::Token,
        request_id::RequestId,
    },
};

/// An invitation's link works for this long.
pub const INVITATION: Duration = Duration::days(7);
/// One that is for a new password, for this long.
pub const NEW_PASSWORD: Duration = Duration::days(1);
/// So many may be open in one organisation.
const MOST: u64 = 200;

/// What came of inviting somebody.
#[derive(Clone, Debug)]
pub enum Invited {
    /// They can come by the link that ends in this, until then. It cannot be shown again.
    Link(Token, Timestamp),
    /// They are here already.
    AlreadyHere,
    /// Too many are invited who have not come.
    TooMany,
}

/// What came of accepting an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The user is there.
    Welcome(Email),
    /// The link works no longer: it was used or withdrawn, or is too old.
    Closed,
    /// Another user of this organisation has this e-mail already.
    EmailTaken,
}

impl People {
    /// Invites somebody: an earlier link for the same e-mail works no longer.
    pub async fn invite(
        &self,
        admin: &Reauthenticated<Admin>,
        email: &Email,
        role: Role,
    ) -> Result<Invited, Failure> {
        match self.try_invite(admin, email, role).await {
            // Another administrator invited the same person at this very moment: theirs is replaced.
            Err(undone) if undone.is_conflict() => Ok(self.try_invite(admin, email, role).await?),
            invited => Ok(invited?),
        }
    }

    async fn try_invite(
        &self,
        admin: &Reauthenticated<Admin>,
        email: &Email,
        role: Role,
    ) -> Result<Invited, Undone> {
        let (token, now) = (Token::random(&*self.randomness), self.clock.now());
        let expires_at = now.plus(INVITATION);
        let invitations = Invitations::of(admin.organisation());
        self.database
            .write(async |tx| {
                self.still_admin(&tx, admin).await?;
                // Users of other organisations are not looked at: an e-mail is unique in its organisation only.
                if Users::of(admin.organisation()).by_email(&tx, email.as_str()).await?.is_some() {
                    return Ok(Invited::AlreadyHere);
                }
                if invitations.count_besides(&tx, email).await? >= MOST {
                    return Ok(Invited::TooMany);
                }
                let id = InvitationId::new(&*self.clock, &*self.randomness);
                let invited_by = admin.user();
                let token_hash = token.hash();
                let new = NewInvitation {
                    id,
                    email,
                    role,
                    token: token_hash,
                    invited_by,
                    for_user: None,
                    now,
                    expires_at,
                };
                invitations.put(&tx, new).await?;
                let entry = Entry::done(Action::UserInvited, email.as_str(), id.0).with_detail(role.name());
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Invited::Link(token.clone(), expires_at))
            })
            .await
    }

    /// Makes a link with which a user chooses a new password: nobody else ever knows it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where the organisation has no such user who may log in.
    pub async fn invite_to_new_password(
        &self,
        admin: &Reauthenticated<Admin>,
        user: UserId,
    ) -> Result<(Token, Timestamp), Failure> {
        let (token, now) = (Token::random(&*self.randomness), self.clock.now());
        let expires_at = now.plus(NEW_PASSWORD);
        self.database
            .write(async |tx| {
                self.still_admin(&tx, admin).await?;
                // Their own needs the current one.
                if user == admin.user() {
                    return Err(Failure::BadRequest);
                }
                let user = Users::of(admin.organisation()).get(&tx, user).await?;
                let user = user.filter(|user| !user.disabled).ok_or(Failure::NotFound)?;
                let Ok(email) = Email::parse(&user.email) else {
                    return Err(Failure::Unexpected("a user has no e-mail".to_owned()));
                };
                let id = InvitationId::new(&*self.clock, &*self.randomness);
                let new = NewInvitation {
                    id,
                    email: &email,
                    role: user.role,
                    token: token.hash(),
                    invited_by: admin.user(),
                    for_user: Some(user.id),
                    now,
                    expires_at,
                };
                Invitations::of(admin.organisation()).put(&tx, new).await?;
                let entry = Entry::done(Action::NewPasswordOffered, &user.email, user.id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok((token.clone(), expires_at))
            })
            .await
    }

    /// The invitations of an administrator's organisation whose links work, each with its maker as [`Named`] says it.
    pub async fn invitations(&self, admin: &Admin) -> Result<Vec<(Invitation, String)>, Failure> {
        let (now, read) = (self.clock.now(), self.database.read());
        let open = Invitations::of(admin.organisation()).open(&read, now).await?;
        let mut invitations = Vec::with_capacity(open.len());
        for invitation in open {
            let by = Users::of(admin.organisation()).get(&read, invitation.invited_by).await?;
            let by = by.map(|user| Named { name: user.name, email: user.email }.to_string());
            invitations.push((invitation, by.unwrap_or_default()));
        }
        Ok(invitations)
    }

    /// Withdraws an invitation. It is no mistake to withdraw one that is gone.
    pub async fn withdraw(&self, admin: &Reauthenticated<Admin>, id: InvitationId) -> Result<(), Failure> {
        self.database
            .write(async |tx| {
                self.still_admin(&tx, admin).await?;
                if let Some(taken) = Invitations::of(admin.organisation()).take(&tx, id).await? {
                    let entry = Entry::done(Action::InvitationWithdrawn, taken.email, id.0);
                    self.activity.record(&tx, admin.actor(), entry).await?;
                }
                Ok(())
            })
            .await
    }

    /// The invitation that a link opens, and its organisation's name.
    pub async fn invitation(&self, token: &Token) -> Result<Option<(Invitation, String)>, Failure> {
        Ok(self.open_invitation(&self.database.read(), token).await?)
    }

    async fn open_invitation(
        &self,
        on: &impl Queries,
        token: &Token,
    ) -> Result<Option<(Invitation, String)>, DatabaseError> {
        let found = Unscoped.invitation_by_token(on, token.hash()).await?;
        let Some(invitation) = found.filter(|it| it.is_open(self.clock.now())) else { return Ok(None) };
        let organisation = Users::of(invitation.organisation).organisation(on).await?;
        Ok(organisation.map(|organisation| (invitation, organisation.name)))
    }

    /// Accepts an invitation: makes the user, or gives the one for whom it is a new password and ends their
    /// sessions by `end_sessions`. Of several that try at once, one does.
    pub async fn accept(
        &self,
        token: &Token,
        name: &PersonName,
        password: &Password,
        (address, request_id): (Option<IpAddr>, Option<RequestId>),
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Accepted, Failure> {
        // Before the hash, which costs: a stranger must not make us compute.
        let Some((invitation, _)) = self.invitation(token).await? else { return Ok(Accepted::Closed) };
        let Ok(email) = Email::parse(&invitation.email) else {
            return Err(Failure::Unexpected("an invitation has no e-mail".to_owned()));
        };
        // A stranger until then, also one who has a user here: the link may have been passed on.
        let hash = self.hash(Asker { network: address, known: false }, password).await?;
        let organisation = invitation.organisation;
        // Whoever has the link is the one for whom it was made.
        let actor = |user| Actor { organisation, user: Some(user), address, request_id };
        let accepted = self
            .database
            .write(async |tx| {
                // Users before invitations, as everywhere.
                if let Some(user) = invitation.for_user {
                    Users::of(organisation).lock(&tx, user).await?;
                }
                let open = self.open_invitation(&tx, token).await?.is_some();
                if !open || Invitations::of(organisation).take(&tx, invitation.id).await?.is_none() {
                    return Ok(Accepted::Closed);
                }
                let Some(user) = invitation.for_user else {
                    let new =
                        NewUser { email: &email, name, role: invitation.role, password_hash: hash.clone() };
                    self.add_user(&tx, organisation, Some((address, request_id)), new).await?;
                    return Ok(Accepted::Welcome(email.clone()));
                };
                let users = Users::of(organisation);
                let user = users.get(&tx, user).await?;
                let Some(user) = user.filter(|user| !user.disabled && user.email == email.as_str()) else {
                    return Ok(Accepted::Closed);
                };
                users.set_password(&tx, user.id, hash.clone()).await?;
                end_sessions(&tx, organisation, user.id).await?;
                let entry = Entry::done(Action::PasswordChanged, &user.email, user.id.0)
                    .with_detail("by a link of an administrator");
                self.activity.record(&tx, actor(user.id), entry).await?;
                Ok(Accepted::Welcome(email.clone()))
            })
            .await;
        match accepted {
            // Undone, the invitation too: whoever invited can see that it still is open.
            Err(error) if DatabaseError::is_conflict(&error) => Ok(Accepted::EmailTaken),
            other => Ok(other?),
        }
    }

    /// Erases invitations whose links work no longer.
    pub async fn sweep(&self, lease: &Lease) -> Result<(), Failure> {
        let now = self.clock.now();
        for organisation in self.organisations(&self.database.read()).await? {
            let invitations = Invitations::of(organisation.id);
            self.database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(invitations.sweep(&tx, now).await?)
                })
                .await?;
        }
        Ok(())
    }
}

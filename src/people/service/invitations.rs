//! Invitations: a one-time link with which a person becomes a user, or a user chooses a new password.

use std::net::IpAddr;

use time::Duration;

use super::People;
use crate::{
    activity::model::{Action, Actor, Detail, Entry},
    jobs::service::Lease,
    people::{
        access::{Admin, Reauthenticated},
        model::{Email, InvitationId, Password, PersonName, Role, UserLabel},
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

/// How long the link of an invitation works.
pub const INVITATION_LASTS: Duration = Duration::days(7);
/// How long a link for a new password works.
pub const NEW_PASSWORD_LASTS: Duration = Duration::days(1);
/// Maximum number of open invitations of one organisation.
const MAX_OPEN: u64 = 200;

/// The result of inviting a person.
#[derive(Clone, Debug)]
pub enum Invited {
    /// The token of the link, and when it expires. The link cannot be shown again.
    Link(Token, Timestamp),
    /// A user of the organisation has this email already.
    AlreadyHere,
    /// The organisation has too many open invitations.
    TooMany,
}

/// The result of accepting an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The user can log in now.
    Welcome(Email),
    /// The link was used or withdrawn, or has expired.
    Closed,
    /// Another user of this organisation has this email already.
    EmailTaken,
}

impl People {
    /// Invites a person. An earlier link for the same email stops working.
    pub async fn invite(
        &self,
        admin: &Reauthenticated<Admin>,
        email: &Email,
        role: Role,
    ) -> Result<Invited, Failure> {
        match self.try_invite(admin, email, role).await {
            // Another administrator invited the same person concurrently. This invitation replaces theirs.
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
        let expires_at = now.plus(INVITATION_LASTS);
        let invitations = Invitations::of(admin.organisation());
        self.database
            .write(async |tx| {
                self.check_still_admin(&tx, admin).await?;
                // Users of other organisations do not count: an email is unique only within its
                // organisation.
                if Users::of(admin.organisation()).by_email(&tx, email.as_str()).await?.is_some() {
                    return Ok(Invited::AlreadyHere);
                }
                if invitations.count_besides(&tx, email).await? >= MAX_OPEN {
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
                let detail = Detail::Role { role: role.name().to_owned() };
                let entry = Entry::done(Action::UserInvited, email.as_str(), id.0).with_detail(detail);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Invited::Link(token.clone(), expires_at))
            })
            .await
    }

    /// Makes a link with which a user chooses a new password, so that no administrator ever knows the
    /// password.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such user who may log in.
    pub async fn invite_to_new_password(
        &self,
        admin: &Reauthenticated<Admin>,
        user: UserId,
    ) -> Result<(Token, Timestamp), Failure> {
        let (token, now) = (Token::random(&*self.randomness), self.clock.now());
        let expires_at = now.plus(NEW_PASSWORD_LASTS);
        self.database
            .write(async |tx| {
                self.check_still_admin(&tx, admin).await?;
                // Administrators change their own password on their profile, with the current one.
                if user == admin.user() {
                    return Err(Failure::BadRequest);
                }
                let user = Users::of(admin.organisation()).get(&tx, user).await?;
                let user = user.filter(|user| !user.disabled).ok_or(Failure::NotFound)?;
                let Ok(email) = Email::parse(&user.email) else {
                    return Err(Failure::Unexpected("a user has no email".to_owned()));
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

    /// The open invitations of new users of an administrator's organisation, each with the [`UserLabel`] text of its
    /// maker.
    pub async fn invitations(&self, admin: &Admin) -> Result<Vec<(Invitation, String)>, Failure> {
        let (now, read) = (self.clock.now(), self.database.read());
        let open = Invitations::of(admin.organisation()).open(&read, now).await?;
        let mut invitations = Vec::with_capacity(open.len());
        for invitation in open.into_iter().filter(|it| it.for_user.is_none()) {
            let by = self.label_of_maker(admin, &invitation).await?;
            invitations.push((invitation, by));
        }
        Ok(invitations)
    }

    /// The open link with which this user can choose a new password, and the [`UserLabel`] text of its maker.
    pub async fn new_password_link(
        &self,
        admin: &Admin,
        user: UserId,
    ) -> Result<Option<(Invitation, String)>, Failure> {
        let (now, read) = (self.clock.now(), self.database.read());
        let open = Invitations::of(admin.organisation()).open_for_user(&read, user, now).await?;
        let Some(invitation) = open else { return Ok(None) };
        let by = self.label_of_maker(admin, &invitation).await?;
        Ok(Some((invitation, by)))
    }

    async fn label_of_maker(&self, admin: &Admin, invitation: &Invitation) -> Result<String, Failure> {
        let by = Users::of(admin.organisation()).get(&self.database.read(), invitation.invited_by).await?;
        let by = by.map(|user| UserLabel { name: user.name, email: user.email }.to_string());
        Ok(by.unwrap_or_default())
    }

    /// Withdraws an invitation. Withdrawing one that is gone is not an error.
    ///
    /// # Returns
    /// The user whose link for a new password it was; `None` if it invited a new user or is gone.
    pub async fn withdraw(
        &self,
        admin: &Reauthenticated<Admin>,
        id: InvitationId,
    ) -> Result<Option<UserId>, Failure> {
        self.database
            .write(async |tx| {
                self.check_still_admin(&tx, admin).await?;
                let taken = Invitations::of(admin.organisation()).take_invitation(&tx, id).await?;
                let Some(taken) = taken else { return Ok(None) };
                let entry = Entry::done(Action::InvitationWithdrawn, taken.email, id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(taken.for_user)
            })
            .await
    }

    /// The open invitation of this link's token, and its organisation's name.
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

    /// Accepts an invitation: adds the user, or sets the new password of the existing one and ends their sessions
    /// with `end_sessions`. Only one of several concurrent requests succeeds.
    pub async fn accept(
        &self,
        token: &Token,
        name: &PersonName,
        password: &Password,
        (address, request_id): (Option<IpAddr>, Option<RequestId>),
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Accepted, Failure> {
        // Look first, because hashing is expensive: an attacker with an invalid link must not make the server
        // compute.
        let Some((invitation, _)) = self.invitation(token).await? else { return Ok(Accepted::Closed) };
        let Ok(email) = Email::parse(&invitation.email) else {
            return Err(Failure::Unexpected("an invitation has no email".to_owned()));
        };
        // An unknown asker, even if they are a user here: the link may have been passed on.
        let hash = self.hash(Asker { network: address, known: false }, password).await?;
        let organisation = invitation.organisation;
        // The holder of the link counts as the person for whom it was made.
        let actor = |user| Actor { organisation, user: Some(user), client: None, address, request_id };
        let accepted = self
            .database
            .write(async |tx| {
                // Lock users before invitations, as everywhere, against deadlocks.
                if let Some(user) = invitation.for_user {
                    Users::of(organisation).lock(&tx, user).await?;
                }
                let open = self.open_invitation(&tx, token).await?.is_some();
                if !open || Invitations::of(organisation).take_invitation(&tx, invitation.id).await?.is_none()
                {
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
                let entry =
                    Entry::done(Action::PasswordChanged, &user.email, user.id.0).with_detail(Detail::ByLink);
                self.activity.record(&tx, actor(user.id), entry).await?;
                Ok(Accepted::Welcome(email.clone()))
            })
            .await;
        match accepted {
            // The transaction is undone, with the use of the invitation. Administrators still see it as open.
            Err(error) if DatabaseError::is_conflict(&error) => Ok(Accepted::EmailTaken),
            other => Ok(other?),
        }
    }

    /// Erases invitations whose links no longer work.
    pub async fn erase_expired_invitations(&self, lease: &Lease) -> Result<(), Failure> {
        let now = self.clock.now();
        for organisation in self.organisations(&self.database.read()).await? {
            let invitations = Invitations::of(organisation.id);
            self.database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(invitations.erase_expired_invitations(&tx, now).await?)
                })
                .await?;
        }
        Ok(())
    }
}

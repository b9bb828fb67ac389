//! The actions that the activity records, with their names and groups. `app::recorded` has the sentences.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::ActionGroup;

/// An action that the activity records. Its attribute has its name in the database, which must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
pub enum Action {
    /// The installation was set up, or an organisation added.
    #[strum(serialize = "organisation.added")]
    OrganisationAdded,
    /// A user was added.
    #[strum(serialize = "user.added")]
    UserAdded,
    /// A user's password or role was changed, or whether they may log in.
    #[strum(serialize = "user.changed")]
    UserChanged,
    /// A user was deleted.
    #[strum(serialize = "user.deleted")]
    UserDeleted,
    /// A user changed their own password.
    #[strum(serialize = "user.password_changed")]
    PasswordChanged,
    /// A user ended one of their sessions.
    #[strum(serialize = "user.session_ended")]
    SessionEnded,
    /// The operator ended every session and every open sign-in, and withdrew every link.
    #[strum(serialize = "sessions.ended")]
    SessionsEnded,
    /// A user logged in.
    #[strum(serialize = "user.logged_in")]
    LoggedIn,
    /// A log-in of a known user was refused.
    #[strum(serialize = "user.log_in_refused")]
    LogInRefused,
    /// A user logged out.
    #[strum(serialize = "user.logged_out")]
    LoggedOut,
    /// A connector was added.
    #[strum(serialize = "connector.added")]
    ConnectorAdded,
    /// A connector was changed.
    #[strum(serialize = "connector.changed")]
    ConnectorChanged,
    /// An administrator has deleted a connector with accounts: it is out of use, and its accounts are being removed.
    #[strum(serialize = "connector.deletion_started")]
    ConnectorDeletionStarted,
    /// A connector was deleted.
    #[strum(serialize = "connector.deleted")]
    ConnectorDeleted,
    /// The operator sealed all secrets again with a new key.
    #[strum(serialize = "secrets.resealed")]
    SecretsResealed,
    /// A connector's credentials were checked without a sign-in.
    #[strum(serialize = "connector.tried")]
    ConnectorTried,
    /// A sign-in that verifies a connector was started.
    #[strum(serialize = "sign_in.started")]
    SignInStarted,
    #[strum(serialize = "sign_in.ended")]
    SignInEnded,
    /// A user was invited.
    #[strum(serialize = "user.invited")]
    UserInvited,
    /// An invitation was withdrawn.
    #[strum(serialize = "user.invitation_withdrawn")]
    InvitationWithdrawn,
    /// An organisation's rules were changed.
    #[strum(serialize = "organisation.changed")]
    OrganisationChanged,
    /// A user set up a second factor.
    #[strum(serialize = "user.second_factor_added")]
    SecondFactorAdded,
    /// A user removed their second factor.
    #[strum(serialize = "user.second_factor_removed")]
    SecondFactorRemoved,
    /// A user made new recovery codes.
    #[strum(serialize = "user.recovery_codes_made")]
    RecoveryCodesMade,
    /// A recovery code was used.
    #[strum(serialize = "user.recovery_code_used")]
    RecoveryCodeUsed,
    /// A code of a second factor was wrong.
    #[strum(serialize = "user.code_refused")]
    CodeRefused,
    /// A user re-authenticated with their password.
    #[strum(serialize = "user.reauthenticated")]
    Reauthenticated,
    /// A user gave a wrong password when they had to re-authenticate.
    #[strum(serialize = "user.reauthentication_refused")]
    ReauthenticationRefused,
    /// A user requested something that their role does not allow.
    #[strum(serialize = "request.refused")]
    RequestRefused,
    /// The password was right, and the second factor was asked for.
    #[strum(serialize = "user.code_asked")]
    CodeAsked,
    /// An administrator created a link with which a user chooses a new password.
    #[strum(serialize = "user.new_password_offered")]
    NewPasswordOffered,
    /// A user who wanted to change their password gave a wrong current one.
    #[strum(serialize = "user.password_change_refused")]
    PasswordChangeRefused,
    /// A connect link was made. Entries about links have the expected email as their entity, which may be empty, and
    /// the connector as their detail.
    #[strum(serialize = "link.made")]
    LinkMade,
    /// Many connect links were made in one go. The detail has their number. The entity is their connector, or empty if
    /// they have several.
    #[strum(serialize = "links.made")]
    LinksMade,
    /// The connect links of a user who may have no more effect were revoked in one go. The detail has their number.
    #[strum(serialize = "links.revoked")]
    LinksRevoked,
    /// A connect link was used: an account was connected with it.
    #[strum(serialize = "link.used")]
    LinkUsed,
    #[strum(serialize = "link.revoked")]
    LinkRevoked,
    /// A connect link expired before it was used.
    #[strum(serialize = "link.expired")]
    LinkExpired,
    /// A consent link was made. Entries about consent links have the name of the directory as their entity, and the
    /// connector as their detail.
    #[strum(serialize = "consent_link.made")]
    ConsentLinkMade,
    /// A browser came back from the provider with the approval that a consent link asked for. It proves nothing.
    #[strum(serialize = "consent_link.reported")]
    ConsentReported,
    #[strum(serialize = "consent_link.revoked")]
    ConsentLinkRevoked,
    /// A consent link expired before an approval was reported.
    #[strum(serialize = "consent_link.expired")]
    ConsentLinkExpired,
    /// A sign-in proved that a directory, which is the entity, allows the permissions of a connector.
    #[strum(serialize = "directory.approved")]
    DirectoryApproved,
    /// A mailbox was connected for the first time. Entries about accounts have the email as their entity.
    #[strum(serialize = "account.connected")]
    AccountConnected,
    /// The owner of a connected mailbox signed in again.
    #[strum(serialize = "account.reconnected")]
    AccountReconnected,
    /// An account was connected through another connector. The detail has its new connector.
    #[strum(serialize = "account.moved")]
    AccountMoved,
    /// A sign-in was refused because the mailbox is connected through another connector, which the detail has.
    #[strum(serialize = "account.refused")]
    AccountRefused,
    /// An administrator paused an account.
    #[strum(serialize = "account.paused")]
    AccountPaused,
    /// An administrator ended the pause of an account.
    #[strum(serialize = "account.resumed")]
    AccountResumed,
    /// An administrator had a stopped account refreshed once more.
    #[strum(serialize = "account.tried_again")]
    AccountTriedAgain,
    /// An administrator tested the access to a mailbox.
    #[strum(serialize = "account.tested")]
    AccountTested,
    /// An administrator ended the access to a mailbox and kept its account.
    #[strum(serialize = "account.disconnected")]
    AccountDisconnected,
    #[strum(serialize = "account.deleted")]
    AccountDeleted,
    /// An API client got the provider's access token of an account. There is one entry for each client, account and day.
    #[strum(serialize = "account.token_read")]
    TokenRead,
    /// An API client sent a request of its own to the provider with the access of an account. There is one entry for
    /// each client, account and day.
    #[strum(serialize = "account.raw_call_sent")]
    RawCallSent,
    /// An API client or a user sent messages from a mailbox. There is one entry for each sender, account and day, which
    /// counts the messages. The detail has the number of their recipients.
    #[strum(serialize = "account.mail_sent")]
    MailSent,
    /// Accounts of a connector cannot be refreshed any more. The detail has the state that they got. There is one entry
    /// for each connector, state and day.
    #[strum(serialize = "connector.refreshes_failed")]
    RefreshesFailed,
    /// A person has signed in to a mailbox, and its access is kept until an application confirms it. Entries about
    /// access that waits have the email as their entity and the connector as their detail.
    #[strum(serialize = "account.confirmation_awaited")]
    ConfirmationAwaited,
    /// An application has confirmed a mailbox. The entry about its account follows.
    #[strum(serialize = "account.confirmed")]
    AccountConfirmed,
    /// Access that waited was erased: the application did not confirm it in time, or the outcome is *refused*, because
    /// too many codes were wrong or the mailbox could not be connected any more.
    #[strum(serialize = "account.not_confirmed")]
    AccountNotConfirmed,
    /// What people without a user see of the organisation was changed.
    #[strum(serialize = "appearance.changed")]
    AppearanceChanged,
    /// A return address was added. It is the entity.
    #[strum(serialize = "return_address.added")]
    ReturnAddressAdded,
    /// The secret of a return address was replaced.
    #[strum(serialize = "return_address.secret_replaced")]
    ReturnAddressSecretReplaced,
    #[strum(serialize = "return_address.removed")]
    ReturnAddressRemoved,
    /// An administrator has switched whether an application must confirm mailboxes.
    #[strum(serialize = "return_address.changed")]
    ReturnAddressChanged,
    /// An API client was added, with its first API key. Entries about API clients have the name as their entity. The
    /// detail has its scopes.
    #[strum(serialize = "api_client.added")]
    ClientAdded,
    /// An API client was changed. The detail has its scopes.
    #[strum(serialize = "api_client.changed")]
    ClientChanged,
    #[strum(serialize = "api_client.deleted")]
    ClientDeleted,
    /// All credentials of an API client were removed, and its open links revoked.
    #[strum(serialize = "api_client.revoked")]
    ClientRevoked,
    /// A credential of an API client was made. The detail has its kind.
    #[strum(serialize = "api_client.credential_made")]
    ClientCredentialMade,
    /// A credential of an API client was removed. The detail has its kind.
    #[strum(serialize = "api_client.credential_removed")]
    ClientCredentialRemoved,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The group that the filter finds it in.
    pub const fn group(self) -> ActionGroup {
        match self {
            Self::LoggedIn
            | Self::LogInRefused
            | Self::LoggedOut
            | Self::SessionEnded
            | Self::SessionsEnded
            | Self::RecoveryCodeUsed
            | Self::CodeAsked
            | Self::CodeRefused
            | Self::PasswordChangeRefused
            | Self::Reauthenticated
            | Self::ReauthenticationRefused => ActionGroup::LogIns,
            Self::OrganisationAdded
            | Self::UserAdded
            | Self::UserChanged
            | Self::UserDeleted
            | Self::PasswordChanged
            | Self::UserInvited
            | Self::InvitationWithdrawn
            | Self::OrganisationChanged
            | Self::SecondFactorAdded
            | Self::SecondFactorRemoved
            | Self::NewPasswordOffered
            | Self::RecoveryCodesMade => ActionGroup::People,
            Self::ConnectorAdded
            | Self::ConnectorChanged
            | Self::ConnectorDeletionStarted
            | Self::ConnectorDeleted
            | Self::SecretsResealed
            | Self::ConnectorTried => ActionGroup::Connectors,
            Self::LinkMade
            | Self::LinksMade
            | Self::LinksRevoked
            | Self::LinkUsed
            | Self::LinkRevoked
            | Self::LinkExpired
            | Self::ConsentLinkMade
            | Self::ConsentReported
            | Self::ConsentLinkRevoked
            | Self::ConsentLinkExpired
            | Self::DirectoryApproved
            | Self::AccountConnected
            | Self::AccountReconnected
            | Self::AccountMoved
            | Self::AccountRefused
            | Self::AccountPaused
            | Self::AccountResumed
            | Self::AccountTriedAgain
            | Self::AccountTested
            | Self::AccountDisconnected
            | Self::AccountDeleted
            | Self::TokenRead
            | Self::RawCallSent
            | Self::MailSent
            | Self::RefreshesFailed
            | Self::ConfirmationAwaited
            | Self::AccountConfirmed
            | Self::AccountNotConfirmed
            | Self::AppearanceChanged
            | Self::ReturnAddressAdded
            | Self::ReturnAddressSecretReplaced
            | Self::ReturnAddressRemoved
            | Self::ReturnAddressChanged => ActionGroup::Accounts,
            Self::ClientAdded
            | Self::ClientChanged
            | Self::ClientDeleted
            | Self::ClientRevoked
            | Self::ClientCredentialMade
            | Self::ClientCredentialRemoved => ActionGroup::ApiClients,
            Self::SignInStarted | Self::SignInEnded => ActionGroup::SignIns,
            Self::RequestRefused => ActionGroup::Refusals,
        }
    }

    /// The name in the database: thing, dot, what happened.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

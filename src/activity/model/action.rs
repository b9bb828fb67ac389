//! The actions that the activity records, with their names and labels.

use super::ActionGroup;

/// An action that the activity records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The installation was set up, or an organisation added.
    OrganisationAdded,
    /// A user was added.
    UserAdded,
    /// A user's password or role was changed, or whether they may log in.
    UserChanged,
    /// A user was deleted.
    UserDeleted,
    /// A user changed their own password.
    PasswordChanged,
    /// A user ended one of their sessions.
    SessionEnded,
    /// The operator ended every session and every open sign-in, and withdrew every link.
    SessionsEnded,
    /// A user logged in.
    LoggedIn,
    /// A log-in of a known user was refused.
    LogInRefused,
    /// A user logged out.
    LoggedOut,
    /// A connector was added.
    ConnectorAdded,
    /// A connector was changed.
    ConnectorChanged,
    /// A connector was deleted.
    ConnectorDeleted,
    /// The operator sealed all secrets again with a new key.
    SecretsResealed,
    /// A connector's credentials were checked without a sign-in.
    ConnectorTried,
    /// A sign-in that verifies a connector was started.
    SignInStarted,
    /// A sign-in ended.
    SignInEnded,
    /// A user was invited.
    UserInvited,
    /// An invitation was withdrawn.
    InvitationWithdrawn,
    /// An organisation's rules were changed.
    OrganisationChanged,
    /// A user set up a second factor.
    SecondFactorAdded,
    /// A user removed their second factor.
    SecondFactorRemoved,
    /// A user made new recovery codes.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A code of a second factor was wrong.
    CodeRefused,
    /// A user re-authenticated with their password.
    Reauthenticated,
    /// A user gave a wrong password when they had to re-authenticate.
    ReauthenticationRefused,
    /// A user requested something that their role does not allow.
    RequestRefused,
    /// The password was right, and the second factor was asked for.
    CodeAsked,
    /// An administrator created a link with which a user chooses a new password.
    NewPasswordOffered,
    /// A user who wanted to change their password gave a wrong current one.
    PasswordChangeRefused,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 31] = [
        Self::OrganisationAdded,
        Self::UserAdded,
        Self::UserChanged,
        Self::UserDeleted,
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::LoggedIn,
        Self::LogInRefused,
        Self::LoggedOut,
        Self::ConnectorAdded,
        Self::ConnectorChanged,
        Self::ConnectorDeleted,
        Self::SecretsResealed,
        Self::ConnectorTried,
        Self::SignInStarted,
        Self::SignInEnded,
        Self::UserInvited,
        Self::InvitationWithdrawn,
        Self::OrganisationChanged,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::CodeRefused,
        Self::Reauthenticated,
        Self::ReauthenticationRefused,
        Self::RequestRefused,
        Self::CodeAsked,
        Self::NewPasswordOffered,
        Self::PasswordChangeRefused,
    ];

    /// The action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The label on the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OrganisationAdded => "Organisation added",
            Self::UserAdded => "User added",
            Self::UserChanged => "User changed",
            Self::UserDeleted => "User deleted",
            Self::PasswordChanged => "Password changed",
            Self::SessionEnded => "Browser logged out from another",
            Self::SessionsEnded => "All sessions ended",
            Self::LoggedIn => "Logged in",
            Self::LogInRefused => "Log-in refused",
            Self::LoggedOut => "Logged out",
            Self::ConnectorAdded => "Connector added",
            Self::ConnectorChanged => "Connector changed",
            Self::ConnectorDeleted => "Connector deleted",
            Self::SecretsResealed => "Secrets encrypted again",
            Self::ConnectorTried => "Client ID and secret tried",
            Self::SignInStarted => "Sign-in started",
            Self::SignInEnded => "Sign-in ended",
            Self::UserInvited => "Invited",
            Self::InvitationWithdrawn => "Invitation withdrawn",
            Self::OrganisationChanged => "Organisation changed",
            Self::SecondFactorAdded => "Second factor added",
            Self::SecondFactorRemoved => "Second factor removed",
            Self::RecoveryCodesMade => "Recovery codes made",
            Self::RecoveryCodeUsed => "Recovery code used",
            Self::CodeRefused => "Code refused",
            Self::Reauthenticated => "Confirmed who they are",
            Self::ReauthenticationRefused => "Confirmation refused",
            Self::RequestRefused => "Request refused",
            Self::CodeAsked => "Password right, code asked for",
            Self::NewPasswordOffered => "Link for a new password made",
            Self::PasswordChangeRefused => "Password change refused",
        }
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
            | Self::ConnectorDeleted
            | Self::SecretsResealed
            | Self::ConnectorTried => ActionGroup::Connectors,
            Self::SignInStarted | Self::SignInEnded => ActionGroup::SignIns,
            Self::RequestRefused => ActionGroup::Refusals,
        }
    }

    /// The name in the database: thing, dot, what happened.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrganisationAdded => "organisation.added",
            Self::UserAdded => "user.added",
            Self::UserChanged => "user.changed",
            Self::UserDeleted => "user.deleted",
            Self::PasswordChanged => "user.password_changed",
            Self::SessionEnded => "user.session_ended",
            Self::SessionsEnded => "sessions.ended",
            Self::LoggedIn => "user.logged_in",
            Self::LogInRefused => "user.log_in_refused",
            Self::LoggedOut => "user.logged_out",
            Self::ConnectorAdded => "connector.added",
            Self::ConnectorChanged => "connector.changed",
            Self::ConnectorDeleted => "connector.deleted",
            Self::SecretsResealed => "secrets.resealed",
            Self::ConnectorTried => "connector.tried",
            Self::SignInStarted => "sign_in.started",
            Self::SignInEnded => "sign_in.ended",
            Self::UserInvited => "user.invited",
            Self::InvitationWithdrawn => "user.invitation_withdrawn",
            Self::OrganisationChanged => "organisation.changed",
            Self::SecondFactorAdded => "user.second_factor_added",
            Self::SecondFactorRemoved => "user.second_factor_removed",
            Self::RecoveryCodesMade => "user.recovery_codes_made",
            Self::RecoveryCodeUsed => "user.recovery_code_used",
            Self::CodeRefused => "user.code_refused",
            Self::Reauthenticated => "user.reauthenticated",
            Self::ReauthenticationRefused => "user.reauthentication_refused",
            Self::RequestRefused => "request.refused",
            Self::CodeAsked => "user.code_asked",
            Self::NewPasswordOffered => "user.new_password_offered",
            Self::PasswordChangeRefused => "user.password_change_refused",
        }
    }
}

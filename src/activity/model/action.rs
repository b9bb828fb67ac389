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
            | Self::ConnectorDeleted
            | Self::SecretsResealed
            | Self::ConnectorTried => ActionGroup::Connectors,
            Self::SignInStarted | Self::SignInEnded => ActionGroup::SignIns,
            Self::RequestRefused => ActionGroup::Refusals,
        }
    }

    /// The name in the database: thing, dot, what happened.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

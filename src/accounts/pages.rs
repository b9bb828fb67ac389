//! Words and views that more than one page shows: the state of an account, the reason, the one next step, and why a link
//! was revoked.

use leptos::prelude::*;

use super::{
    model::{AccountState, StateFilter, StateReason},
    service::{Account, MAX_COUNTED, links::LinkEnd},
};
use crate::{
    platform::failure::Failure,
    providers::{Names, Providers, SharedProvider},
    ui::{
        markup::Markup,
        numbers::bounded,
        widgets::{Tone, write_badge},
    },
};

impl AccountState {
    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Retrying => "Retrying",
            Self::WaitingForConnector => "Waiting for the connector",
            Self::WaitingForCompany => "Waiting for their company",
            Self::NeedsAttention => "Needs attention",
            Self::NeedsSignIn => "Needs sign-in",
            Self::Disconnected => "Disconnected",
        }
    }

    /// The meaning of its badge.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Connected => Tone::Good,
            Self::Retrying | Self::WaitingForConnector | Self::WaitingForCompany => Tone::Warn,
            Self::NeedsAttention | Self::NeedsSignIn => Tone::Bad,
            Self::Disconnected => Tone::Idle,
        }
    }

    /// The one thing that an administrator can do next about the state.
    pub const fn next_step(self) -> NextStep {
        match self {
            Self::Connected | Self::Retrying => NextStep::None,
            Self::WaitingForConnector => NextStep::OpenConnector,
            Self::NeedsAttention => NextStep::TryAgain,
            Self::WaitingForCompany | Self::NeedsSignIn | Self::Disconnected => NextStep::SignIn,
        }
    }
}

impl LinkEnd {
    /// Why the link was revoked. `None` if its state says enough.
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Self::MakerMayNot => Some("The user who made it may no longer make links."),
            Self::MakerLoggedOut => Some("The user who made it was logged out everywhere."),
            Self::EndedByOperator => Some("The operator ended all sessions and links."),
            Self::ClientRevoked => Some("The API client that made it was revoked or deleted."),
            Self::AccountDisconnected => Some("The account was disconnected."),
            Self::Withdrawn | Self::Expired => None,
        }
    }
}

impl StateFilter {
    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::In(state) => state.words(),
            Self::Paused => "Paused",
        }
    }
}

/// What an administrator can do next about the state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing is wrong, or the program goes on by itself.
    None,
    /// To make a link with which the owner of the mailbox signs in.
    SignIn,
    /// To have the account refreshed at once.
    TryAgain,
    /// To open the connector, where the secret can be replaced.
    OpenConnector,
}

/// The reason for a state as a sentence, for an administrator who has never heard of tokens.
pub fn reason_words(reason: StateReason, names: &Names) -> String {
    let provider = names.provider;
    match reason {
        StateReason::GrantRefused => {
            format!(
                "{provider} has ended the access. A changed password or a removed permission can be the cause."
            )
        }
        StateReason::InteractionRequired => {
            format!(
                "{provider} wants the owner of the mailbox to do something on its page, such as to give a second \
                 factor."
            )
        }
        StateReason::ConsentRequired => {
            format!("{provider} wants the owner of the mailbox to agree to the permissions again.")
        }
        StateReason::LoginRequired => format!("{provider} wants the owner of the mailbox to sign in again."),
        StateReason::ApplicationChanged => {
            "The application changed: the connector has other settings than those that the owner of the mailbox \
             agreed to."
                .to_owned()
        }
        StateReason::Interrupted => {
            "Interrupted during a refresh: this program was stopped before it could store the new access."
                .to_owned()
        }
        StateReason::TokenUnreadable => {
            "The stored access cannot be decrypted. The operator may have changed the encryption key."
                .to_owned()
        }
        StateReason::ScopesRefused => format!("{provider} refuses one of the permissions."),
        StateReason::Refused => format!("{provider} refuses to renew the access."),
        StateReason::Throttled => format!("{provider} gets too many requests at present."),
        StateReason::Unavailable => format!("{provider} has a problem at present."),
        StateReason::Unreachable => format!("We cannot reach {provider}."),
        StateReason::Slow => format!("{provider} does not answer in time."),
        StateReason::Garbled => format!("{provider} gives answers that cannot be understood."),
        StateReason::CredentialsRejected => {
            format!("{provider} does not accept the Client ID and secret of the connector.")
        }
        StateReason::CompanyRefused => {
            "The company of this mailbox has removed the application or switched it off.".to_owned()
        }
    }
}

/// What follows from a state, as a sentence. It says who has to do what, if anything.
pub fn outlook_words(state: AccountState, names: &Names) -> Option<String> {
    let administrator = names.administrator;
    Some(match state {
        AccountState::Connected => return None,
        AccountState::Retrying => "We try again automatically. There is nothing to do.".to_owned(),
        AccountState::WaitingForConnector => {
            "When its client secret is replaced, this account goes on by itself.".to_owned()
        }
        AccountState::WaitingForCompany => format!(
            "A {administrator} of that company can allow the application again. We try once an hour; a new sign-in \
             can help too."
        ),
        AccountState::NeedsAttention => {
            "We try again automatically, later only once a day. If you have changed something, try again now."
                .to_owned()
        }
        AccountState::NeedsSignIn => {
            "The owner of the mailbox has to sign in once more. The account stays the same one.".to_owned()
        }
        AccountState::Disconnected => {
            "An administrator has ended the access. A new sign-in connects the same account again.".to_owned()
        }
    })
}

/// The state's reason in one line. The provider's own code gives more exact words, if this program knows them.
pub fn reason_line(account: &Account, provider: &SharedProvider) -> Option<String> {
    let reason = account.reason?;
    // Only an ended grant has causes that a code tells apart.
    let is_about_grant = account.state == AccountState::NeedsSignIn;
    let code = account
        .provider_words
        .as_ref()
        .filter(|_| is_about_grant)
        .and_then(|provider_words| provider.code(provider_words));
    let title = code.and_then(|code| code.diagnosis).map(|diagnosis| format!("{}.", diagnosis.title));
    Some(title.unwrap_or_else(|| reason_words(reason, provider.names())))
}

/// The provider of an account.
///
/// # Errors
/// [`Failure::Unexpected`] if this program does not have it.
pub fn provider_of(account: &Account, providers: &Providers) -> Result<SharedProvider, Failure> {
    let unknown = || {
        Failure::Unexpected(format!("account {}: the provider {} is unknown", account.id, account.provider))
    };
    providers.find(&account.provider).cloned().ok_or_else(unknown)
}

/// Writes the state of an account, in words and with an icon. *Paused* comes first, because it stops all calls.
pub fn write_state(html: &mut Markup, state: AccountState, is_paused: bool) {
    if is_paused {
        write_badge(html, Tone::Idle, "Paused", None);
        html.raw(" ");
    }
    write_badge(html, state.tone(), state.words(), None);
}

/// The state of an account, in words and with an icon.
#[component]
pub fn StateBadge(state: AccountState, is_paused: bool) -> impl IntoView {
    let mut html = Markup::default();
    write_state(&mut html, state, is_paused);
    html.into_view()
}

/// A bounded number on the screen: `1,000+` for more than the greatest number that is counted.
pub fn count_words(number: u64) -> String {
    bounded(number, MAX_COUNTED)
}

#[cfg(test)]
mod tests;

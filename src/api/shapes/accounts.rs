//! Accounts, connectors and links.

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{
    model::AccountState,
    service::{self, AccountId},
};

/// An account, in the shape of Mail360's *Get one*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Account {
    #[schema(value_type = String)]
    account_key: AccountId,
    /// One object.
    ac: Vec<AccountFacts>,
}

/// What is known about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the fields are Mail360's")]
pub struct AccountFacts {
    email_address: String,
    display_name: String,
    /// Always `IMAP_ACCOUNT`, as Mail360 names mailboxes that are elsewhere.
    r#type: &'static str,
    /// false: calls answer `ACCOUNT_PAUSED`.
    enabled: bool,
    /// Always true.
    #[serde(rename = "isOAuthAcc")]
    is_oauth_acc: bool,
    /// Whether its mail cannot be read now.
    incoming_blocked: bool,
    /// Whether mail cannot be sent from it now.
    outgoing_blocked: bool,
    /// `connected`, `retrying`, `waiting_for_connector`, `waiting_for_company`, `needs_attention`, `needs_sign_in` or
    /// `disconnected`.
    state: &'static str,
    /// Why it is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<serde_json::Value>,
    /// The Service Name of its connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    connector: Option<String>,
    /// The name of the provider.
    provider: String,
    /// The permissions that it has granted.
    permissions: Vec<String>,
    /// The application's own id of the account, if its link had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// What an account lets this program do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// The Service Name of its connector.
    pub connector: Option<String>,
    pub permissions: Vec<String>,
    pub reads_mail: bool,
    pub sends_mail: bool,
}

impl Account {
    /// The account with what it has granted.
    pub fn of(account: service::Account, granted: Granted) -> Self {
        let works = matches!(account.state, AccountState::Connected | AccountState::Retrying);
        let facts = AccountFacts {
            email_address: account.email,
            display_name: account.name,
            r#type: "IMAP_ACCOUNT",
            enabled: account.paused.is_none(),
            is_oauth_acc: true,
            incoming_blocked: !(works && granted.reads_mail),
            outgoing_blocked: !(works && granted.sends_mail),
            state: account.state.name(),
            reason: account.reason.and_then(|reason| serde_json::to_value(reason).ok()),
            connector: granted.connector,
            provider: account.provider,
            permissions: granted.permissions,
            reference: account.reference,
        };
        Self { account_key: account.id, ac: vec![facts] }
    }
}

/// A link with which a person connects a mailbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectLink {
    pub success: bool,
    /// Send the person's browser there.
    pub url: String,
}

/// A mailbox that was confirmed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Confirmed {
    #[schema(value_type = String)]
    pub account_key: AccountId,
}

/// A connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connector {
    /// The Service Name.
    pub name: String,
    /// The name of the provider.
    pub provider: String,
    /// `verified`, `not_verified` or `failing`.
    pub state: &'static str,
    /// Whether links can be made for it.
    pub is_ready: bool,
    /// The permissions that it asks for.
    pub permissions: Vec<String>,
}

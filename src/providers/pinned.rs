//! What one sign-in or one grant is pinned to: the trait [`Pinned`], and the values that its methods take and give.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use http::Method;
use secrecy::SecretString;

use super::{
    Mismatch, RefreshRefusal, Refusal,
    http::ProviderHttp,
    mailbox::SharedMailbox,
    oauth::{AuthorizeRequest, CodeRequest, Grant, RefreshRequest},
    passage::Passage,
};
use crate::platform::{clock::Timestamp, failure::Failure, randomness::Hash};

/// What a sign-in or a grant is pinned to, shared.
pub type SharedPinned = Arc<dyn Pinned>;

/// A grant, with what the provider's metadata says about the application.
pub struct Redeemed {
    pub grant: Grant,
    /// The directory that the application's settings name, if the provider's metadata says so.
    pub directory: Option<String>,
}

/// What an ID token is compared with, besides the pinned values.
pub struct Expected<'a> {
    /// The directory that an earlier sign-in has proved, if any.
    pub proved: Option<&'a str>,
    /// The callback's `iss`, if it had one.
    pub callback_issuer: Option<&'a str>,
    /// The hash of the attempt's nonce.
    pub nonce: Hash,
    /// The present time of the server's clock.
    pub now: Timestamp,
    /// The secrets that were sent to the provider. They must not be shown.
    pub secrets: &'a [&'a str],
}

/// The person who signed in, as the provider names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The name of the account, which may be any text.
    pub account: String,
    /// The id of the account at the provider, which never changes and is never given to another account: in a fixed
    /// form, without control characters. `None` if the provider proved none; then no mailbox may be connected.
    pub subject: Option<String>,
    /// The email address of the mailbox, if the provider names one. It may pass to another account later.
    pub email: Option<String>,
    /// The name of the person, if the provider names one: any text, in one line.
    pub name: Option<String>,
    /// All email addresses and sign-in names of the account, for a comparison without case with an expected one.
    pub emails: Vec<String>,
    /// The directory of the account, if the provider names one. It is an id in a fixed form.
    pub directory: Option<String>,
    /// Whether this sign-in has proved the directory of the application's settings, which is to be kept.
    pub proves_directory: bool,
}

/// Requested permissions that were not granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Permissions that every connector needs.
    pub required: Vec<String>,
    /// Permissions that an administrator has chosen.
    pub optional: Vec<String>,
}

/// What became of a grant that was to be revoked at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The provider ended it, or did not know it any more.
    Revoked,
    /// The provider has no such request: see [`super::Provider::removal_place`].
    NotOffered,
    /// The provider did not answer, or refused.
    Failed,
}

/// Whether an account has a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxFinding {
    /// The id of its inbox.
    Found(String),
    /// The provider says that the account has none.
    None,
    /// The provider refuses the application whatever the account is ([`super::RefusalKind::ApiDisabled`]).
    Refused(Refusal),
    /// Nothing is known: no answer, no permission, or an answer that says nothing about it.
    Unknown,
}

/// What a test of the access read; `None` if there is no permission for it.
pub type IfAllowed<T> = Option<T>;

/// What a test of the access read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessTest {
    /// When the newest message was received, if there is a message.
    pub newest_message: IfAllowed<Option<Timestamp>>,
    /// The number of contacts.
    pub contacts: IfAllowed<u64>,
}

/// What one sign-in or one grant is pinned to. Later changes of the configuration or the connector do not change it.
#[async_trait]
pub trait Pinned: Debug + Send + Sync {
    /// The stored form.
    fn to_json(&self) -> String;

    /// The address at which people sign in.
    ///
    /// # Errors
    /// If an address cannot be read, which the configuration rules out.
    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> Result<String, Failure>;

    /// Compares the callback's issuer (RFC 9207) with the pinned one. `secrets` must not be shown.
    ///
    /// # Errors
    /// Both values, if the callback comes from another provider or directory.
    fn check_callback_issuer(&self, issuer: &str, secrets: &[&str]) -> Result<(), Mismatch>;

    /// Redeems a code. `proved` is the directory that an earlier sign-in has proved, if any.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn redeem(
        &self,
        http: &dyn ProviderHttp,
        request: &CodeRequest<'_>,
        proved: Option<&str>,
    ) -> Result<Redeemed, Refusal>;

    /// Checks the ID token, and asks which account signed in. A provider whose API must be enabled for each application
    /// asks that API here, so that a connector is not verified without it.
    ///
    /// # Errors
    /// [`Refusal`]; its kind is [`super::RefusalKind::ApiDisabled`] if the API is not enabled.
    async fn identify(
        &self,
        http: &dyn ProviderHttp,
        redeemed: &Redeemed,
        expected: &Expected<'_>,
    ) -> Result<Identity, Refusal>;

    /// The requested permissions that were not granted.
    fn missing(&self, asked: &[String], grant: &Grant) -> Missing;

    /// Whether a successful sign-in proves that a permission was granted.
    fn is_checked(&self, scope: &str) -> bool;

    /// Of the requested permissions those that a kept grant has, as they were requested. Permissions that no answer
    /// names count as granted, such as the one for the refresh token itself. After a refresh, give what was granted
    /// before as `asked`.
    fn granted(&self, asked: &[String], grant: &Grant) -> Vec<String>;

    /// Gets new tokens for a refresh token. Requests no other permissions than those in the request.
    ///
    /// # Errors
    /// [`RefreshRefusal`].
    async fn refresh(
        &self,
        http: &dyn ProviderHttp,
        request: &RefreshRequest<'_>,
    ) -> Result<Grant, RefreshRefusal>;

    /// Ends a grant at the provider.
    async fn revoke(
        &self,
        http: &dyn ProviderHttp,
        refresh_token: &SecretString,
        secret: &SecretString,
    ) -> Revocation;

    /// Looks for the mailbox of the account. A token without a permission for mail finds nothing out.
    async fn find_mailbox(&self, http: &dyn ProviderHttp, access_token: &SecretString) -> MailboxFinding;

    /// Reads the date of the newest message and the number of contacts, as far as these permissions allow.
    ///
    /// # Errors
    /// [`Refusal`]; its kind is [`super::RefusalKind::TokenRefused`] if the access token is not valid any more.
    async fn test_access(
        &self,
        http: &dyn ProviderHttp,
        access_token: &SecretString,
        scopes: &[String],
    ) -> Result<AccessTest, Refusal>;

    /// What raw calls may reach. A provider that says nothing offers none.
    fn passage(&self) -> Passage {
        Passage::default()
    }

    /// Whether a raw call to this path, as the caller wrote it, is about the mailbox itself: its mail, its contacts or its
    /// settings. Only then a refusal because of too many requests holds back the other requests of the mailbox.
    fn is_of_mailbox(&self, _path: &str) -> bool {
        false
    }

    /// The units ([`super::mailbox::MailRequest::units`]) that a raw call with this method and path costs; the path is as the
    /// caller wrote it. For a batch: that each request costs which it may hold.
    fn raw_units(&self, _method: &Method, _path: &str) -> u32 {
        1
    }

    /// The mailbox of a grant that is pinned to these values; `None` if this program reads no mailboxes of the provider.
    fn mailbox(&self) -> Option<SharedMailbox> {
        None
    }
}

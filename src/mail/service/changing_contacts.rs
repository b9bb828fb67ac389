//! The calls that change contacts.

use super::{Mail, MailFailure, reading::ask};
use crate::{
    accounts::service::AccountId,
    people::access::Caller,
    providers::mailbox::{Contact, ContactFields},
};

impl Mail {
    /// Refuses a new contact as [`Self::create_contact`] does, as far as that is known without asking the provider.
    pub async fn check_contact(
        &self,
        caller: &Caller,
        account: AccountId,
        fields: &ContactFields,
    ) -> Result<(), MailFailure> {
        let session = self.open(caller, account).await?;
        Ok(session.mailbox().check_contact(fields)?)
    }

    /// Creates a contact. A call that is repeated creates another one: whether it is a repetition is for the caller to know.
    pub async fn create_contact(
        &self,
        caller: &Caller,
        account: AccountId,
        fields: &ContactFields,
    ) -> Result<Contact, MailFailure> {
        Ok(ask!(self, caller, account, create_contact, fields))
    }

    /// Changes a contact, if it still is the version of this etag.
    pub async fn update_contact(
        &self,
        caller: &Caller,
        account: AccountId,
        contact: &str,
        fields: &ContactFields,
        etag: &str,
    ) -> Result<Contact, MailFailure> {
        Ok(ask!(self, caller, account, update_contact, contact, fields, etag))
    }

    pub async fn delete_contact(
        &self,
        caller: &Caller,
        account: AccountId,
        contact: &str,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, delete_contact, contact);
        Ok(())
    }
}

//! The calls of a mailbox of Gmail that change it, as the trait `MailboxChanges` names them.

use async_trait::async_trait;

use super::{GmailMailbox, changes, contact_write, emptying, folder_changes, label_changes};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{
        Changed, Contact, ContactFields, Folder, Label, MailCall, MailError, MailboxChanges, MessageChange,
    },
};

#[async_trait]
impl MailboxChanges for GmailMailbox {
    async fn change_messages(
        &self,
        call: &MailCall<'_>,
        messages: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Changed>, MailError> {
        changes::change(&self.google(call), messages, change).await
    }

    async fn messages_of_thread(
        &self,
        call: &MailCall<'_>,
        thread: &str,
        change: &MessageChange,
    ) -> Result<Vec<String>, MailError> {
        changes::messages_of_thread(&self.google(call), thread, change).await
    }

    async fn create_folder(
        &self,
        call: &MailCall<'_>,
        name: &str,
        parent: Option<&str>,
    ) -> Result<Folder, MailError> {
        folder_changes::create(&self.google(call), name, parent).await
    }

    async fn rename_folder(&self, call: &MailCall<'_>, folder: &str, name: &str) -> Result<(), MailError> {
        folder_changes::rename(&self.google(call), folder, name).await
    }

    async fn move_folder(
        &self,
        call: &MailCall<'_>,
        folder: &str,
        parent: Option<&str>,
    ) -> Result<(), MailError> {
        folder_changes::move_to(&self.google(call), folder, parent).await
    }

    async fn delete_folder(&self, call: &MailCall<'_>, folder: &str) -> Result<(), MailError> {
        folder_changes::delete(&self.google(call), folder).await
    }

    async fn empty_some(
        &self,
        call: &MailCall<'_>,
        folder: &str,
        before: Timestamp,
        skip: &[String],
    ) -> Result<Vec<Changed>, MailError> {
        emptying::empty_some(&self.google(call), folder, before, skip).await
    }

    async fn create_label(
        &self,
        call: &MailCall<'_>,
        name: &str,
        color: Option<&str>,
    ) -> Result<Label, MailError> {
        label_changes::create(&self.google(call), name, color).await
    }

    async fn update_label(
        &self,
        call: &MailCall<'_>,
        label: &str,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<(), MailError> {
        label_changes::update(&self.google(call), label, name, color).await
    }

    async fn delete_label(&self, call: &MailCall<'_>, label: &str) -> Result<(), MailError> {
        label_changes::delete(&self.google(call), label).await
    }

    fn check_contact(&self, fields: &ContactFields) -> Result<(), MailError> {
        contact_write::check(fields)
    }

    async fn create_contact(
        &self,
        call: &MailCall<'_>,
        fields: &ContactFields,
    ) -> Result<Contact, MailError> {
        contact_write::create(&self.google(call), fields).await
    }

    async fn update_contact(
        &self,
        call: &MailCall<'_>,
        contact: &str,
        fields: &ContactFields,
        etag: &str,
    ) -> Result<Contact, MailError> {
        contact_write::update(&self.google(call), contact, fields, etag).await
    }

    async fn delete_contact(&self, call: &MailCall<'_>, contact: &str) -> Result<(), MailError> {
        contact_write::delete(&self.google(call), contact).await
    }
}

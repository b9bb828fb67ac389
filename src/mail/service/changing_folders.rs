//! The calls that change folders and labels. A folder is emptied by a job: see `mail::emptying`.

use super::{Mail, MailFailure, reading::ask};
use crate::{
    accounts::service::AccountId,
    people::access::Caller,
    platform::clock::Timestamp,
    providers::mailbox::{Changed, Folder, Label},
};

impl Mail {
    /// Creates a folder within another one, or at the top.
    pub async fn create_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        name: &str,
        parent: Option<&str>,
    ) -> Result<Folder, MailFailure> {
        Ok(ask!(self, caller, account, create_folder, name, parent))
    }

    pub async fn rename_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
        name: &str,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, rename_folder, folder, name);
        Ok(())
    }

    /// Moves a folder into another one, or to the top.
    pub async fn move_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
        parent: Option<&str>,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, move_folder, folder, parent);
        Ok(())
    }

    pub async fn delete_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, delete_folder, folder);
        Ok(())
    }

    /// Deletes some of the messages of a folder that were received before a time, and passes over some.
    ///
    /// # Returns
    /// What happened to each; empty if there is no other message.
    pub(in crate::mail) async fn empty_some(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
        before: Timestamp,
        skip: &[String],
    ) -> Result<Vec<Changed>, MailFailure> {
        Ok(ask!(self, caller, account, empty_some, folder, before, skip))
    }

    /// Creates a label. `color` is written as `#rrggbb`.
    pub async fn create_label(
        &self,
        caller: &Caller,
        account: AccountId,
        name: &str,
        color: Option<&str>,
    ) -> Result<Label, MailFailure> {
        Ok(ask!(self, caller, account, create_label, name, color))
    }

    /// Changes the name or the colour of a label.
    pub async fn update_label(
        &self,
        caller: &Caller,
        account: AccountId,
        label: &str,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, update_label, label, name, color);
        Ok(())
    }

    pub async fn delete_label(
        &self,
        caller: &Caller,
        account: AccountId,
        label: &str,
    ) -> Result<(), MailFailure> {
        ask!(self, caller, account, delete_label, label);
        Ok(())
    }
}

//! The results of calls, in Mail360's names and types. A field that a provider does not answer is absent: it is never
//! invented.

mod accounts;
mod bulk;
mod contacts;
mod folders;
mod jobs;
mod messages;
mod programs;
mod schedules;
mod sending;
mod uploads;

pub(super) use self::messages::NOT_PROVIDED;
#[cfg(test)]
pub(super) use self::messages::write_addresses;
pub use self::{
    accounts::{Account, AccountFacts, Confirmed, ConnectLink, Connector, Granted},
    bulk::{MessageResult, MessageResults, ThreadResult, ThreadResults},
    contacts::{Contact, ContactAddress, ContactChanges, ContactEmail, ContactFolder, ContactPhone, Removed},
    folders::{Folder, Label},
    jobs::{Job, StartedJob},
    messages::{Attachment, Attachments, Content, Draft, Header, InlineAttachment, Message},
    programs::{AccessToken, ProviderToken},
    schedules::Schedule,
    sending::{CreatedDraft, Sent},
    uploads::Upload,
};

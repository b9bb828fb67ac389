//! The results of calls, in Mail360's names and types. A field that a provider does not answer is absent: it is never
//! invented.

mod accounts;
mod contacts;
mod folders;
mod messages;
mod programs;

pub use self::{
    accounts::{Account, AccountFacts, Confirmed, ConnectLink, Connector, Granted},
    contacts::{Contact, ContactAddress, ContactChanges, ContactEmail, ContactFolder, ContactPhone, Removed},
    folders::{Folder, Label},
    messages::{Attachment, Attachments, Content, Draft, Header, InlineAttachment, Message},
    programs::{AccessToken, ProviderToken},
};

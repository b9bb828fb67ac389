//! Contacts.

mod fields;

use axum::{extract::State, response::Response};
use serde_json::Value;

use super::{
    asked::Asked,
    calls::CREATE_CONTACT,
    envelope::Envelope,
    errors::Code,
    outgoing,
    pages::{self, First},
    refused::Refused,
    sending::done_once,
    shapes::{Contact, ContactChanges, ContactFolder, Removed},
};
use crate::{
    mail::{
        sending::{Once, OnceWork, Sending},
        service::{Mail, MailFailure},
    },
    platform::failure::Failure,
    providers::mailbox::{ContactQuery, ContactSearch},
};

/// The header with the version of a contact.
const IF_MATCH: &str = "If-Match";
/// The refusal of `*`, which means any version: a program that sends it would undo changes of others.
const NO_ETAG: &str = "If-Match: Give the etag of the contact, as the call that has read it answered.";

/// `GET …/contacts`.
pub async fn list(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let wanted = pages::wanted(&asked.given, First::One)?;
    let folder = asked.given.text("folderId").map(str::to_owned);
    let query = ContactQuery { folder, position: wanted.position, limit: wanted.limit };
    let page = mail.list_contacts(&asked.caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Contact::from).collect(), page.next)
}

/// `GET …/contacts/search`.
pub async fn search(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Vec<Contact>>, Refused> {
    let given = &asked.given;
    let search = match (given.text("email"), given.text("name")) {
        (Some(email), None) => ContactSearch::Email(email.to_owned()),
        (None, Some(name)) => ContactSearch::Name(name.to_owned()),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refused::of(Code::InvalidValue, "Give either email or name."));
        }
    };
    let found = mail.search_contacts(&asked.caller, asked.account()?, &search).await?;
    Ok(Envelope::success(found.into_iter().take(given.count("limit")).map(Contact::from).collect()))
}

/// `GET …/contacts/changes`.
pub async fn changes(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<ContactChanges>, Refused> {
    let changes = mail.contact_changes(&asked.caller, asked.account()?, asked.given.text("token")).await?;
    Ok(Envelope::success(ContactChanges {
        changed: changes.changed.into_iter().map(Contact::from).collect(),
        removed: changes.removed.into_iter().map(|contact_id| Removed { contact_id }).collect(),
        token: changes.token,
        has_more: changes.has_more,
    }))
}

/// `GET …/contacts/{contactId}`.
pub async fn get(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Contact>, Refused> {
    let contact =
        mail.get_contact(&asked.caller, asked.account()?, asked.given.required("contactId")).await?;
    Ok(Envelope::success(contact.into()))
}

/// `POST …/contacts`. It is done once under a key.
pub async fn create(
    State(mail): State<Mail>,
    State(sending): State<Sending>,
    asked: Asked,
) -> Result<Response, Refused> {
    let (account, key) = (asked.account()?, outgoing::key(&asked.given)?);
    let fields = fields::read(&asked.given)?;
    let (caller, values) = (asked.caller.clone(), fields::values(&fields));
    let check = {
        let (mail, caller, fields) = (mail.clone(), caller.clone(), fields.clone());
        async move { mail.check_contact(&caller, account, &fields).await }
    };
    let work = async move {
        let contact = mail.create_contact(&caller, account, &fields).await?;
        serde_json::to_value(Contact::from(contact))
            .map_err(|error| MailFailure::from(Failure::unexpected(&error)))
    };
    let work = OnceWork { check, work };
    let once: Once<Value> =
        Box::pin(sending.once(&asked.caller, account, CREATE_CONTACT.id, key, &values, work)).await?;
    Ok(done_once(Envelope::created(once.value), once.is_replay))
}

/// `PUT …/contacts/{contactId}`.
pub async fn update(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Contact>, Refused> {
    let Asked { caller, given } = &asked;
    let (fields, etag) = (fields::read(given)?, given.required(IF_MATCH));
    if etag == "*" {
        return Err(Refused::of(Code::InvalidValue, NO_ETAG));
    }
    let contact = given.required("contactId");
    let contact = mail.update_contact(caller, asked.account()?, contact, &fields, etag).await?;
    Ok(Envelope::success(contact.into()))
}

/// `DELETE …/contacts/{contactId}`.
pub async fn delete(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    mail.delete_contact(&asked.caller, asked.account()?, asked.given.required("contactId")).await?;
    Ok(Envelope::done())
}

/// `GET …/contactFolders`.
pub async fn folders(
    State(mail): State<Mail>,
    asked: Asked,
) -> Result<Envelope<Vec<ContactFolder>>, Refused> {
    let folders = mail.list_contact_folders(&asked.caller, asked.account()?).await?;
    Ok(Envelope::success(folders.into_iter().map(ContactFolder::from).collect()))
}

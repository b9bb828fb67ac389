//! Contacts.

use axum::{extract::State, response::Response};

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::Code,
    pages::{self, First},
    refused::Refused,
    shapes::{Contact, ContactChanges, ContactFolder, Removed},
};
use crate::{
    mail::service::Mail,
    providers::mailbox::{ContactQuery, ContactSearch},
};

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

/// `GET …/contactFolders`.
pub async fn folders(
    State(mail): State<Mail>,
    asked: Asked,
) -> Result<Envelope<Vec<ContactFolder>>, Refused> {
    let folders = mail.list_contact_folders(&asked.caller, asked.account()?).await?;
    Ok(Envelope::success(folders.into_iter().map(ContactFolder::from).collect()))
}

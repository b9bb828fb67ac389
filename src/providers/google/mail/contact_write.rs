//! Creates, changes and deletes contacts (People v1). What Google has no place for is refused, because a value that is
//! dropped would be lost without a word.

mod members;

#[cfg(test)]
mod tests;

use ::http::Method;
use serde_json::{Map, Value, json};

use super::{
    contact,
    json::owned,
    people::{self, DEFAULT_GROUP},
    request::Google,
};
use crate::providers::{
    google::permissions::CONTACTS,
    mailbox::{Contact, ContactFields, MailError, MailProblem},
};

const NO_MOVE: &str = "A contact stays in its folder: create it in the other one.";

/// Refuses a new contact that Google has no place for.
pub(super) fn check(fields: &ContactFields) -> Result<(), MailError> {
    fields.folder.as_deref().map(people::group).transpose()?;
    members::of_new(fields).map(drop)
}

/// Creates a contact, in its folder or not at all.
///
/// # Errors
/// After a doubt, the contact may have been made. It may also have been made without its folder, if it then could not be
/// deleted again: that is [`MailProblem::Garbled`].
pub(super) async fn create(google: &Google<'_>, fields: &ContactFields) -> Result<Contact, MailError> {
    let mut person = members::of_new(fields)?;
    let folder = fields.folder.as_deref().filter(|folder| *folder != DEFAULT_GROUP);
    if let Some(folder) = folder {
        // A group that does not exist is found here, and not after the contact was made.
        let group = people::group(folder)?;
        google.get(CONTACTS, &google.people(&format!("/{group}"))).await?;
        let member = |group: &str| json!({ "contactGroupMembership": { "contactGroupResourceName": group } });
        let all = people::group(DEFAULT_GROUP)?;
        person.insert("memberships".to_owned(), json!([member(&all), member(&group)]));
    }
    let url = google.people(&people::fields().on("/people:createContact"));
    let created = google.send_json(Method::POST, CONTACTS, &url, Some(&Value::Object(person))).await?;
    let mut created = contact::read(&created).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    if let Some(folder) = folder
        && !created.folders.iter().any(|known| known == folder)
    {
        put_into(google, &created.id, folder).await?;
        created.folders.push(folder.to_owned());
    }
    Ok(created)
}

/// Puts a new contact into a group. No page of Google promises that creating it does so. If it cannot be put there, it is
/// deleted, so that a repeated call does not make a second one.
async fn put_into(google: &Google<'_>, contact: &str, folder: &str) -> Result<(), MailError> {
    let url = google.people(&format!("/{}/members:modify", people::group(folder)?));
    let body = json!({ "resourceNamesToAdd": [people::person(contact)?] });
    let Err(error) = google.send_only(Method::POST, CONTACTS, &url, Some(&body)).await else { return Ok(()) };
    match delete(google, contact).await {
        Ok(()) if error.problem.leaves_doubt() => Err(MailProblem::NotSent.into()),
        Ok(()) => Err(error),
        Err(_) => Err(MailProblem::Garbled.into()),
    }
}

/// Changes a contact of which `etag` is the present version. It is read before, because a list can only be replaced as a
/// whole: so items that are not shown stay.
pub(super) async fn update(
    google: &Google<'_>,
    id: &str,
    fields: &ContactFields,
    etag: &str,
) -> Result<Contact, MailError> {
    if fields.folder.is_some() {
        return Err(MailProblem::InvalidValue(NO_MOVE).into());
    }
    let name = people::person(id)?;
    let present = google.get(CONTACTS, &google.people(&people::fields().on(&format!("/{name}")))).await?;
    let read = contact::read(&present).ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    if read.etag.as_deref() != Some(etag) {
        return Err(MailProblem::EtagMismatch.into());
    }
    let mut changed = members::of_change(fields, &present)?;
    if changed.is_empty() {
        return Ok(read);
    }
    let names: Vec<&str> = changed.keys().map(String::as_str).collect();
    let query = people::fields().with("updatePersonFields", &names.join(","));
    // Google compares the version again, for the changes of the last moment.
    changed.extend(version(&name, &present));
    let url = google.people(&query.on(&format!("/{name}:updateContact")));
    let answer = google.send_json(Method::PATCH, CONTACTS, &url, Some(&Value::Object(changed))).await;
    let answer = answer.map_err(|error| people::on_failed_precondition(error, MailProblem::EtagMismatch))?;
    contact::read(&answer).ok_or_else(|| MailProblem::Garbled.into())
}

/// The members of a change that say which version is changed.
fn version(name: &str, present: &Value) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("resourceName".to_owned(), name.into());
    if let Some(etag) = owned(present, "etag") {
        members.insert("etag".to_owned(), etag.into());
    }
    if let Some(source) = contact::source(present) {
        let source = json!({ "type": source["type"], "id": source["id"], "etag": source["etag"] });
        members.insert("metadata".to_owned(), json!({ "sources": [source] }));
    }
    members
}

pub(super) async fn delete(google: &Google<'_>, id: &str) -> Result<(), MailError> {
    let url = google.people(&format!("/{}:deleteContact", people::person(id)?));
    google.send_only(Method::DELETE, CONTACTS, &url, None).await
}

//! What all calls of the People API share: names of resources, the fields that are asked for, and its errors (People v1).

#[cfg(test)]
pub(super) mod script;

use mail_parser::DateTime;
use serde_json::Value;

use super::{address::Query, json::text};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{MailError, MailProblem},
};

/// The fields of a person that a contact is read from. The API gives no others.
pub(super) const FIELDS: &str = "addresses,biographies,birthdays,emailAddresses,memberships,metadata,names,nicknames,\
                                 organizations,phoneNumbers,urls";
/// Only what the user's contacts say, not what the same person says in a profile: it is nothing that could be changed.
pub(super) const SOURCE: &str = "READ_SOURCE_TYPE_CONTACT";
/// The group that has all contacts which the user sees as contacts: our default folder.
pub(super) const DEFAULT_GROUP: &str = "myContacts";

const PEOPLE: &str = "people/";
const GROUPS: &str = "contactGroups/";
/// Maximum number of characters of an id.
const MAX_ID: usize = 400;
/// The names of the status of a request that does not fit the present state.
const FAILED_PRECONDITION: [&str; 2] = ["failedPrecondition", "FAILED_PRECONDITION"];
/// The names of the status of a request with a wrong value. The values of a list are ours, but for its tokens.
const INVALID_ARGUMENT: [&str; 2] = ["invalidArgument", "INVALID_ARGUMENT"];

/// A query for the fields of contacts.
pub(super) fn fields() -> Query {
    Query::default().with("personFields", FIELDS).with("sources", SOURCE)
}

/// The name of the person that a contact is, such as `people/c12`. The id is the part behind the slash.
///
/// # Errors
/// [`MailProblem::NotFound`] if no contact has an id of this form. In particular none is `me`, the user's own profile.
pub(super) fn person(id: &str) -> Result<String, MailError> {
    if is_contact(id) { Ok(format!("{PEOPLE}{id}")) } else { Err(MailProblem::NotFound.into()) }
}

/// The id of the contact with this name of a person. Another person than a contact has none.
pub(super) fn contact_id(name: &str) -> Option<&str> {
    name.strip_prefix(PEOPLE).filter(|id| is_contact(id))
}

/// The name of the group that a folder is, such as `contactGroups/12`. The id is the part behind the slash.
///
/// # Errors
/// [`MailProblem::NotFound`] if no group has an id of this form.
pub(super) fn group(id: &str) -> Result<String, MailError> {
    if is_name(id) { Ok(format!("{GROUPS}{id}")) } else { Err(MailProblem::NotFound.into()) }
}

/// The id of the folder with this name of a group.
pub(super) fn folder_id(name: &str) -> Option<&str> {
    name.strip_prefix(GROUPS).filter(|id| is_name(id))
}

/// Contacts are named `people/c` and a number.
fn is_contact(id: &str) -> bool {
    id.strip_prefix('c').is_some_and(is_name)
}

fn is_name(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// A time of the People API, to the second.
pub(super) fn time(value: &Value, name: &str) -> Option<Timestamp> {
    let time = DateTime::parse_rfc3339(text(value, name)?).filter(DateTime::is_valid)?;
    time.to_timestamp().checked_mul(1_000_000).map(Timestamp::from_micros)
}

/// The error of a request that depends on a state, which is `otherwise` if that was why the request was refused.
pub(super) fn on_failed_precondition(error: MailError, otherwise: MailProblem) -> MailError {
    if is_refused_as(&error, &FAILED_PRECONDITION) {
        MailError { problem: otherwise, ..error }
    } else {
        error
    }
}

/// The error of a list that goes on from a token of Google's. It is `otherwise` if Google does not know the token any more.
pub(super) fn on_unknown_token(error: MailError, otherwise: MailProblem) -> MailError {
    let is_of_token = is_refused_as(&error, &FAILED_PRECONDITION) || is_refused_as(&error, &INVALID_ARGUMENT);
    if is_of_token { MailError { problem: otherwise, ..error } } else { error }
}

fn is_refused_as(error: &MailError, names: &[&str]) -> bool {
    let code = error.provider.as_ref().and_then(|answer| answer.code.as_deref());
    error.problem == MailProblem::Refused && code.is_some_and(|code| names.contains(&code))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::providers::mailbox::ProviderAnswer;

    proptest! {
        #[test]
        fn a_name_of_a_resource_and_our_id_are_one_to_one(id in "c[A-Za-z0-9_-]{1,30}") {
            let name = person(&id).expect("a contact");
            prop_assert_eq!(contact_id(&name), Some(id.as_str()));
            let name = group(&id).expect("a group");
            prop_assert_eq!(folder_id(&name), Some(id.as_str()));
        }

        #[test]
        fn any_other_text_is_the_id_of_no_contact(id in "\\PC{0,20}", wrong in "[^A-Za-z0-9_-]") {
            let contact = person(&format!("c{id}{wrong}"));
            prop_assert!(contact.is_err());
            let folder = group(&format!("{id}{wrong}"));
            prop_assert!(folder.is_err());
        }

        #[test]
        fn any_text_is_a_time_or_none(text in "[0-9TZ:.+-]{0,30}") {
            let _ = time(&json!({ "at": text }), "at");
        }
    }

    #[test]
    fn no_id_of_a_contact_is_another_request() {
        for wrong in
            ["", "c", "me", "me:x", "c1:deleteContact", "c1/connections", "..", "people/c1", "C1", "c1?x"]
        {
            assert!(person(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", ".", "a/members:modify", "a:x", "contactGroups/a"] {
            assert!(group(wrong).is_err(), "{wrong}");
        }
        for (name, id) in [("people/c12", Some("c12")), ("people/me", None), ("otherContacts/c12", None)] {
            assert_eq!(contact_id(name), id, "{name}");
        }
    }

    #[test]
    fn a_time_is_read_to_the_second() {
        let at = |text: &str| time(&json!({ "at": text }), "at");
        let expected = Some(Timestamp::from_micros(1_795_858_200_000_000));
        assert_eq!(at("2026-11-28T09:30:00Z"), expected);
        assert_eq!(at("2026-11-28T09:30:00.123456Z"), expected);
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn a_request_that_fits_no_state_is_told_from_one_that_is_wrong() {
        let error = |problem, code: &str| {
            let provider = Some(ProviderAnswer { code: Some(code.to_owned()), request_id: None });
            on_failed_precondition(MailError { problem, provider }, MailProblem::EtagMismatch).problem
        };
        assert_eq!(error(MailProblem::Refused, "FAILED_PRECONDITION"), MailProblem::EtagMismatch);
        assert_eq!(error(MailProblem::Refused, "INVALID_ARGUMENT"), MailProblem::Refused);
        assert_eq!(error(MailProblem::NoMailbox, "failedPrecondition"), MailProblem::NoMailbox);
    }
}

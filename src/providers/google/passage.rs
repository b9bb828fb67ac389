//! The parts of Google's APIs that raw calls may reach: the Gmail API with its uploads and batches, and the People API.

use crate::providers::passage::{Passage, PassagePart};

const GMAIL: [&str; 3] = ["gmail/", "upload/gmail/", "batch/gmail/"];
const PEOPLE: [&str; 3] = ["v1/people", "v1/contactGroups", "v1/otherContacts"];
/// The content of an attachment is a text in JSON.
const LONG_ANSWERS: &[&str] = &["attachments"];
/// The end of the address of a batch, `batch/gmail/v1`. No other call ends with the version.
const BATCHES: &[&str] = &["v1"];
/// Google refuses a batch of more (Gmail API, *Batching requests*).
const MAX_IN_BATCH: u8 = 100;

/// The parts, at the hosts of both APIs.
pub fn passage(gmail: &str, people: &str) -> Passage {
    let part = |base: &str, prefix: &'static str| PassagePart { prefix, address: format!("{base}/{prefix}") };
    let of_gmail = GMAIL.into_iter().map(|prefix| part(gmail, prefix));
    Passage {
        api_base: Some(gmail.to_owned()),
        parts: of_gmail.chain(PEOPLE.into_iter().map(|prefix| part(people, prefix))).collect(),
        // Google's answers name further pages by a token, which is no address.
        link_keys: &[],
        downloads: &[],
        long_answers: LONG_ANSWERS,
        batches: BATCHES,
        max_in_batch: MAX_IN_BATCH,
    }
}

/// Whether a raw path is of the Gmail API. The People API counts its requests apart.
pub fn is_of_mailbox(path: &str) -> bool {
    GMAIL.iter().any(|prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_on_the_host_of_its_api() {
        let passage =
            passage("https://gmail.googleapis.com", "http://127.0.0.1:4372/gw/people.googleapis.com");
        let address = |path: &str| {
            let part = passage.parts.iter().find_map(|part| Some((part, part.below(path)?)));
            part.map(|(part, below)| format!("{}{below}", part.address))
        };
        for (path, whole) in [
            ("gmail/v1/users/me/labels", Some("https://gmail.googleapis.com/gmail/v1/users/me/labels")),
            (
                "upload/gmail/v1/users/me/messages/send",
                Some("https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send"),
            ),
            ("batch/gmail/v1", Some("https://gmail.googleapis.com/batch/gmail/v1")),
            ("v1/people:batchGet", Some("http://127.0.0.1:4372/gw/people.googleapis.com/v1/people:batchGet")),
            (
                "v1/people/me/connections",
                Some("http://127.0.0.1:4372/gw/people.googleapis.com/v1/people/me/connections"),
            ),
            (
                "v1/contactGroups/1/members:modify",
                Some("http://127.0.0.1:4372/gw/people.googleapis.com/v1/contactGroups/1/members:modify"),
            ),
            ("v1/otherContacts", Some("http://127.0.0.1:4372/gw/people.googleapis.com/v1/otherContacts")),
            ("v1/peoples", None),
            ("v1.0/me", None),
            ("drive/v3/files", None),
            ("batch", None),
        ] {
            assert_eq!(address(path).as_deref(), whole, "{path}");
        }
        assert_eq!(passage.api_base.as_deref(), Some("https://gmail.googleapis.com"));
    }

    #[test]
    fn mail_with_its_uploads_and_batches_is_of_the_mailbox_and_contacts_are_not() {
        for path in ["gmail/v1/users/me/messages", "upload/gmail/v1/users/me/drafts", "batch/gmail/v1"] {
            assert!(is_of_mailbox(path), "{path}");
        }
        for path in ["v1/people/me/connections", "v1/contactGroups", "gmail", "x/gmail/v1", ""] {
            assert!(!is_of_mailbox(path), "{path}");
        }
    }
}

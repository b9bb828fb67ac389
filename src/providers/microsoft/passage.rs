//! The parts of Microsoft Graph that raw calls may reach: both versions, on the host of the connector's cloud.

use crate::providers::passage::{Passage, PassagePart};

const V1: &str = "v1.0/";
const BETA: &str = "beta/";
/// Annotations of an answer that may follow the name of a property (OData 4.01, JSON format, 4.6).
const LINK_KEYS: &[&str] = &["@odata.nextLink", "@odata.deltaLink"];
/// The content of a message, an attachment or a picture.
const DOWNLOADS: &[&str] = &["$value"];
const BATCHES: &[&str] = &["$batch"];
/// Microsoft Graph refuses a batch of more (JSON batching, *Batch size limitations*).
const MAX_IN_BATCH: u8 = 20;
/// What follows `me/` in the paths of mail, contacts and settings of the mailbox.
const OF_MAILBOX: &[&str] = &[
    "messages",
    "mailFolders",
    "sendMail",
    "mailboxSettings",
    "inferenceClassification",
    "outlook",
    "contacts",
    "contactFolders",
];

/// The parts, beginning with that of the configured address, which is the base of version 1.0.
pub fn passage(graph: &str) -> Passage {
    let configured = PassagePart { prefix: V1, address: format!("{graph}/") };
    // An address without a version, such as that of a gateway, does not say where the other version is.
    let beta = graph
        .strip_suffix("/v1.0")
        .map(|root| PassagePart { prefix: BETA, address: format!("{root}/{BETA}") });
    Passage {
        api_base: Some(graph.to_owned()),
        parts: std::iter::once(configured).chain(beta).collect(),
        link_keys: LINK_KEYS,
        downloads: DOWNLOADS,
        long_answers: &[],
        batches: BATCHES,
        max_in_batch: MAX_IN_BATCH,
    }
}

/// Whether a raw path is about mail, contacts or settings of the account's own mailbox, whose limit the service keeps
/// apart from those of its other parts. A path in an unusual encoding is taken for another one.
pub fn is_of_mailbox(path: &str) -> bool {
    let below = [V1, BETA].iter().find_map(|version| path.strip_prefix(version)).unwrap_or_default();
    let mut segments = below.split('/');
    let is_own = segments.next().is_some_and(|first| first.eq_ignore_ascii_case("me"));
    // A key or the parameters of a function may follow a name in brackets.
    let name = segments.next().and_then(|second| second.split('(').next()).unwrap_or_default();
    is_own && OF_MAILBOX.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(graph: &str) -> Vec<(&'static str, String)> {
        passage(graph).parts.into_iter().map(|part| (part.prefix, part.address)).collect()
    }

    #[test]
    fn mail_contacts_and_settings_are_of_the_mailbox_and_nothing_else_is() {
        for path in [
            "v1.0/me/messages",
            "beta/me/messages/AAMk/attachments/1/$value",
            "v1.0/Me/MailFolders('inbox')/messages",
            "v1.0/me/sendMail",
            "v1.0/me/outlook/masterCategories",
            "v1.0/me/contacts/1",
        ] {
            assert!(is_of_mailbox(path), "{path}");
        }
        for path in
            ["v1.0/me", "v1.0/me/drive/root", "v1.0/users/1/messages", "v1.0/$batch", "me/messages", ""]
        {
            assert!(!is_of_mailbox(path), "{path}");
        }
    }

    #[test]
    fn both_versions_are_on_the_host_of_the_cloud() {
        let of = |prefix: &'static str, address: &str| (prefix, address.to_owned());
        assert_eq!(
            addresses("https://graph.microsoft.us/v1.0"),
            [
                of("v1.0/", "https://graph.microsoft.us/v1.0/"),
                of("beta/", "https://graph.microsoft.us/beta/")
            ]
        );
        assert_eq!(
            addresses("https://gateway.example/graph"),
            [of("v1.0/", "https://gateway.example/graph/")]
        );
        assert_eq!(
            passage("https://graph.example/v1.0").api_base.as_deref(),
            Some("https://graph.example/v1.0")
        );
    }
}

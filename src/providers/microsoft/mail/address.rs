//! Builds the addresses of requests to Microsoft Graph: paths with ids, queries, and literals of filters.

pub(super) use crate::providers::address::{Query, encoded};
use crate::providers::mailbox::{MailError, MailProblem};

/// Maximum number of characters of an id.
const MAX_ID: usize = 400;

/// An id as one segment of a path. Ids of Exchange are base64 or base64url, so that one with another character
/// cannot exist. In particular no id is `..`, and none begins with `$`, which would be another request.
///
/// # Errors
/// [`MailProblem::NotFound`] if no id has this form.
pub(super) fn segment(id: &str) -> Result<String, MailError> {
    let is_sound = (1..=MAX_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte));
    if is_sound { Ok(encoded(id)) } else { Err(MailProblem::NotFound.into()) }
}

/// A text as a literal in `$filter` (the URL conventions of `OData` 4.01, 5.1.1.6.1).
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    proptest! {
        #[test]
        fn an_id_of_graphs_alphabets_stays_one_segment_of_the_path(id in "[A-Za-z0-9+/=_-]{1,400}") {
            let segment = segment(&id).expect("an id");
            let url = Url::parse(&format!("https://graph.example/v1.0/me/messages/{segment}/$value")).expect("a URL");
            let segments: Vec<_> = url.path_segments().expect("a path").collect();
            prop_assert_eq!(segments.len(), 5);
            let sent: Vec<_> = url::form_urlencoded::parse(format!("id={}", segments[3]).as_bytes()).into_owned().collect();
            prop_assert_eq!(&sent, &[("id".to_owned(), id)]);
        }

        #[test]
        fn any_other_text_is_the_id_of_no_item(id in "\\PC{0,20}", wrong in "[^A-Za-z0-9+/=_-]") {
            let with_wrong = format!("{id}{wrong}");
            prop_assert!(segment(&with_wrong).is_err());
        }

        #[test]
        fn a_literal_ends_only_at_its_last_quote(text in "['a ]{0,20}") {
            let literal = literal(&text);
            let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).expect("quotes");
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert_eq!(inner.replace("''", "'"), text);
        }
    }

    #[test]
    fn an_id_cannot_be_another_request() {
        for wrong in ["", ".", "..", "$count", "$value", "a?b", "a#b", "%2e%2e", &"a".repeat(401)] {
            assert!(segment(wrong).is_err(), "{wrong}");
        }
        assert_eq!(segment("AAMk/x+y=").ok().as_deref(), Some("AAMk%2Fx%2By%3D"));
    }
}

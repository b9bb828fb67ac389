//! Builds the addresses of requests to Google: paths with ids, and queries.

pub(super) use crate::providers::address::{Query, encoded};
use crate::providers::mailbox::{MailError, MailProblem};

/// Maximum number of characters of an id.
const MAX_ID: usize = 400;

/// An id as one segment of a path. Ids of Gmail are hexadecimal numbers, words such as `INBOX` and `Label_12`, or begin
/// with `r` as those of drafts do, so that one with another character cannot exist. In particular no id is `..`.
///
/// # Errors
/// [`MailProblem::NotFound`] if no id has this form.
pub(super) fn segment(id: &str) -> Result<String, MailError> {
    let is_sound = (1..=MAX_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_sound { Ok(id.to_owned()) } else { Err(MailProblem::NotFound.into()) }
}

/// Whether an id is one of a draft: `r`, perhaps a hyphen, and digits. No id of a message begins with `r`: they are
/// hexadecimal numbers.
pub(super) fn is_draft(id: &str) -> bool {
    let number = id.strip_prefix('r').map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    proptest! {
        #[test]
        fn an_id_of_gmails_alphabets_stays_one_segment_of_the_path(id in "[A-Za-z0-9_-]{1,400}") {
            let segment = segment(&id).expect("an id");
            let url = Url::parse(&format!("https://gmail.example/gmail/v1/users/me/messages/{segment}/trash")).expect("a URL");
            let segments: Vec<_> = url.path_segments().expect("a path").collect();
            prop_assert_eq!(segments.len(), 7);
            prop_assert_eq!(segments[5], id);
        }

        #[test]
        fn any_other_text_is_the_id_of_no_item(id in "\\PC{0,20}", wrong in "[^A-Za-z0-9_-]") {
            let with_wrong = format!("{id}{wrong}");
            prop_assert!(segment(&with_wrong).is_err());
        }

    }

    #[test]
    fn an_id_cannot_be_another_request() {
        for wrong in ["", ".", "..", "a?b", "a#b", "a/b", "%2e%2e", &"a".repeat(401)] {
            assert!(segment(wrong).is_err(), "{wrong}");
        }
        assert_eq!(segment("Label_12").ok().as_deref(), Some("Label_12"));
    }

    #[test]
    fn the_id_of_a_draft_is_known_by_its_form() {
        assert!(is_draft("r-8722613574634343287") && is_draft("r12"));
        for other in ["18c2f0a1b2c3d4e5", "r", "r-", "r1x", "Label_1", "-1"] {
            assert!(!is_draft(other), "{other}");
        }
    }
}

//! The permissions for sending mail, and the way to send that a grant allows.

use crate::providers::{
    google::permissions::{GMAIL_FULL, GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND},
    mailbox::{MailError, MailProblem, SendWay},
};

/// Drafts and sending, without the rest of the mailbox. No connector asks for it, but a grant may have it.
const GMAIL_COMPOSE: &str = "https://www.googleapis.com/auth/gmail.compose";

/// The safest way to send with these permissions. Drafts alone are not enough for the first way: a draft that is gone was
/// deleted or sent, and only the permission to read tells which.
///
/// # Errors
/// [`MailProblem::PermissionNotGranted`] without any that allows it.
pub(super) fn way(scopes: &[String]) -> Result<SendWay, MailError> {
    let has = |names: &[&str]| scopes.iter().any(|scope| names.contains(&scope.as_str()));
    let may_read = has(&[GMAIL_READ]);
    if has(&[GMAIL_MODIFY, GMAIL_FULL]) || (may_read && has(&[GMAIL_COMPOSE])) {
        Ok(SendWay::Draft)
    } else if !has(&[GMAIL_SEND, GMAIL_COMPOSE]) {
        Err(MailProblem::PermissionNotGranted(GMAIL_SEND).into())
    } else if may_read {
        Ok(SendWay::Findable)
    } else {
        Ok(SendWay::Blind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permissions_decide_how_mail_is_sent() {
        let way = |scopes: &[&str]| {
            let scopes: Vec<_> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            way(&scopes).map_err(|error| error.problem)
        };
        for enough in [GMAIL_MODIFY, GMAIL_FULL] {
            assert_eq!(way(&["openid", enough]), Ok(SendWay::Draft), "{enough}");
        }
        assert_eq!(way(&[GMAIL_COMPOSE, GMAIL_READ]), Ok(SendWay::Draft));
        assert_eq!(way(&[GMAIL_COMPOSE]), Ok(SendWay::Blind), "what became of a draft could not be read");
        assert_eq!(way(&[GMAIL_SEND, GMAIL_MODIFY]), Ok(SendWay::Draft));
        assert_eq!(way(&[GMAIL_SEND, GMAIL_READ]), Ok(SendWay::Findable));
        assert_eq!(way(&["openid", GMAIL_SEND]), Ok(SendWay::Blind));
        for none in [&[][..], &[GMAIL_READ], &["https://www.googleapis.com/auth/gmail.metadata"]] {
            assert_eq!(way(none), Err(MailProblem::PermissionNotGranted(GMAIL_SEND)), "{none:?}");
        }
    }
}

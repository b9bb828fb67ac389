//! The permissions for sending mail, and the way to send that a grant allows.

use super::super::request::{MAIL_READ, MAIL_WRITE};
use crate::providers::mailbox::{MailError, MailProblem, SendWay};

pub(super) const MAIL_SEND: &str = "Mail.Send";
pub(super) const USER_READ: &str = "User.Read";

/// The safest way to send with these permissions.
///
/// # Errors
/// [`MailProblem::PermissionNotGranted`] without `Mail.Send`.
pub(super) fn way(scopes: &[String]) -> Result<SendWay, MailError> {
    let has = |name: &str| scopes.iter().any(|scope| scope.eq_ignore_ascii_case(name));
    if !has(MAIL_SEND) {
        return Err(MailProblem::PermissionNotGranted(MAIL_SEND).into());
    }
    Ok(if has(MAIL_WRITE) {
        SendWay::Draft
    } else if has(MAIL_READ) {
        SendWay::Findable
    } else {
        SendWay::Blind
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permissions_decide_how_mail_is_sent() {
        let way = |scopes: &str| {
            let scopes: Vec<_> = scopes.split_whitespace().map(str::to_owned).collect();
            way(&scopes).map_err(|error| error.problem)
        };
        assert_eq!(way("User.Read Mail.ReadWrite Mail.Send"), Ok(SendWay::Draft));
        assert_eq!(way("mail.readwrite Mail.Read mail.send"), Ok(SendWay::Draft));
        assert_eq!(way("Mail.Send Mail.Read"), Ok(SendWay::Findable));
        assert_eq!(way("Mail.Send"), Ok(SendWay::Blind));
        for none in ["", "Mail.ReadWrite Mail.Read"] {
            assert_eq!(way(none), Err(MailProblem::PermissionNotGranted("Mail.Send")), "{none}");
        }
    }
}

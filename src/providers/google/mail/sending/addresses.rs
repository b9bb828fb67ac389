//! The email addresses from which the mailbox may send (Gmail API, `settings.sendAs`). Gmail replaces another address in
//! the field From without saying so.

use serde_json::Value;

use super::super::{
    json::{items, text},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{MailError, MailProblem},
};

/// What Gmail says about an address that its user has proved to own. The main one needs no proof, and has no such word.
const ACCEPTED: &str = "accepted";

/// The email addresses of the mailbox, the default one first. They are remembered. Without the permission to read the
/// settings it is the address of the account alone.
///
/// # Errors
/// [`MailProblem::Garbled`] if there is none.
pub(super) async fn own(google: &Google<'_>) -> Result<Vec<String>, MailError> {
    if let Some(addresses) = google.call.memory.own_addresses(google.call.now) {
        return Ok(addresses);
    }
    let settings = google.get(GMAIL_READ, &google.gmail("/settings/sendAs")).await;
    let addresses = match settings.as_deref().map(addresses) {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Err(error)
            if !matches!(
                error.problem,
                MailProblem::Refused | MailProblem::NotFound | MailProblem::PermissionNotGranted(_)
            ) =>
        {
            return Err(error.clone());
        }
        _ => {
            let profile = google.get(GMAIL_READ, &google.gmail("/profile")).await?;
            text(&profile, "emailAddress").map(str::to_owned).into_iter().collect()
        }
    };
    if addresses.is_empty() {
        return Err(MailProblem::Garbled.into());
    }
    google.call.memory.remember_own_addresses(addresses.clone(), google.call.now);
    Ok(addresses)
}

/// The addresses that the mailbox has proved to own, each once: the default one first, then the main one.
fn addresses(settings: &Value) -> Vec<String> {
    let is = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or_default();
    let mut found: Vec<(u8, &str)> = Vec::new();
    for entry in items(settings, "sendAs") {
        let is_main = is(entry, "isPrimary");
        let is_proved = is_main || text(entry, "verificationStatus") == Some(ACCEPTED);
        if let Some(address) = text(entry, "sendAsEmail").filter(|_| is_proved) {
            let rank = if is(entry, "isDefault") { 0 } else { 2_u8.saturating_sub(u8::from(is_main)) };
            found.push((rank, address));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let mut addresses: Vec<String> = Vec::new();
    for (_, address) in found {
        if !addresses.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            addresses.push(address.to_owned());
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_default_address_is_first_and_only_proved_ones_count() {
        let settings = json!({ "sendAs": [
            { "sendAsEmail": "Ada@contoso.test", "isPrimary": true },
            { "sendAsEmail": "sales@contoso.test", "verificationStatus": "accepted" },
            { "sendAsEmail": "wanted@contoso.test", "verificationStatus": "pending" },
            { "sendAsEmail": "alias@contoso.test", "isDefault": true, "verificationStatus": "accepted" },
            { "sendAsEmail": "ALIAS@contoso.test", "verificationStatus": "accepted" },
            { "displayName": "No address", "isPrimary": true },
        ] });
        let expected = ["alias@contoso.test", "Ada@contoso.test", "sales@contoso.test"];
        assert_eq!(addresses(&settings), expected);
        assert_eq!(addresses(&json!({})), [""; 0]);
    }
}

//! The email addresses of the mailbox, which the user's profile has (Microsoft Graph, user resource type). A mailbox sends
//! from these alone: Exchange replaces another address, or refuses it.

use serde_json::Value;

use super::{
    super::{
        address::Query,
        read::{items, text},
        request::Graph,
    },
    permissions::USER_READ,
};
use crate::providers::mailbox::{MailError, MailProblem};

/// With the further addresses of the mailbox, which accounts without a company do not have.
const WITH_OTHERS: &str = "mail,userPrincipalName,proxyAddresses";
const OWN: &str = "mail,userPrincipalName";

/// The email addresses of the mailbox, the main one first. They are remembered.
///
/// # Errors
/// [`MailProblem::Garbled`] if the profile has none.
pub(super) async fn own(graph: &Graph<'_>) -> Result<Vec<String>, MailError> {
    if let Some(addresses) = graph.call.memory.own_addresses(graph.call.now) {
        return Ok(addresses);
    }
    let path = |select: &str| Query::default().with("$select", select).on("/me");
    let answer = graph.get(USER_READ, &path(WITH_OTHERS)).await;
    let addresses = match answer.as_deref().map(addresses) {
        Ok(addresses) => addresses,
        Err(error)
            if matches!(error.problem, MailProblem::Refused | MailProblem::PermissionNotGranted(_)) =>
        {
            let profile = graph.get(USER_READ, &path(OWN)).await?;
            addresses(&profile)
        }
        Err(error) => return Err(error.clone()),
    };
    if addresses.is_empty() {
        return Err(MailProblem::Garbled.into());
    }
    graph.call.memory.remember_own_addresses(addresses.clone(), graph.call.now);
    Ok(addresses)
}

/// The addresses of a profile, each once. Of `proxyAddresses` those count that are for mail: `SMTP:` before the main one,
/// `smtp:` before the others.
fn addresses(profile: &Value) -> Vec<String> {
    let proxies: Vec<&str> = items(profile, "proxyAddresses").iter().filter_map(Value::as_str).collect();
    let main = proxies.iter().filter_map(|proxy| proxy.strip_prefix("SMTP:"));
    let others = proxies.iter().filter_map(|proxy| proxy.strip_prefix("smtp:"));
    let name = text(profile, "userPrincipalName");
    let mut found: Vec<String> = Vec::new();
    for address in text(profile, "mail").into_iter().chain(main).chain(name).chain(others) {
        let is_known = found.iter().any(|known| known.eq_ignore_ascii_case(address));
        if is_address(address) && !is_known {
            found.push(address.to_owned());
        }
    }
    found
}

/// Whether it is an email address. The name of a guest, or of an account without a company, may have a `#` and be none.
fn is_address(text: &str) -> bool {
    let is_sound = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#');
    is_sound && text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_main_address_is_first_and_each_is_named_once() {
        let company = json!({
            "mail": "Ada@contoso.test", "userPrincipalName": "ada@contoso.test",
            "proxyAddresses": ["smtp:lovelace@contoso.test", "SMTP:ada@contoso.test", "SIP:ada@contoso.test",
                "X500:/o=Contoso", "smtp:ada@contoso.onmicrosoft.test", 7],
        });
        let expected = ["Ada@contoso.test", "lovelace@contoso.test", "ada@contoso.onmicrosoft.test"];
        assert_eq!(addresses(&company), expected);
        let other_name = json!({ "mail": null, "userPrincipalName": "ada@fabrikam.test",
            "proxyAddresses": ["smtp:b@contoso.test", "SMTP:a@contoso.test"] });
        assert_eq!(addresses(&other_name), ["a@contoso.test", "ada@fabrikam.test", "b@contoso.test"]);
        let private = json!({ "mail": null, "userPrincipalName": "ada@outlook.test" });
        assert_eq!(addresses(&private), ["ada@outlook.test"]);
        let guest =
            json!({ "userPrincipalName": "ada_contoso.test#EXT#@fabrikam.test", "mail": "ada@contoso.test" });
        assert_eq!(addresses(&guest), ["ada@contoso.test"]);
        assert_eq!(addresses(&json!({ "mail": "no address" })), [""; 0]);
    }
}

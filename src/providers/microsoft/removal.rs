//! Where a user of Microsoft removes the permission that they gave. Microsoft has no request that revokes a grant.

use super::{guide::portal::Portal, urls::MicrosoftUrls};
use crate::providers::provider::RemovalPlace;

/// Where users of the public cloud see the applications that they allowed.
const MY_APPS: &str = "https://myapps.microsoft.com/";

/// Microsoft ends an unused grant after this number of days (Microsoft, refresh tokens).
pub const IDLE_DAYS: i64 = 90;

/// The place for the configured cloud.
pub fn place(urls: &MicrosoftUrls) -> RemovalPlace {
    let portal = Portal::of(urls);
    if portal.is_public() {
        return RemovalPlace {
            words: "Microsoft keeps the permission until it is removed there. The owner of the mailbox \
                    removes it under My Apps, or for a personal account under account.live.com/consent/Manage. An \
                    administrator of their company removes it under Enterprise applications in the Azure portal.",
            link: "Open My Apps",
            url: Some(MY_APPS.to_owned()),
        };
    }
    RemovalPlace {
        words: "Microsoft keeps the permission until it is removed there. An administrator of the owner’s company \
                removes it under Enterprise applications in the Azure portal.",
        link: "Open Enterprise applications",
        url: portal.enterprise_applications(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_own_place_and_an_unknown_one_has_no_address() {
        let at = |host: &str| {
            place(&MicrosoftUrls {
                authorize: format!("https://{host}/{{tenant}}/oauth2/v2.0/authorize"),
                token: String::new(),
                graph: String::new(),
                issuer: String::new(),
            })
        };
        assert_eq!(at("login.microsoftonline.com").url.as_deref(), Some(MY_APPS));
        assert!(at("login.microsoftonline.com").words.contains("My Apps"));
        let government = at("login.microsoftonline.us");
        assert!(government.url.is_some_and(|url| url.starts_with("https://portal.azure.us/")));
        assert!(!government.words.contains("My Apps"));
        assert_eq!(government.link, "Open Enterprise applications");
        assert_eq!(at("login.contoso.example").url, None);
    }
}

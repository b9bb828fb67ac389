//! The signed answer that a person brings back to an application. The text that is signed has eight lines, joined by
//! LF: `v1`; then, each as base64url without padding (an empty line if absent), the return address as it was given,
//! `link`, `status`, `account_key`, `error`, `state` and `ts`. The signature is HMAC-SHA256 (RFC 2104) with the secret
//! as UTF-8, in base64url without padding. README.md says how an application checks it; a change here is a new version.
//!
//! `confirm` is not part of the signed text, because `v1` has eight lines. An attacker who changes or removes it only
//! makes the code wrong, and nothing is connected. An application recognises such an answer by its signed values: it is
//! connected and has no `account_key`, which the call that confirms returns.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use strum::IntoStaticStr;

use super::{super::AccountId, address::Address};
use crate::{
    accounts::store::links::LinkId,
    platform::{
        clock::Timestamp,
        randomness::{Hash, Token},
    },
};

/// The version of the signed text.
const VERSION: &str = "v1";

/// How the trip ended, for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReturnStatus {
    Connected,
    Failed,
    /// The person stopped the sign-in.
    Cancelled,
}

/// What an application is told.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The return address as it was given.
    pub return_address: &'a str,
    pub link: LinkId,
    pub status: ReturnStatus,
    /// The account that was connected. It has none yet if the application must confirm it.
    pub account: Option<AccountId>,
    /// The code of an error.
    pub error: Option<&'a str>,
    /// The application's own value.
    pub state: Option<&'a str>,
    /// When it is signed.
    pub at: Timestamp,
    /// The code with which the application confirms the mailbox.
    pub confirm: Option<&'a Token>,
}

impl Answer<'_> {
    /// The return address with the answer and its signature.
    pub fn url(&self, address: &Address, key_id: &str, secret: &SecretString) -> String {
        let (link, ts, signature) = (self.link.to_string(), self.at.seconds().to_string(), self.sign(secret));
        let account = self.account.map(|account| account.to_string());
        let parameters = [
            ("status", Some(<&'static str>::from(self.status))),
            ("account_key", account.as_deref()),
            ("error", self.error),
            ("state", self.state),
            ("link", Some(link.as_str())),
            ("ts", Some(ts.as_str())),
            ("kid", Some(key_id)),
            ("signature", Some(signature.as_str())),
            ("confirm", self.confirm.map(Token::expose)),
        ];
        let parameters: Vec<_> =
            parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        address.with_parameters(&parameters)
    }

    fn sign(&self, secret: &SecretString) -> String {
        let mac = Hash::hmac(secret.expose_secret().as_bytes(), self.text().as_bytes());
        URL_SAFE_NO_PAD.encode(mac.as_bytes())
    }

    /// The text that is signed.
    fn text(&self) -> String {
        let account = self.account.map(|account| account.to_string()).unwrap_or_default();
        let values = [
            self.return_address,
            &self.link.to_string(),
            <&'static str>::from(self.status),
            &account,
            self.error.unwrap_or_default(),
            self.state.unwrap_or_default(),
            &self.at.seconds().to_string(),
        ];
        let lines = values.map(|value| URL_SAFE_NO_PAD.encode(value));
        format!("{VERSION}\n{}", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    const SECRET: &str = "k3yTextOfFortyThreeCharacters_-abcdefghijkl";

    fn answer() -> Answer<'static> {
        Answer {
            return_address: "https://crm.example.com/a?x=1",
            link: LinkId(Uuid::from_u128(1)),
            status: ReturnStatus::Connected,
            account: Some(AccountId(Uuid::from_u128(2))),
            error: None,
            state: Some("Grüße\n&=1"),
            at: Timestamp::from_micros(1_795_417_030_000_000),
            confirm: None,
        }
    }

    fn sign(answer: &Answer<'_>) -> String {
        answer.sign(&SecretString::from(SECRET))
    }

    #[test]
    fn the_signed_text_is_as_documented() {
        let lines = [
            "v1",
            "aHR0cHM6Ly9jcm0uZXhhbXBsZS5jb20vYT94PTE",
            "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAx",
            "Y29ubmVjdGVk",
            "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAy",
            "",
            "R3LDvMOfZQomPTE",
            "MTc5NTQxNzAzMA",
        ];
        assert_eq!(answer().text(), lines.join("\n"));
    }

    #[test]
    fn every_value_changes_the_signature() {
        let signed = sign(&answer());
        let other = LinkId(Uuid::from_u128(3));
        for changed in [
            Answer { return_address: "https://crm.example.com/a", ..answer() },
            Answer { link: other, ..answer() },
            Answer { status: ReturnStatus::Failed, ..answer() },
            Answer { account: None, ..answer() },
            Answer { error: Some("no_mailbox"), ..answer() },
            Answer { state: None, ..answer() },
            Answer { at: Timestamp::from_micros(1_795_417_031_000_000), ..answer() },
            // A value that moves to its neighbour.
            Answer { error: answer().state, state: None, ..answer() },
        ] {
            assert_ne!(sign(&changed), signed, "{changed:?}");
        }
        let other = answer().sign(&SecretString::from("another secret"));
        assert_ne!(other, signed);
    }

    #[test]
    fn the_address_has_every_value_and_the_signature() {
        let given = answer();
        let address = Address::parse(given.return_address).expect("an address");
        let url = given.url(&address, "kid-1", &SecretString::from(SECRET));
        let url = url::Url::parse(&url).expect("an address");
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x", "status", "account_key", "state", "link", "ts", "kid", "signature"]);
        assert!(pairs.contains(&("state".to_owned(), "Grüße\n&=1".to_owned())));
        assert!(pairs.contains(&("signature".to_owned(), sign(&given))));
    }

    #[test]
    fn a_code_is_added_to_the_address_and_not_to_the_signed_text() {
        let code = Token::random(&SystemRandomness);
        let given = Answer { account: None, confirm: Some(&code), ..answer() };
        assert_eq!(sign(&given), sign(&Answer { confirm: None, ..given }));
        let address = Address::parse(given.return_address).expect("an address");
        let url = given.url(&address, "kid-1", &SecretString::from(SECRET));
        assert!(url.ends_with(&format!("&confirm={}", code.expose())), "{url}");
        assert!(!url.contains("account_key"), "{url}");
    }
}

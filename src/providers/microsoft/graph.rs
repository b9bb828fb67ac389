//! Asks Microsoft Graph which account signed in.

use secrecy::{ExposeSecret, SecretString};

use super::words;
use crate::providers::{
    ProviderWords, RawError, Refusal, RefusalKind,
    http::ProviderHttp,
    members::Members,
    oauth::{ResponseMeta, host, no_answer},
    redact,
};

/// Graph's answer about the account that signed in (`GET /me`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The name of the account: its address, its sign-in name, or its id in the tenant, in this order.
    pub account: String,
}

/// Asks Graph which account signed in.
///
/// # Errors
/// A [`Refusal`] with the reason why Graph did not answer.
pub async fn me(http: &dyn ProviderHttp, graph: &str, access_token: &SecretString) -> Result<Me, Refusal> {
    let request = ::http::Request::get(format!("{graph}/me"))
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .header(::http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?;
    let host = host(graph);
    let answer = http.send(request).await.map_err(|failure| no_answer(failure, &host))?;
    let members = Members::read(answer.body());
    if answer.status().is_success() {
        return members.as_ref().and_then(read).ok_or_else(|| RefusalKind::Garbled.into());
    }
    let meta = ResponseMeta::of(&answer);
    // An object with Graph's code and ids (Microsoft Graph, errors), or a code alone.
    let said = members.filter(|members| members.has("error"));
    let why = meta.why().unwrap_or(match &said {
        Some(_) if answer.status() == ::http::StatusCode::FORBIDDEN => RefusalKind::IdentityRefused,
        Some(_) => RefusalKind::ExchangeRefused,
        // The page of a proxy or the redirect of a captive portal, which Graph did not write.
        None => RefusalKind::Garbled,
    });
    let mut words = read_words(said.as_ref(), &meta, access_token);
    words.evidence = meta.evidence(&host).map(Box::new);
    Err(Refusal { why, words: (words != ProviderWords::default()).then(|| Box::new(words)) })
}

fn read(members: &Members) -> Option<Me> {
    let account = ["mail", "userPrincipalName", "id"].into_iter().find_map(|name| members.text(name))?;
    Some(Me { account: account.to_owned() })
}

fn read_words(said: Option<&Members>, meta: &ResponseMeta, access_token: &SecretString) -> ProviderWords {
    let clean = |text: &str| redact(text, &[access_token.expose_secret()]);
    let error = said.and_then(|said| said.within("error")).unwrap_or_default();
    let ids = error.within("innerError").or_else(|| error.within("innererror")).unwrap_or_default();
    let code = error.text("code").or_else(|| said.and_then(|said| said.text("error")));
    let description = error.text("message").or_else(|| said.and_then(|said| said.text("error_description")));
    words::read(&RawError {
        error: code.map(clean).as_deref(),
        description: description.map(clean).as_deref(),
        trace_id: ids.text("request-id").or(meta.request_id.as_deref()).map(clean).as_deref(),
        correlation_id: ids.text("client-request-id").map(clean).as_deref(),
        codes: &[],
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn account(me: &Value) -> Option<String> {
        Members::read(me.to_string().as_bytes()).as_ref().and_then(read).map(|me| me.account)
    }

    #[test]
    fn c12_of_graphs_answer_any_one_name_of_the_account_is_enough() {
        for (me, expected) in [
            (json!({ "id": "1", "mail": "a@b.test", "userPrincipalName": "c@d.test" }), Some("a@b.test")),
            (json!({ "id": 1, "mail": null, "userPrincipalName": "c@d.test" }), Some("c@d.test")),
            (json!({ "mail": "", "userPrincipalName": 7, "id": "1" }), Some("1")),
            (json!({ "mail": "a@b.test", "id": null }), Some("a@b.test")),
            (json!({ "displayName": "Grace" }), None),
            (json!([]), None),
        ] {
            assert_eq!(account(&me).as_deref(), expected, "{me}");
        }
    }

    proptest! {
        #[test]
        fn c12_of_graphs_answer_no_other_member_counts(
            name in "[a-zA-Z@.]{1,20}",
            value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from)],
        ) {
            prop_assume!(name != "mail");
            let me = json!({ "mail": "a@b.test", name: value });
            let named = account(&me);
            prop_assert_eq!(named.as_deref(), Some("a@b.test"));
        }
    }
}

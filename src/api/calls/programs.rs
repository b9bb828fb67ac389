//! Calls about credentials, and those that reach the provider itself.

use http::Method;

use super::{Answer, Call, Credential, shared::ACCOUNT_KEY};
use crate::{
    api::parameters::{Kind, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Credentials";
const PROVIDER: &str = "The provider itself";
/// Maximum number of characters of a credential. Those of this program are far shorter.
const MAX_CREDENTIAL: usize = 512;

pub static ACCESS_TOKEN: Call = Call {
    id: "getAccessToken",
    method: Method::POST,
    path: "/api/access-token",
    credential: Credential::None,
    group: GROUP,
    summary: "Get an access token for a refresh token",
    about: "The access token works for an hour. An API key needs no such call. Send JSON of at most 4 KiB: \
            a form is refused.",
    parameters: &[
        Parameter::body(
            "refresh_token",
            Kind::Text { max: MAX_CREDENTIAL },
            "A refresh token of the client.",
        )
        .required(),
        Parameter::body("client_id", Kind::Text { max: MAX_CREDENTIAL }, "The Client ID.").required(),
        Parameter::body("client_secret", Kind::Text { max: MAX_CREDENTIAL }, "A Client Secret.").required(),
        Parameter::body("grant_type", Kind::OneOf(&["refresh_token"]), "As in OAuth.").ignored(),
    ],
    answer: Answer::One("AccessToken"),
};

pub static GET_TOKEN: Call = Call {
    id: "getToken",
    method: Method::GET,
    path: "/api/accounts/{account_key}/token",
    credential: Credential::Client(Scope::TokensRead),
    group: PROVIDER,
    summary: "Get the provider’s access token of an account",
    about: "The token works at the provider until it expires, with all permissions of the account. Revoking the API \
            client does not end it, and the limits of this API do not hold for it.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::One("ProviderToken"),
};

const RAW_PARAMETERS: &[Parameter] = &[
    ACCOUNT_KEY,
    Parameter::path("path", "The path at the provider, with slashes. The query may have any parameter."),
];
const WITH_BODY: &str = "As the GET request. The body may have any type, and goes to the provider as it is. It is sent once: \
                         after a refused token the call answers the refusal.";

/// A raw call with this method.
const fn raw(id: &'static str, method: Method, summary: &'static str, about: &'static str) -> Call {
    Call {
        id,
        method,
        path: "/api/accounts/{account_key}/proxy/{path}",
        credential: Credential::Client(Scope::ProxyAll),
        group: PROVIDER,
        summary,
        about,
        parameters: RAW_PARAMETERS,
        answer: Answer::Bytes(None),
    }
}

pub static PROXY: Call = raw(
    "proxy",
    Method::GET,
    "Send a GET request to the provider’s own API",
    "The rest of the path and the query go to the provider as they are; the answer comes back as it is, with \
     X-Answered-By: provider. Addresses of next pages lead back here.",
);
pub static PROXY_POST: Call =
    raw("proxyPost", Method::POST, "Send a POST request to the provider’s own API", WITH_BODY);
pub static PROXY_PUT: Call =
    raw("proxyPut", Method::PUT, "Send a PUT request to the provider’s own API", WITH_BODY);
pub static PROXY_PATCH: Call =
    raw("proxyPatch", Method::PATCH, "Send a PATCH request to the provider’s own API", WITH_BODY);
pub static PROXY_DELETE: Call =
    raw("proxyDelete", Method::DELETE, "Send a DELETE request to the provider’s own API", WITH_BODY);

pub static OPENAPI: Call = Call {
    id: "getOpenApi",
    method: Method::GET,
    path: "/api/openapi.json",
    credential: Credential::None,
    group: GROUP,
    summary: "Get this reference as an OpenAPI document",
    about: "",
    parameters: &[],
    answer: Answer::Document,
};

//! What an API client asks for: the values of the request, read by the table of its call, and the caller.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, request::Parts};

use super::{calls::Call, errors::ApiError, parameters::Given};
use crate::{accounts::service::AccountId, people::access::Caller, platform::failure::Failure};

/// A call that was read.
#[derive(Debug)]
pub struct Asked {
    /// The API client.
    pub caller: Caller,
    pub given: Given,
}

/// A call that was read, except its body, which is not JSON.
#[derive(Debug)]
pub struct AskedWithBody {
    pub asked: Asked,
    pub headers: HeaderMap,
    pub body: Body,
}

/// The parts of a request before its body, for the table of its call.
struct Head {
    call: &'static Call,
    caller: Caller,
    /// Names and values of the path.
    path: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
}

impl Head {
    async fn read<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let missing = |what: &str| Failure::Unexpected(format!("a call without its {what}")).into_response();
        let call = parts.extensions.get::<&'static Call>().copied().ok_or_else(|| missing("table"))?;
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(|| missing("caller"))?;
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.map_err(IntoResponse::into_response)?;
        let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self { call, caller, path, query, headers: parts.headers.clone() })
    }

    /// Reads the values by the table.
    fn asked(self, body: &[u8]) -> Result<Asked, ApiError> {
        let mut given = Given::read(self.call.parameters, &self.path, &self.query, body)?;
        given.read_headers(self.call.parameters, &self.headers)?;
        Ok(Asked { caller: self.caller, given })
    }
}

impl Asked {
    /// The account in the path.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the text is no key of an account.
    pub fn account(&self) -> Result<AccountId, Failure> {
        self.given.required("account_key").parse().map_err(|_| Failure::NotFound)
    }
}

/// The layer of the route puts the call into the request, and `super::credentials` the caller.
impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let head = Head::read(&mut parts, state).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        head.asked(&body).map_err(IntoResponse::into_response)
    }
}

impl<S: Send + Sync> FromRequest<S> for AskedWithBody {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let head = Head::read(&mut parts, state).await?;
        let asked = head.asked(b"").map_err(IntoResponse::into_response)?;
        Ok(Self { asked, headers: parts.headers, body })
    }
}

//! What an API client asks for: the values of the request, read by the table of its call, and the caller.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    response::{IntoResponse, Response},
};

use super::{calls::Call, parameters::Given};
use crate::{accounts::service::AccountId, people::access::Caller, platform::failure::Failure};

/// A call that was read.
#[derive(Debug)]
pub struct Asked {
    /// The API client.
    pub caller: Caller,
    pub given: Given,
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
        let missing = |what: &str| Failure::Unexpected(format!("a call without its {what}")).into_response();
        let call = parts.extensions.get::<&'static Call>().copied().ok_or_else(|| missing("table"))?;
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(|| missing("caller"))?;
        let path = RawPathParams::from_request_parts(&mut parts, state).await;
        let path = path.map_err(IntoResponse::into_response)?;
        let path: Vec<_> = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let given =
            Given::read(call.parameters, &path, &query, &body).map_err(IntoResponse::into_response)?;
        Ok(Self { caller, given })
    }
}

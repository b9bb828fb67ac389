//! What every handler of a page behind a link begins and ends with: the language of the reader, the binding of the
//! browser, and the answer that remembers both. The reader has no user here.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, Path},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};

use super::{bind, binding};
use crate::{
    accounts::service::appearance::{Appearance, Appearances},
    platform::{
        config::Config,
        failure::Failure,
        id::OrganisationId,
        language::Language,
        page::Page,
        randomness::{SharedRandomness, Token},
    },
    sign_ins::pages::connect::{chosen_in, language_of, remember_language},
};

/// The path of the page of a link, below `/connect` or `/consent`. For a text that is no token it is that of an unknown
/// link.
pub(super) fn link_path(below: &str, token: Option<&Token>) -> String {
    format!("{below}/{}", token.map_or("-", Token::expose))
}

/// The appearance of the organisation whose link it is; `None` if the link is unknown.
pub(super) async fn appearance_of(
    appearances: &Appearances,
    organisation: Option<OrganisationId>,
) -> Result<Option<Appearance>, Failure> {
    Ok(match organisation {
        Some(organisation) => Some(appearances.of_organisation(organisation).await?),
        None => None,
    })
}

/// A request for a page behind a link.
pub struct Visit {
    pub(super) appearances: Appearances,
    pub(super) language: Language,
    /// The last part of the path.
    pub(super) last_part: String,
    config: Arc<Config>,
    randomness: SharedRandomness,
    headers: HeaderMap,
    query: Option<String>,
}

impl<S> FromRequestParts<S> for Visit
where
    S: Send + Sync,
    Appearances: FromRef<S>,
    Arc<Config>: FromRef<S>,
    SharedRandomness: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(last_part) = path.map_err(IntoResponse::into_response)?;
        let config = Arc::<Config>::from_ref(state);
        let query = parts.uri.query().map(str::to_owned);
        Ok(Self {
            appearances: Appearances::from_ref(state),
            language: language_of(&parts.headers, &config.public_url, query.as_deref()),
            last_part,
            config,
            randomness: SharedRandomness::from_ref(state),
            headers: parts.headers.clone(),
            query,
        })
    }
}

impl Visit {
    /// The token of the link; `None` for a text that is no token.
    pub(super) fn token(&self) -> Option<Token> {
        Token::from_link(&self.last_part)
    }

    /// The binding that the browser has, if any.
    pub(super) fn binding(&self) -> Option<Token> {
        binding(&self.headers, &self.config.public_url)
    }

    /// The binding of a browser that leaves for the provider. Each browser has one, and each start renews its cookie: a
    /// browser may have several open sign-ins.
    pub(super) fn binding_or_new(&self) -> Token {
        self.binding().unwrap_or_else(|| Token::random(&*self.randomness))
    }

    /// Answers with a page, and with the language that the reader has chosen in the address, if any.
    pub(super) fn answer(&self, page: Page) -> Result<Response, Failure> {
        self.remember(page.into_response())
    }

    /// The same for a page that sends the browser to the provider.
    pub(super) fn answer_bound(&self, page: Page, binding: &Token) -> Result<Response, Failure> {
        self.remember(bind(page.into_response(), &self.config, binding)?)
    }

    fn remember(&self, mut response: Response) -> Result<Response, Failure> {
        if let Some(chosen) = chosen_in(self.query.as_deref()) {
            let value = remember_language(&self.config.public_url, chosen)?;
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        Ok(response)
    }
}

//! The handlers of `/consent`: the page behind a consent link, the way to the provider, and the page after it. The
//! reader is an administrator of another company. GET and HEAD change nothing, because mail programs fetch links.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::HeaderMap;

use super::{bind, binding, connect::remember, host_of};
use crate::{
    accounts::service::{
        appearance::Appearances,
        consent_links::{ClosedConsentLink, ConsentLinks, OpenConsentLink},
    },
    log_in::service::Browser,
    platform::{
        config::Config,
        failure::Failure,
        language::Language,
        page::Page,
        randomness::{SharedRandomness, Token},
        request_id::RequestId,
    },
    providers::ProviderWords,
    sign_ins::{
        callback::NotApproved,
        pages::connect::{
            Asker, ClosedConsentView, ConsentOutcomeView, ConsentRefusal, ConsentView, LeavingView,
            language_of,
        },
        service::{ConsentReturn, ConsentStart, SignIns},
    },
};

/// The path of the page of a link. For a text that is no token it is that of an unknown link.
fn link_path(token: Option<&Token>) -> String {
    format!("/consent/{}", token.map_or("-", Token::expose))
}

/// `GET /consent/{token}`: who asks for which permissions, and a button to continue.
pub async fn show(
    State(consents): State<ConsentLinks>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let token = Token::from_link(&token);
    let path = link_path(token.as_ref());
    let opened = match &token {
        Some(token) => consents.open(token).await?,
        None => Err(ClosedConsentLink::UNKNOWN),
    };
    let page = match opened {
        Ok(open) => open_page(&appearances, open, language, path, false).await?,
        Err(closed) => closed_page(&appearances, closed, language, path).await?,
    };
    remember(page.into_response(), &config, query.as_deref())
}

/// `POST /consent/{token}`: binds this browser, and answers with a page that sends it to the provider.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn start(
    State(sign_ins): State<SignIns>,
    State(appearances): State<Appearances>,
    State(config): State<Arc<Config>>,
    State(randomness): State<SharedRandomness>,
    Extension(browser): Extension<Browser>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let language = language_of(&headers, &config.public_url, query.as_deref());
    let token = Token::from_link(&token);
    let path = link_path(token.as_ref());
    // Each browser has one binding, and each start renews its cookie.
    let binding = binding(&headers, &config.public_url).unwrap_or_else(|| Token::random(&*randomness));
    let started = match &token {
        Some(token) => sign_ins.start_consent(token, &binding, browser.address).await?,
        None => ConsentStart::Closed(ClosedConsentLink::UNKNOWN),
    };
    let page = match started {
        ConsentStart::Started { url, open } => {
            let appearance = appearances.of_organisation(open.link.organisation).await?;
            let asker = Asker::of(&open.connector, appearance, None);
            let host = host_of(&url);
            LeavingView { asker, language, path, url, host }.page()
        }
        ConsentStart::TooMany(open) => open_page(&appearances, *open, language, path, true).await?,
        ConsentStart::Closed(closed) => closed_page(&appearances, closed, language, path).await?,
    };
    remember(bind(page.into_response(), &config, &binding)?, &config, query.as_deref())
}

async fn open_page(
    appearances: &Appearances,
    open: OpenConsentLink,
    language: Language,
    path: String,
    too_many: bool,
) -> Result<Page, Failure> {
    let OpenConsentLink { link, connector } = open;
    let appearance = appearances.of_organisation(link.organisation).await?;
    let view = ConsentView {
        asker: Asker::of(&connector, appearance, None),
        language,
        path,
        company: link.directory_name,
        expires_at: link.expires_at,
        reported_at: link.reported_at,
        too_many,
    };
    Ok(view.page())
}

async fn closed_page(
    appearances: &Appearances,
    ClosedConsentLink { problem, organisation }: ClosedConsentLink,
    language: Language,
    path: String,
) -> Result<Page, Failure> {
    let appearance = match organisation {
        Some(organisation) => Some(appearances.of_organisation(organisation).await?),
        None => None,
    };
    Ok(ClosedConsentView { problem, appearance, language, path }.page())
}

/// What a browser brings back from the provider's page.
pub(super) struct Returned<'a> {
    /// The sealed state with which it left.
    pub trip: &'a str,
    pub refused: Option<&'a NotApproved>,
    pub binding: Option<&'a Token>,
    pub address: Option<IpAddr>,
    pub request_id: Option<RequestId>,
    pub language: Language,
}

/// The page for a browser that comes back from the provider. `None` if it did not leave from a link's page, so that its
/// address says nothing.
pub(super) async fn come_back(
    sign_ins: &SignIns,
    appearances: &Appearances,
    returned: Returned<'_>,
) -> Result<Option<Response>, Failure> {
    let Returned { trip, refused, binding, address, request_id, language } = returned;
    let is_approved = refused.is_none();
    let done = sign_ins.finish_consent(trip, binding, is_approved, address, request_id).await?;
    let Some(ConsentReturn { token, link }) = done else { return Ok(None) };
    let path = link_path(Some(&token));
    let OpenConsentLink { link, connector } = match link {
        Ok(open) => open,
        Err(closed) => {
            let page = closed_page(appearances, closed, language, path).await?;
            return Ok(Some(page.into_response()));
        }
    };
    let said = refused.map(|refused| connector.provider.read_words(&refused.raw()));
    if let Some(said) = &said {
        let error = said.known_error().unwrap_or("another");
        tracing::warn!(link = %link.id, error, codes = ?said.codes, "permissions were not approved at the provider");
    }
    let code = said.as_ref().and_then(|said| connector.provider.code(said)).map(|code| code.text);
    let appearance = appearances.of_organisation(link.organisation).await?;
    let view = ConsentOutcomeView {
        asker: Asker::of(&connector, appearance, None),
        language,
        path,
        company: link.directory_name,
        refusal: said.as_ref().map(refusal_of),
        code,
    };
    Ok(Some(view.page().into_response()))
}

/// The words of a refusal. An attacker can write the address, so it chooses words and nothing else.
fn refusal_of(said: &ProviderWords) -> ConsentRefusal {
    match said.known_error() {
        Some("access_denied") => ConsentRefusal::Denied,
        Some("temporarily_unavailable" | "server_error") => ConsentRefusal::Unavailable,
        _ => ConsentRefusal::Other,
    }
}

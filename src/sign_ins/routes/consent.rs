//! The handlers of `/consent`: the page behind a consent link, the way to the provider, and the page after it. The
//! reader is an administrator of another company. GET and HEAD change nothing, because mail programs fetch links.

use std::net::IpAddr;

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    host_of,
    visit::{Visit, appearance_of, link_path},
};
use crate::{
    accounts::service::{
        appearance::Appearances,
        consent_links::{ClosedConsentLink, ConsentLinks, OpenConsentLink},
    },
    log_in::service::Browser,
    platform::{failure::Failure, language::Language, page::Page, randomness::Token, request_id::RequestId},
    providers::ProviderWords,
    sign_ins::{
        callback::NotApproved,
        pages::connect::{
            Asker, ClosedConsentView, ConsentOutcomeView, ConsentRefusal, ConsentView, LeavingView,
        },
        service::{ConsentReturn, ConsentStart, SignIns},
    },
};

/// `GET /consent/{token}`: who asks for which permissions, and a button to continue.
pub async fn show(State(consents): State<ConsentLinks>, visit: Visit) -> Result<Response, Failure> {
    let token = visit.token();
    let path = link_path("/consent", token.as_ref());
    let opened = match &token {
        Some(token) => consents.open(token).await?,
        None => Err(ClosedConsentLink::UNKNOWN),
    };
    visit.answer(match opened {
        Ok(open) => open_page(&visit, open, path, false).await?,
        Err(closed) => closed_page(&visit.appearances, closed, visit.language, path).await?,
    })
}

/// `POST /consent/{token}`: binds this browser, and answers with a page that sends it to the provider.
pub async fn start(
    State(sign_ins): State<SignIns>,
    Extension(browser): Extension<Browser>,
    visit: Visit,
) -> Result<Response, Failure> {
    let (token, binding) = (visit.token(), visit.binding_or_new());
    let path = link_path("/consent", token.as_ref());
    let started = match &token {
        Some(token) => sign_ins.start_consent(token, &binding, browser.address).await?,
        None => ConsentStart::Closed(ClosedConsentLink::UNKNOWN),
    };
    let page = match started {
        ConsentStart::Started { url, open } => {
            let appearance = visit.appearances.of_organisation(open.link.organisation).await?;
            let asker = Asker::of(&open.connector, appearance, None);
            let (language, host) = (visit.language, host_of(&url));
            LeavingView { asker, language, path, url, host }.page()
        }
        ConsentStart::TooMany(open) => open_page(&visit, *open, path, true).await?,
        ConsentStart::Closed(closed) => closed_page(&visit.appearances, closed, visit.language, path).await?,
    };
    visit.answer_bound(page, &binding)
}

async fn open_page(
    visit: &Visit,
    open: OpenConsentLink,
    path: String,
    too_many: bool,
) -> Result<Page, Failure> {
    let OpenConsentLink { link, connector } = open;
    let appearance = visit.appearances.of_organisation(link.organisation).await?;
    let view = ConsentView {
        asker: Asker::of(&connector, appearance, None),
        language: visit.language,
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
    let appearance = appearance_of(appearances, organisation).await?;
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
    let path = link_path("/consent", Some(&token));
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

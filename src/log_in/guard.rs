//! Who may ask for which route: asked here for every route of the table, and once more, as a type, by
//! the use case behind it.

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::header;
use tower_sessions::Session;

use super::{
    devices::DeviceSlot,
    next::with_next,
    reauthenticate_page,
    service::{Browser, LogInService},
};
use crate::{
    people::access::Member,
    platform::{config::Config, failure::Failure, net::client_address, request_id::RequestId},
};

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteAccess {
    /// Anyone.
    Anyone,
    /// Whoever is logged in, even where they must set up a second factor before anything else.
    Newcomer,
    /// Whoever is logged in.
    Member,
    /// Whoever is logged in as an administrator.
    Admin,
    /// An API client, by its credential; a session does not count. For routes of the API alone.
    ApiClient,
}

/// Finds out who asks, and notes it in the request and, for the frame of the page, in the answer.
pub async fn identify(
    State((log_ins, config)): State<(Arc<LogInService>, Arc<Config>)>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let browser = browser(&request, &config);
    let member = match log_ins.identify(&session, &browser).await {
        Ok(member) => member,
        Err(failure) => return failure.into_response(),
    };
    let device = browser.device.clone();
    request.extensions_mut().insert(browser);
    if let Some(member) = &member {
        request.extensions_mut().insert(member.clone());
    }
    let mut response = next.run(request).await;
    if let Some(member) = member {
        response.extensions_mut().insert(member);
    }
    match device.set_cookies(&config.public_url) {
        Ok(cookies) => {
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

fn browser(request: &Request, config: &Config) -> Browser {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    Browser {
        address: peer.map(|peer| client_address(peer, request.headers(), &config.trusted_proxies)),
        user_agent: request
            .headers()
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.chars().take(255).collect()),
        request_id: request.extensions().get::<RequestId>().copied(),
        device: DeviceSlot::of_request(request.headers(), &config.public_url),
    }
}

/// What answers where nobody is logged in, in place of a plain refusal.
pub type Instead = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// What a route asks of whoever asks for it.
#[derive(Clone)]
pub struct Rule {
    /// Who they must be.
    pub access: RouteAccess,
    /// Whether they must have given their password of late.
    pub reauthenticated: bool,
    /// What answers what is posted where nobody is logged in.
    pub instead: Option<Instead>,
}

/// Lets through whom the route is for. Who looks at a page without being logged in is sent to log in
/// and comes back to it; what is posted so is refused, for a form cannot be sent twice unasked. Who must prove
/// anew who they are is asked, and what they were doing then goes on.
pub async fn require(
    State((log_ins, rule)): State<(Arc<LogInService>, Rule)>,
    request: Request,
    next: Next,
) -> Response {
    let looks = request.method().is_safe();
    let path = request.uri().path().to_owned();
    let whole = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let member = match (rule.access, request.extensions().get::<Member>()) {
        (RouteAccess::Anyone, _) => return next.run(request).await,
        (RouteAccess::ApiClient, _) => return Failure::Forbidden.into_response(),
        (_, Some(member)) => member.clone(),
        (_, None) if looks => return Redirect::to(&with_next("/login", &whole)).into_response(),
        (_, None) => {
            return match rule.instead {
                Some(instead) => instead(request).await,
                None => Failure::LoggedOut.into_response(),
            };
        }
    };
    if member.lacks_second_factor() && rule.access != RouteAccess::Newcomer {
        return if looks {
            Redirect::to("/profile/second-factor").into_response()
        } else {
            Failure::SecondFactorNeeded.into_response()
        };
    }
    if rule.access == RouteAccess::Admin && !member.is_admin() {
        log_ins.note_refusal(&member, request.method(), &path);
        return Failure::Forbidden.into_response();
    }
    match (rule.reauthenticated && !member.has_reauthenticated(), looks) {
        (false, _) => next.run(request).await,
        (true, true) => Redirect::to(&with_next("/re-authenticate", &whole)).into_response(),
        (true, false) => reauthenticate_page::ask(&member, request).await,
    }
}

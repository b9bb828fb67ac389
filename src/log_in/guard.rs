//! Authorisation of routes. Middleware checks the access of every route here; the use case behind it checks
//! again, by its argument types. Start with [`identify_member`] and [`require_access`].

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
    next::append_next,
    reauthenticate_page,
    service::{Browser, LogInService},
};
use crate::{
    people::access::{Member, Scope},
    platform::{config::Config, failure::Failure, net::client_address, request_id::RequestId},
};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteAccess {
    /// Anyone, logged in or not.
    Anyone,
    /// Every logged-in user, even one who must first set up a second factor.
    Newcomer,
    /// Every logged-in user who has the second factor that their organisation requires.
    Member,
    /// Every such user who is an administrator.
    Admin,
    /// An API client that has this scope, by its credential; a session does not count. For routes of the API alone.
    ApiClient(Scope),
}

/// Middleware: finds the logged-in user, and puts it into the request and, for the page frame, into the
/// response.
pub async fn identify_member(
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

/// Handles a posted form of a visitor who is not logged in, in place of a plain 401.
pub type LoggedOutHandler =
    Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// The access rule of a route.
#[derive(Clone)]
pub struct AccessRule {
    /// Who may use the route.
    pub access: RouteAccess,
    /// Whether the user must have re-authenticated recently.
    pub reauthenticated: bool,
    /// Handles a posted form if no user is logged in.
    pub instead: Option<LoggedOutHandler>,
}

/// Middleware: enforces the access rule of a route.
///
/// A GET without a log-in redirects to the log-in page and returns afterwards; a POST is refused, because a
/// form must not be sent twice unasked. A user who must re-authenticate is asked to, and the request
/// continues afterwards.
pub async fn require_access(
    State((log_ins, rule)): State<(Arc<LogInService>, AccessRule)>,
    request: Request,
    next: Next,
) -> Response {
    let looks = request.method().is_safe();
    let path = request.uri().path().to_owned();
    let whole = request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string);
    let member = match (rule.access, request.extensions().get::<Member>()) {
        (RouteAccess::Anyone, _) => return next.run(request).await,
        (RouteAccess::ApiClient(_), _) => return Failure::Forbidden.into_response(),
        (_, Some(member)) => member.clone(),
        (_, None) if looks => return Redirect::to(&append_next("/login", &whole)).into_response(),
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
        log_ins.note_refusal(member.logged_in_user(), request.method(), &path);
        return Failure::Forbidden.into_response();
    }
    match (rule.reauthenticated && !member.has_reauthenticated(), looks) {
        (false, _) => next.run(request).await,
        (true, true) => Redirect::to(&append_next("/re-authenticate", &whole)).into_response(),
        (true, false) => reauthenticate_page::ask_for_password(&member, request, None).await,
    }
}

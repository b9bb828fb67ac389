//! The pages of failures. No page shows the text of an error.

use http::StatusCode;
use leptos::prelude::*;

use crate::{
    log_in::next::append_next,
    platform::{
        config::{PublicUrl, doctor::wrong_scheme},
        failure::Failure,
        middleware::host::Misdirected,
        origin::Origin,
        page::Page,
        request_id::RequestId,
    },
    ui::widgets::Copyable,
};

struct Words {
    title: &'static str,
    what: String,
    link: Option<(String, &'static str)>,
}

fn home() -> (String, &'static str) {
    ("/connectors".to_owned(), "Go to Connectors")
}

/// The page of a failure. `came_from` is the page of this program that the browser came from.
pub fn failure(
    failure: &Failure,
    request_id: Option<RequestId>,
    public_url: &PublicUrl,
    came_from: Option<&str>,
    sent_from: Option<&str>,
) -> Page {
    let origin = public_url.origin();
    let words = match failure {
        Failure::Forbidden => Words {
            title: "This is for administrators",
            what: "You are logged in as a viewer, who may look at connectors but not change them. An \
                   administrator of your organisation can give you the right."
                .to_owned(),
            link: Some(home()),
        },
        Failure::ForeignOrigin => Words {
            title: "This did not come from here",
            what: sent_from.and_then(|sent_from| other_scheme(public_url, sent_from)).unwrap_or_else(|| {
                format!(
                    "The request did not come from a page at {origin}, so nothing was done. If you used \
                 another address of this program, open it under that one."
                )
            }),
            link: Some(home()),
        },
        Failure::ReauthenticationNeeded => Words {
            title: "Confirm that it is you",
            what: "Nothing was done: you have to enter your password again first.".to_owned(),
            link: came_from
                .map(|path| (append_next("/re-authenticate", path), "Confirm"))
                .or_else(|| Some(home())),
        },
        Failure::SecondFactorNeeded => Words {
            title: "Set up a second factor first",
            what: "Nothing was done: your organisation requires one.".to_owned(),
            link: Some(("/profile/second-factor".to_owned(), "Set it up")),
        },
        Failure::OtherUser => Words {
            title: "Another user is logged in now",
            what:
                "The form was opened by another user, who was logged in in this browser before. \
                   Nothing was done, and nothing was kept. Log in as that user, and repeat it."
                    .to_owned(),
            link: Some(home()),
        },
        Failure::LoggedOut => Words {
            title: "You are no longer logged in",
            what: "Nothing was done. Log in, and do it again.".to_owned(),
            link: Some((append_next("/login", came_from.unwrap_or_default()), "Log in")),
        },
        Failure::Busy(seconds) => Words {
            title: "The server is busy",
            what: format!("Nothing was done. Try again in {seconds} seconds."),
            link: Some(home()),
        },
        Failure::Unavailable(_) => Words {
            title: "The database cannot be used at the moment",
            what: "Before you try again in a minute, check whether your change was saved. If this persists, give this \
                   request ID to the operator, who runs this program: the log says why."
                .to_owned(),
            link: Some(home()),
        },
        other => of_status(other.status()),
    };
    page(words, failure.status(), request_id.filter(|_| failure.status().is_server_error()))
}

/// The text for a form from the same host with another scheme. A user cannot fix that alone.
fn other_scheme(public_url: &PublicUrl, sent_from: &str) -> Option<String> {
    let (own, sent_from) = (public_url.parts(), Origin::parse(sent_from)?);
    let same = sent_from.host() == own.host() && sent_from.unusual_port() == own.unusual_port();
    let scheme = if sent_from.is_https() { "https" } else { "http" };
    (same && sent_from.is_https() != own.is_https()).then(|| wrong_scheme(public_url, scheme))
}

/// The page of a status that no handler of ours has set.
pub fn bare(status: StatusCode, request_id: Option<RequestId>) -> Page {
    page(of_status(status), status, request_id.filter(|_| status.is_server_error()))
}

fn of_status(status: StatusCode) -> Words {
    let (title, what) = match status {
        StatusCode::NOT_FOUND => {
            ("There is no such page", "The address may be mistyped, or what was here has been deleted.")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("This cannot be done here", "The address exists, but not for this.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("Too large", "The request is larger than any form of this program.")
        }
        StatusCode::REQUEST_TIMEOUT => (
            "This request took too long",
            "The request did not arrive in time, and nothing was done. Send it again.",
        ),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
            "Your browser sends too much with each request",
            "Delete the cookies of this site, and open it again.",
        ),
        StatusCode::URI_TOO_LONG => {
            ("This address is too long", "The address is longer than any address of this program.")
        }
        status if status.is_client_error() => (
            "This request could not be understood",
            "The request cannot have come from a page of this program. Nothing was done.",
        ),
        _ => (
            "Something went wrong here",
            "You did nothing wrong. Try again in a moment. If the error happens again, give this request ID to the \
             operator.",
        ),
    };
    Words { title, what: what.to_owned(), link: Some(home()) }
}

fn page(words: Words, status: StatusCode, request_id: Option<RequestId>) -> Page {
    let Words { title, what, link } = words;
    Page::new(title, move || {
        let request_id = request_id.map(|request_id| {
            view! {
                <div class="field">
                    <p class="help">"Request ID"</p>
                    <Copyable value=request_id.to_string() what="the request ID" />
                </div>
            }
        });
        let link = link.clone().map(|(to, words)| {
            view! { <div class="row"><a class="button" href=to>{words}</a></div> }
        });
        view! {
            <div class="card">
                <h1>{title}</h1>
                <p class="soft">{what.clone()}</p>
                {request_id}
                {link}
            </div>
        }
        .into_any()
    })
    .narrow()
    .with_status(status)
}

/// The page for a request under another name: both addresses, and what to do. If the browser uses the right
/// one already, a link to it would lead back here.
pub fn misdirected(misdirected: &Misdirected, public_url: &PublicUrl) -> Page {
    let own = public_url.origin().to_owned();
    let Misdirected { asked, other_port, proxy_renames } = misdirected.clone();
    let asked = if asked.is_empty() { "(no name)".to_owned() } else { asked };
    if proxy_renames {
        return proxy_renames_page(asked, public_url.authority().to_owned());
    }
    let what = if other_port {
        "Your browser uses another port than the one of this program, so nothing can be done here."
    } else {
        "Your browser uses an address that is not the one of this program, so nothing can be done here."
    };
    Page::new("Another address", move || {
        let (asked, own) = (asked.clone(), own.clone());
        view! {
            <div class="card">
                <h1>"This program has another address"</h1>
                <p class="soft">{what}</p>
                <dl class="facts">
                    <div><dt>"You asked for"</dt><dd><code>{asked}</code></dd></div>
                    <div>
                        <dt>"Its address"</dt>
                        <dd><a href=format!("{own}/")><code>{own.clone()}</code></a></dd>
                    </div>
                </dl>
                <a class="button primary wide" href=format!("{own}/")>"Go to its address"</a>
                <p class="help">
                    "Does your browser show its address already? Then a proxy in between sends this program another \
                     name or port in the " <code>"Host"</code> " header, and the operator has to change that. Is its \
                     address wrong? The operator sets it with " <code>"MAIL360_PUBLIC_URL"</code> "."
                </p>
            </div>
        }
        .into_any()
    })
    .narrow()
    .with_status(StatusCode::MISDIRECTED_REQUEST)
}

/// The page for a browser at the right address, whose proxy changes the host name.
fn proxy_renames_page(asked: String, own: String) -> Page {
    Page::new("A proxy changes the address", move || {
        let (asked, own) = (asked.clone(), own.clone());
        view! {
            <div class="card">
                <h1>"A proxy changes the address"</h1>
                <p class="soft">
                    "Your browser is at the right address, but a proxy between the browser and this program sends \
                     another address, so nothing can be done here. Tell the operator, who can correct the proxy."
                </p>
                <dl class="facts">
                    <div><dt>"The proxy sends"</dt><dd><code>"Host: " {asked}</code></dd></div>
                    <div><dt>"It must send"</dt><dd><code>"Host: " {own}</code></dd></div>
                </dl>
                <p class="help">
                    "For the operator: let the proxy pass the browser's " <code>"Host"</code> " header on. In nginx \
                     that is " <code>"proxy_set_header Host $http_host;"</code> ", in Apache "
                    <code>"ProxyPreserveHost On"</code> "."
                </p>
            </div>
        }
        .into_any()
    })
    .narrow()
    .with_status(StatusCode::MISDIRECTED_REQUEST)
}

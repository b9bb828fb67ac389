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
            title: "Only for administrators",
            what: "Your role is Viewer. You can look at connectors, but only an administrator can change them. Ask an \
                   administrator of your organisation if you need another role."
                .to_owned(),
            link: Some(home()),
        },
        Failure::ForeignOrigin => Words {
            title: "This request came from another site",
            what: sent_from.and_then(|sent_from| other_scheme(public_url, sent_from)).unwrap_or_else(|| {
                format!(
                    "Nothing was done, because the request did not come from a page of this console. This console is \
                     available at {origin} only. Open it there and try again."
                )
            }),
            link: Some(home()),
        },
        Failure::ReauthenticationNeeded => Words {
            title: "Confirm that it is you",
            what: "Nothing was done. First enter your password again.".to_owned(),
            link: came_from
                .map(|path| (append_next("/re-authenticate", path), "Enter the password"))
                .or_else(|| Some(home())),
        },
        Failure::SecondFactorNeeded => Words {
            title: "Set up a second factor first",
            what: "Nothing was done, because your organisation requires a second factor.".to_owned(),
            link: Some(("/profile/second-factor".to_owned(), "Set up a second factor")),
        },
        Failure::OtherUser => Words {
            title: "Another user is logged in now",
            what:
                "Another user opened this form in this browser. Nothing was done and nothing was kept. Log out, \
                   log in as that user, and fill in the form again."
                    .to_owned(),
            link: Some(home()),
        },
        Failure::LoggedOut => Words {
            title: "You are no longer logged in",
            what: "Nothing was done. Log in and try again.".to_owned(),
            link: Some((append_next("/login", came_from.unwrap_or_default()), "Log in")),
        },
        Failure::Busy(seconds) => Words {
            title: "The server is busy",
            what: format!("Nothing was done. Go back and try again in {seconds} seconds."),
            link: Some(home()),
        },
        Failure::Unavailable(_) => Words {
            title: "The database cannot be used at the moment",
            what: "Try again in a minute. First check whether your change was saved. If the problem stays, give this \
                   request ID to the operator: the program's log has the reason."
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
        StatusCode::NOT_FOUND => (
            "There is no such page",
            "The address may have a mistake in it, or the page was about something that has been deleted.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "This page does not accept that action",
            "Nothing was done. Open the page from the console and use its buttons.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "The form is too large",
            "Nothing was done. Go back, make the texts shorter and send the form again.",
        ),
        StatusCode::REQUEST_TIMEOUT => (
            "This request took too long",
            "Nothing was done, because the request did not arrive in time. Go back and try again.",
        ),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
            "Your browser sends too much data with each request",
            "Delete the cookies of this site in your browser. Then open the page again.",
        ),
        StatusCode::URI_TOO_LONG => (
            "This address is too long",
            "This console has no page with such a long address. Open the page from the console.",
        ),
        status if status.is_client_error() => {
            ("We could not read this request", "Nothing was done. Go back and try again.")
        }
        _ => (
            "Something went wrong on the server",
            "Try again in a moment. If the error happens again, give this request ID to the operator.",
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
            <div class="card alone">
                <h1>{title}</h1>
                <p class="soft">{what.clone()}</p>
                {request_id}
                {link}
            </div>
        }
        .into_any()
    })
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
    let what =
        if other_port { "Your browser uses another port." } else { "Your browser uses another host name." };
    Page::new("Wrong address", move || {
        let (asked, own) = (asked.clone(), own.clone());
        view! {
            <div class="card">
                <h1>"Wrong address"</h1>
                <p class="soft">"This console is available at " <code>{own.clone()}</code> " only. " {what}</p>
                <dl class="facts">
                    <div><dt>"You opened"</dt><dd><code>{asked}</code></dd></div>
                    <div>
                        <dt>"Address of the console"</dt>
                        <dd><a href=format!("{own}/")><code>{own.clone()}</code></a></dd>
                    </div>
                </dl>
                <a class="button primary wide" href=format!("{own}/")>"Open the console"</a>
                <p class="help">
                    "Does your address bar already show the address of the console? Then a proxy sends this program \
                     another name or port in the " <code>"Host"</code> " header, and the operator has to correct the \
                     proxy. Is the address of the console wrong? The operator can change it in "
                    <code>"MAIL360_PUBLIC_URL"</code> "."
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
                    "Your browser uses the right address, but a proxy between the browser and this program sends \
                     another one. Tell the operator, who can correct the proxy. Then try again."
                </p>
                <dl class="facts">
                    <div><dt>"The proxy sends"</dt><dd><code>"Host: " {asked}</code></dd></div>
                    <div><dt>"It must send"</dt><dd><code>"Host: " {own}</code></dd></div>
                </dl>
                <p class="help">
                    "For the operator: the proxy must pass on the " <code>"Host"</code> " header of the browser. \
                     Write " <code>"proxy_set_header Host $http_host;"</code> " in nginx, "
                    <code>"ProxyPreserveHost On"</code> " in Apache."
                </p>
                <div class="row"><a class="button" href="/">"Try again"</a></div>
            </div>
        }
        .into_any()
    })
    .narrow()
    .with_status(StatusCode::MISDIRECTED_REQUEST)
}

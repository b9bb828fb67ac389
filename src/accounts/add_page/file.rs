//! The downloaded file with many links, and why it was not made.

use axum::response::{IntoResponse, Response};
use http::header;
use leptos::prelude::*;
use secrecy::ExposeSecret;

use crate::{
    accounts::{model::csv, service::links::LinkOfMany},
    platform::failure::Failure,
    ui::{
        numbers::grouped,
        widgets::{FocusedNotice, Tone},
    },
};

/// The columns of the file. The last one is only in a file with links for accounts.
const COLUMNS: [&str; 6] = ["email", "name", "reference", "link", "expires", "account_key"];

/// The links as a file that the browser downloads. They are shown nowhere else.
pub(super) fn links_file(made: &[LinkOfMany]) -> Result<Response, Failure> {
    let has_keys = made.iter().any(|link| link.account.is_some());
    let columns = COLUMNS.len() - usize::from(!has_keys);
    let ends: Vec<_> = made
        .iter()
        .map(|made| (made.link.expires_at.for_machines(), made.account.map(|account| account.to_string())))
        .collect();
    let rows = made.iter().zip(&ends).map(|(made, (expires, key))| {
        let LinkOfMany { email, name, reference, link, .. } = made;
        let cells = [email.as_str(), name, reference, link.url.expose_secret(), expires];
        cells.into_iter().chain(key.as_deref()).collect()
    });
    let head: Vec<&str> = COLUMNS.into_iter().take(columns).collect();
    let file = csv::write(std::iter::once(head).chain(rows)).map_err(|error| Failure::unexpected(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mail360-links.csv\""),
    ];
    Ok((headers, file).into_response())
}

/// A number as pages show it.
pub(super) fn number(number: u64) -> String {
    grouped(usize::try_from(number).unwrap_or(usize::MAX))
}

/// Why the links would be too many.
pub(super) fn too_many_words(open: u64, new: u64) -> String {
    format!(
        "The organisation has {} open links, and 10,000 is the most: {} more are too many. Make fewer, or revoke some \
         on the pages of the connectors first.",
        number(open),
        number(new)
    )
}

/// The notice after a form that was sent twice.
#[component]
pub(super) fn SentBefore() -> impl IntoView {
    view! {
        <FocusedNotice tone=Tone::Warn title="This form was sent before: now no link was made">
            <p>
                "Its links were made the first time, and they are only in the file that was downloaded then. To make \
                 more links, send the form below."
            </p>
        </FocusedNotice>
    }
}

/// The notice above a form that makes a file.
#[component]
pub(super) fn OnlyInFile(children: Children) -> impl IntoView {
    view! {
        <section class="card low alone text" aria-labelledby="file-title">
            <h2 id="file-title">"The links are only in the file that you get"</h2>
            <p>
                "They are not shown again, here or elsewhere. Keep the file as safe as a password until the links are \
                 used."
            </p>
            {children()}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_said_with_its_numbers() {
        let words = too_many_words(9_800, 500);
        assert!(words.starts_with("The organisation has 9,800 open links"), "{words}");
        assert!(words.contains("10,000 is the most: 500 more are too many."), "{words}");
        assert_eq!(crate::accounts::service::links::MAX_OPEN, 10_000);
    }
}

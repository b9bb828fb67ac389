//! The notices above the list: secrets that expire, and a connector that was deleted.

use leptos::prelude::*;

use crate::{
    connectors::{
        model::{
            EXPIRY_WARNING_DAYS,
            list::{Count, Expiring},
        },
        pages::any_of,
    },
    providers::Providers,
    ui::{
        numbers::grouped,
        widgets::{Notice, Tone},
    },
};

/// A number of things for the middle of a sentence, and whether it is one.
fn counted(count: Count) -> (String, bool) {
    let number = grouped(count.number);
    if count.more { (format!("more than {number}"), false) } else { (number, count.number == 1) }
}

/// The sentences about secrets that have expired or expire soon. `None` if there are none.
fn words(expiring: Expiring) -> Option<(Tone, String)> {
    let Expiring { expired, soon } = expiring;
    let (expired_number, one_expired) = counted(expired);
    let (soon_number, one_soon) = counted(soon);
    let has = if one_expired { "client secret has" } else { "client secrets have" };
    let expires = if one_soon { "expires" } else { "expire" };
    let within = format!("{expires} within {EXPIRY_WARNING_DAYS} days");
    let (tone, words) = match (expired.number, soon.number) {
        (0, 0) => return None,
        (0, _) => {
            let secrets = if one_soon { "client secret" } else { "client secrets" };
            let words = format!(
                "{soon_number} {secrets} {within}. When a secret expires, its connector stops working."
            );
            (Tone::Warn, words)
        }
        (_, 0) => (Tone::Bad, format!("{expired_number} {has} expired.")),
        (..) => (Tone::Bad, format!("{expired_number} {has} expired, {soon_number} {within}.")),
    };
    // `more than` may begin the sentence.
    let mut letters = words.chars();
    let capital = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    Some((tone, capital + letters.as_str()))
}

/// A line for administrators: how many secrets of the whole list expire soon or have expired.
#[component]
pub(super) fn ExpiryBanner(
    expiring: Expiring,
    /// Whether the list begins with these connectors already.
    sorted: bool,
) -> impl IntoView {
    words(expiring).map(|(tone, words)| {
        let show = (!sorted).then(|| view! { " " <a href="/connectors?sort=expiry">"Show them"</a> });
        view! { <Notice tone=tone><p>{words} {show}</p></Notice> }
    })
}

/// The message after a connector was deleted. Its own page is gone.
#[component]
pub(super) fn Deleted(name: String, providers: Providers) -> impl IntoView {
    let console = any_of(&providers, |names| names.console);
    let gone = format!(
        " is gone from here with its secret and its sign-ins. The application is still in {console}: delete the \
         application there too, if nothing else uses it."
    );
    view! {
        <Notice tone=Tone::Good title="The connector was deleted">
            <p>
                <bdi>{name}</bdi> {gone}
            </p>
        </Notice>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice_of(expired: usize, soon: usize, more: bool) -> Option<(Tone, String)> {
        let count = |number| Count { number, more: more && number > 0 };
        words(Expiring { expired: count(expired), soon: count(soon) })
    }

    #[test]
    fn the_banner_counts_secrets_in_one_line() {
        assert_eq!(notice_of(0, 0, false), None);
        for (expired, soon, more, tone, words) in [
            (
                0,
                1,
                false,
                Tone::Warn,
                "1 client secret expires within 60 days. When a secret expires, its connector stops working.",
            ),
            (
                0,
                3,
                false,
                Tone::Warn,
                "3 client secrets expire within 60 days. When a secret expires, its connector stops working.",
            ),
            (1, 0, false, Tone::Bad, "1 client secret has expired."),
            (1, 6, false, Tone::Bad, "1 client secret has expired, 6 expire within 60 days."),
            (2, 1, false, Tone::Bad, "2 client secrets have expired, 1 expires within 60 days."),
            (
                1_000,
                1_000,
                true,
                Tone::Bad,
                "More than 1,000 client secrets have expired, more than 1,000 expire within 60 days.",
            ),
        ] {
            assert_eq!(notice_of(expired, soon, more), Some((tone, words.to_owned())));
        }
    }
}

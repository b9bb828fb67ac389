//! Emails on pages. One that does not fit on a line breaks after the @.

use leptos::prelude::*;

/// The parts of an email between which a line may end.
pub fn parts(email: &str) -> (&str, &str) {
    email.split_at(email.find('@').map_or(email.len(), |at| at + 1))
}

#[component]
pub fn EmailText(email: String) -> impl IntoView {
    let (local, domain) = parts(&email);
    view! { <bdi>{local.to_owned()}<wbr />{domain.to_owned()}</bdi> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_breaks_after_the_at() {
        assert_eq!(parts("grace@contoso.test"), ("grace@", "contoso.test"));
        assert_eq!(parts("grace"), ("grace", ""));
        assert_eq!(parts(""), ("", ""));
    }
}

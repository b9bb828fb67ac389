//! Warnings about the configured address, on pages where they matter.

use leptos::prelude::*;

use super::{
    islands::AddressCheck,
    widgets::{Notice, Tone},
};
use crate::platform::config::doctor::Doctor;

const TITLE: &str = "The address of this console is wrong";

/// Shows warnings about the address, if there are any. With scripts, the browser compares the configured
/// address with the one in its address bar, which decides.
#[component]
pub fn AddressDoctor(
    /// The result of the server's check.
    doctor: Doctor,
) -> impl IntoView {
    let Doctor { origin, scheme, findings } = doctor;
    let findings = (!findings.is_empty()).then(|| {
        let findings = findings.into_iter().map(|words| view! { <p>{words}</p> }).collect_view();
        view! { <Notice tone=Tone::Warn title=TITLE>{findings}</Notice> }
    });
    let (own, link) = (origin.clone(), format!("{origin}/"));
    let found = scheme.is_some();
    let advice = scheme.map(|words| view! { <p data-told>{words}</p> });
    view! {
        {findings}
        <AddressCheck>
            <div id="address-check" data-origin=origin hidden=!found>
                <Notice tone=Tone::Warn title=TITLE>
                    {advice}
                    <p data-seen hidden=found>
                        "You opened " <code data-here></code> ", but it is configured as "
                        <a href=link><code>{own}</code></a> ". The provider would send users to the wrong place. Open \
                         the configured address. If that address is wrong, the operator can change it in "
                        <code>"MAIL360_PUBLIC_URL"</code> "."
                    </p>
                </Notice>
            </div>
        </AddressCheck>
    }
}

//! Warnings about the configured address, on pages where they matter.

use leptos::prelude::*;

use super::{
    islands::AddressCheck,
    widgets::{Notice, Tone},
};
use crate::platform::config::doctor::Doctor;

const TITLE: &str = "The program’s address is not right";

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
    let told = scheme.map(|words| view! { <p data-told>{words}</p> });
    view! {
        {findings}
        <AddressCheck>
            <div id="address-check" data-origin=origin hidden=!found>
                <Notice tone=Tone::Warn title=TITLE>
                    {told}
                    <p data-seen hidden=found>
                        "Your browser is at " <code data-here></code> ", but the program's address is set \
                         to " <a href=link><code>{own}</code></a> ". The provider would send people to the wrong place. \
                         Open that address instead; if it is wrong, the operator has to set "
                        <code>"MAIL360_PUBLIC_URL"</code> "."
                    </p>
                </Notice>
            </div>
        </AddressCheck>
    }
}

//! What is wrong with the configured address, on the pages where it matters.

use leptos::prelude::*;

use super::{
    islands::AddressCheck,
    widgets::{Notice, Tone},
};
use crate::platform::config::doctor::Doctor;

/// Says what is wrong with the address, or nothing; in a browser with scripts it is compared with the one in the
/// address bar as well.
#[component]
pub fn AddressDoctor(
    /// What was found.
    doctor: Doctor,
) -> impl IntoView {
    let Doctor { origin, findings } = doctor;
    if !findings.is_empty() {
        let findings = findings.into_iter().map(|words| view! { <p>{words}</p> }).collect_view();
        return view! {
            <Notice tone=Tone::Warn title="The program’s address is not right">{findings}</Notice>
        }
        .into_any();
    }
    let (own, link) = (origin.clone(), format!("{origin}/"));
    view! {
        <AddressCheck>
            <div id="address-check" data-origin=origin hidden>
                <Notice tone=Tone::Warn title="The program’s address is not right">
                    <p>
                        "Your browser is at " <code data-here></code> ", but the program thinks that its address \
                         is " <code>{own.clone()}</code> ". Microsoft would send people to the wrong place. \
                         Whoever runs the program sets " <code>"MAIL360_PUBLIC_URL"</code>
                        " to the address in your browser, or you open " <a href=link>{own}</a>
                        " instead."
                    </p>
                </Notice>
            </div>
        </AddressCheck>
    }
    .into_any()
}

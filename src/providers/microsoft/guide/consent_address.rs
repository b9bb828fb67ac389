//! Explains that an administrator must allow the permissions, and shows the message to send to them.

use leptos::prelude::*;

use super::super::{NoApproval, consent};
use crate::providers::guide::Copying;

/// The part of the guide whose address follows the values in the form.
#[component]
pub(super) fn Consent(
    /// The name of the application.
    name: String,
    /// The address with its gaps, for the script to fill in.
    template: String,
    /// The address, or why there is none.
    address: Result<String, NoApproval>,
) -> impl IntoView {
    let missing = address.as_ref().err().copied();
    let reasons = NoApproval::ALL
        .into_iter()
        .map(|reason| {
            let words = match reason {
                NoApproval::ClientId => {
                    "Enter the Client ID in the form. Then the message to send appears here."
                }
                NoApproval::Tenant => "Enter the tenant in the form. Then the message to send appears here.",
                NoApproval::Needless => "No. With private accounts each user allows the permissions.",
            };
            view! { <p data-missing=reason.name() hidden=missing != Some(reason)>{words}</p> }
        })
        .collect_view();
    view! {
        <details class="disclosure" data-consent=template>
            <summary>"Does an administrator have to allow this?"</summary>
            <div class="stack tight">
                {reasons}
                <div class="stack tight" data-ready hidden=missing.is_some()>
                    <p>{consent::WORDS}</p>
                    <Copying what="the message for the administrator">
                        "Please allow the permissions of the application "
                        <span data-mirror="service_name">{name}</span>
                        " for all users of our company. Open this link and sign in as a Microsoft 365 administrator: "
                        <span data-address>{address.unwrap_or_default()}</span>
                    </Copying>
                </div>
            </div>
        </details>
    }
}

//! Explains that an administrator must approve, and shows the address to send to them.

use leptos::prelude::*;

use super::super::{NoApproval, consent};
use crate::ui::widgets::Copyable;

/// The part of the guide whose address follows the values in the form.
#[component]
pub(super) fn Consent(
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
                    "Enter the Client ID in the form: then the address to send to them appears here."
                }
                NoApproval::Tenant => {
                    "Enter the tenant in the form: then the address to send to them appears here."
                }
                NoApproval::Needless => {
                    "Not where only personal accounts sign in: each person approves for themselves."
                }
            };
            view! { <p data-missing=reason.name() hidden=missing != Some(reason)>{words}</p> }
        })
        .collect_view();
    view! {
        <details class="disclosure" data-consent=template>
            <summary>"Must a Microsoft 365 administrator approve?"</summary>
            <div class="stack tight">
                {reasons}
                <div class="stack tight" data-ready hidden=missing.is_some()>
                    <p>{consent::WORDS}</p>
                    <Copyable value=address.unwrap_or_default() what="the address for approval" />
                </div>
            </div>
        </details>
    }
}

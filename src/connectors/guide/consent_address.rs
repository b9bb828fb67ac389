//! Explains that an administrator must approve, and shows the address to send to them.

use leptos::prelude::*;

use super::super::model::NoApproval;
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
                    <ToApprove address=address.unwrap_or_default() />
                </div>
            </div>
        </details>
    }
}

/// Explains that an administrator must approve an existing connector, and shows the address to send to them.
#[component]
pub fn Approval(
    /// The address.
    address: String,
) -> impl IntoView {
    view! {
        <section class="card low" aria-labelledby="approval-title">
            <h2 id="approval-title">"Approval"</h2>
            <details class="disclosure">
                <summary>"Does Microsoft say that an administrator must approve?"</summary>
                <div class="stack tight">
                    <ToApprove address=address />
                </div>
            </details>
        </section>
    }
}

/// The address, and what to do with it.
#[component]
pub fn ToApprove(
    /// The address.
    address: String,
) -> impl IntoView {
    view! {
        <p>
            "Send this address to a Microsoft 365 administrator of the company. They log in, see what the application \
             asks for, and approve it for everybody there; no mailbox is connected by that."
        </p>
        <Copyable value=address what="the address for approval" />
    }
}

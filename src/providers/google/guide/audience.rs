//! The step in which the administrator chooses who may sign in. A wrong choice works for a week and then ends every
//! connection, so it is explained before.

use leptos::prelude::*;

use super::console::{Console, Page};

/// Recommends *Internal*, and says what *External* asks of the company.
#[component]
pub fn Internal(console: Console) -> impl IntoView {
    let verification = console.link(Page::Verification);
    view! {
        <p>
            "As " <strong>"Audience"</strong> " choose " <strong>"Internal"</strong>
            ". Then all users of your Google Workspace can sign in, and Google reviews nothing. In a new project the \
             same form asks for it. Later it is on the page " {console.link(Page::Audience)} "."
        </p>
        <p class="help">
            "Do not stay with " <em>"External"</em> " and the status " <em>"Testing"</em>
            ": every connection then ends after 7 days."
        </p>
        <details class="disclosure">
            <summary>"Is Internal grey, or must others sign in too?"</summary>
            <div class="stack tight">
                <p>
                    <em>"Internal"</em> " needs Google Workspace, and a project that belongs to your company (step G1). \
                     For accounts of gmail.com or of other companies choose " <strong>"External"</strong> "."
                </p>
                <p>
                    <em>"External"</em> " begins with the status " <em>"Testing"</em>
                    ". While the status is Testing, Google ends every connection 7 days after its sign-in, and only the \
                     users that you list as test users can sign in. Use it only for a first try."
                </p>
                <p>
                    "So click " <strong>"Publish app"</strong> ": the status is then " <em>"In production"</em>
                    ". Google wants to review the application (" {verification}
                    "), which takes days to weeks. Until then users see a warning that Google has not verified the app, \
                     and at most 100 users can sign in."
                </p>
                <p>
                    "For restricted permissions, such as reading mail, Google also asks for a security assessment by \
                     an approved assessor, every year. The company pays for it."
                </p>
            </div>
        </details>
    }
}

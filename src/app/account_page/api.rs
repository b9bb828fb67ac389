//! The API on an account's page: lines of curl that read from the mailbox and send, and the newest calls of programs.

use leptos::prelude::*;

use super::{AccountCallsView, CallNames};
use crate::{
    accounts::service::AccountId,
    app::calls_page::{CallLines, address_of_account},
    clients::curl::{self, YOUR_KEY},
    ui::to_copy::ToCopy,
};

/// A line of curl that reads a list of this account.
fn line_for(api: &str, account: AccountId, list: &str) -> String {
    curl::read(api, YOUR_KEY, &format!("accounts/{account}/{list}?limit=5"))
}

/// A line of curl that sends a mail from this account to itself.
fn line_that_sends(api: &str, account: AccountId, email: &str) -> String {
    curl::send_to_itself(api, YOUR_KEY, &format!("accounts/{account}/messages"), email)
}

/// Lines to try the API with this mailbox.
#[component]
pub(super) fn TryIt(
    account: AccountId,
    /// The base address of the API.
    api: String,
    /// The email of the account, if it may send mail.
    sends_from: Option<String>,
) -> impl IntoView {
    let sending = sends_from.map(|email| {
        view! {
            <p class="soft">"Send a mail to yourself, with a key that may send:"</p>
            <ToCopy
                label="Line that sends a mail to this mailbox"
                text=line_that_sends(&api, account, &email)
                what="the line that sends"
                primary=false
            />
        }
    });
    view! {
        <details class="disclosure">
            <summary>"Try it: use this mailbox with curl"</summary>
            <div class="stack tight">
                <p class="soft">
                    "Replace " <code>{YOUR_KEY}</code> " with an API key from "
                    <a href="/settings/api-access">"API access"</a> ". The newest messages:"
                </p>
                <ToCopy
                    label="Line that reads the newest messages"
                    text=line_for(&api, account, "messages")
                    what="the line for messages"
                    primary=false
                />
                <p class="soft">"Contacts:"</p>
                <ToCopy
                    label="Line that reads contacts"
                    text=line_for(&api, account, "contacts")
                    what="the line for contacts"
                    primary=false
                />
                {sending}
            </div>
        </details>
    }
}

/// The newest calls of programs for the account.
#[component]
pub(super) fn AccountCalls(account: AccountId, calls: AccountCallsView) -> impl IntoView {
    let AccountCallsView { entries, names } = calls;
    let content = if entries.is_empty() {
        view! { <p class="soft">"No program has used this account through the API in the last 7 days."</p> }
            .into_any()
    } else {
        let names: &CallNames = &names;
        view! {
            <CallLines entries=entries names=names with_account=false />
            <a href=address_of_account(account)>"All API calls of this account"</a>
        }
        .into_any()
    };
    view! {
        <section class="stack" aria-labelledby="calls-title">
            <h2 id="calls-title">"API calls"</h2>
            {content}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_line_of_curl_has_the_address_and_no_key() {
        let account = AccountId(Uuid::nil());
        assert_eq!(
            line_for("https://mail.contoso.test/api", account, "messages"),
            "curl -H \"Authorization: Bearer YOUR_API_KEY\" \"https://mail.contoso.test/api/accounts/\
             00000000-0000-0000-0000-000000000000/messages?limit=5\""
        );
        let line = line_that_sends("https://mail.contoso.test/api", account, "grace@contoso.test");
        let path = "/accounts/00000000-0000-0000-0000-000000000000/messages\"";
        assert!(line.ends_with(path) && line.contains("Bearer YOUR_API_KEY"), "{line}");
    }
}

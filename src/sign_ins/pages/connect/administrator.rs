//! The help for a reader whose company lets only an administrator allow software: the provider's own page for it often
//! leads no further, so the reader finds here a message to send to that administrator.

use leptos::prelude::*;

use super::{Asker, permission_words, words::Words};
use crate::ui::to_copy::mail_link;

/// The message for an administrator of the reader's company.
fn write_message(asker: &Asker, words: &Words) -> String {
    let texts = words.texts;
    let permissions = permission_words(&asker.provider, &asker.scopes, words.language);
    let permissions: Vec<_> = permissions.into_iter().map(|words| format!("- {words}")).collect();
    let mut parts = vec![
        texts.message_hello.to_owned(),
        words.line(texts.message_asks),
        format!("{}\n{}", texts.message_permissions, permissions.join("\n")),
    ];
    parts.extend(asker.approval.as_ref().map(|address| format!("{}\n{address}", texts.message_link)));
    parts.push(words.clone().with("id", asker.client_id.as_str()).line(texts.message_application));
    parts.push(texts.message_thanks.to_owned());
    parts.join("\n\n")
}

/// The message, behind a question, or open if the reader's company is known to need it.
#[component]
pub fn Administrator(asker: Asker, words: Words, is_open: bool) -> impl IntoView {
    let texts = words.texts;
    let message = write_message(&asker, &words);
    let mail = mail_link(None, &words.line(texts.administrator_subject), &message);
    // The page of a link has its own main button.
    let class = if is_open { "button primary wide" } else { "button wide" };
    // The heading of an ending has answered the question already.
    let summary =
        if is_open { texts.message_label.to_owned() } else { words.line(texts.administrator_title) };
    view! {
        <details class="disclosure" open=is_open>
            <summary>{summary}</summary>
            <div class="stack tight">
                <p>{texts.administrator_what}</p>
                // A long text scrolls; the keyboard must reach it too.
                <pre class="message-text" tabindex="0" role="group" aria-label=texts.message_label>{message}</pre>
                <a class=class href=mail>{texts.message_send}</a>
            </div>
        </details>
    }
}

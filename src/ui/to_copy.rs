//! A longer text that the reader copies or sends by email, such as a ready message.

use leptos::prelude::*;

use super::islands::Copying;

/// A text with the button that copies it. Without scripts the text can still be selected.
#[component]
pub fn ToCopy(
    /// What the text is, for screen readers.
    label: &'static str,
    text: String,
    /// What the text is, with its article: the words of the button after *Copy*.
    what: &'static str,
    /// Whether to copy it is the main action of the page.
    primary: bool,
    /// The address that opens the mail program of the reader with this text.
    #[prop(default = None)]
    mail: Option<String>,
) -> impl IntoView {
    let mail = mail.map(|to| view! { <a class="button" href=to>"Write an email"</a> });
    let class = if primary { "button primary scripted" } else { "button scripted" };
    view! {
        <div class="copy long">
            // A long text scrolls; the keyboard must reach it too.
            <pre tabindex="0" role="group" aria-label=label><code>{text}</code></pre>
            <div class="row">
                <Copying>
                    <button class=class type="button"><span>"Copy"</span>{format!(" {what}")}</button>
                </Copying>
                {mail}
            </div>
        </div>
    }
}

/// The address that opens the mail program of the reader with this message, to this email if it is known.
pub fn mail_link(to: Option<&str>, subject: &str, text: &str) -> String {
    let encode = |text: &str| {
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        // A mail program shows a plus as it is.
        encoded.replace('+', "%20")
    };
    // RFC 6068: an address keeps its `@`, and lines end with CR LF.
    let to = to.map(encode).unwrap_or_default().replace("%40", "@");
    format!("mailto:{to}?subject={}&body={}", encode(subject), encode(&text.replace('\n', "\r\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_mail_program_has_every_character_of_the_message() {
        let link = mail_link(None, "Sign-in to A & B", "one + two\n100%");
        assert_eq!(link, "mailto:?subject=Sign-in%20to%20A%20%26%20B&body=one%20%2B%20two%0D%0A100%25");
    }

    #[test]
    fn the_email_of_the_recipient_cannot_add_a_part_to_the_link() {
        let link = mail_link(Some("a+b?cc=c&d@contoso.test"), "S", "T");
        assert_eq!(link, "mailto:a%2Bb%3Fcc%3Dc%26d@contoso.test?subject=S&body=T");
    }
}

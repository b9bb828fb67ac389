//! Labels: the categories of Outlook. A message has the names of its categories, so the id of a label is made from its
//! name. Listing them with their colours needs a permission for the settings of the mailbox.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    address::Query,
    read::{listed, next_link, text},
    request::{Graph, SETTINGS_READ},
};
use crate::providers::mailbox::{Label, MailError, MailProblem};

/// Maximum number of bytes of a category's name. Outlook allows 255 characters.
const MAX_NAME: usize = 1020;
/// Maximum number of pages that are read.
const MAX_PAGES: usize = 20;
const TOO_MANY: &str = "The mailbox has more labels than a call reads. Read them with the raw passage.";

/// Outlook's 25 preset colours, in their order: red, orange, brown, yellow, green, teal, olive, blue, purple,
/// cranberry, steel, dark steel, grey, dark grey, black, and the dark ones from red to cranberry (Microsoft Graph,
/// outlookCategory). Microsoft publishes names only.
const PRESETS: [&str; 25] = [
    "#e74856", "#ff8c00", "#ab620d", "#fff100", "#47d041", "#30c6cc", "#73aa24", "#00bcf2", "#8764b8",
    "#f495bf", "#a0aeb2", "#004b60", "#b1adab", "#5d5a58", "#000000", "#750b1c", "#ca5010", "#8e562e",
    "#c19c00", "#005b70", "#03787c", "#6b6900", "#0063b1", "#5c2e91", "#b4009e",
];

/// The id of the label with this name.
pub(super) fn id_of(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// The name of the label with this id.
///
/// # Errors
/// [`MailProblem::NotFound`] if no label can have it.
pub(super) fn name_of(id: &str) -> Result<String, MailError> {
    let name = URL_SAFE_NO_PAD.decode(id).ok().and_then(|name| String::from_utf8(name).ok());
    let name =
        name.filter(|name| !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control));
    name.ok_or_else(|| MailProblem::NotFound.into())
}

/// The categories of the mailbox.
pub(super) async fn list(graph: &Graph<'_>) -> Result<Vec<Label>, MailError> {
    let path = Query::default().with("$top", "100").on("/me/outlook/masterCategories");
    let mut answer = graph.get(SETTINGS_READ, &path).await?;
    let mut labels = Vec::new();
    for _ in 0..MAX_PAGES {
        labels.extend(listed(&answer)?.iter().filter_map(label));
        let Some(link) = next_link(&answer) else {
            for (position, label) in (1..).zip(&mut labels) {
                label.position = Some(position);
            }
            return Ok(labels);
        };
        answer = graph.follow(SETTINGS_READ, &link).await?;
    }
    Err(MailProblem::TooMany(TOO_MANY).into())
}

/// One category.
pub(super) async fn get(graph: &Graph<'_>, id: &str) -> Result<Label, MailError> {
    name_of(id)?;
    let labels = list(graph).await?;
    labels.into_iter().find(|label| label.id == id).ok_or_else(|| MailProblem::NotFound.into())
}

fn label(value: &Value) -> Option<Label> {
    let name = text(value, "displayName")?;
    let preset = text(value, "color").and_then(|color| color.strip_prefix("preset")?.parse::<usize>().ok());
    let color = preset.and_then(|preset| PRESETS.get(preset)).map(|color| (*color).to_owned());
    Some(Label { id: id_of(name), name: name.to_owned(), color, position: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_preset_is_a_colour_and_no_colour_is_none() {
        let color = |color: &str| {
            label(&json!({ "displayName": "Blue", "color": color })).and_then(|label| label.color)
        };
        assert_eq!(color("preset7").as_deref(), Some("#00bcf2"));
        assert_eq!(color("preset24").as_deref(), Some("#b4009e"));
        for none in ["none", "preset25", "preset-1", "", "red"] {
            assert_eq!(color(none), None, "{none}");
        }
        assert_eq!(label(&json!({ "color": "preset1" })), None);
    }

    proptest! {
        #[test]
        fn the_id_of_a_label_gives_its_name_back(name in "[^\\p{Cc}]{1,255}") {
            let id = id_of(&name);
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(name_of(&id).ok(), Some(name));
        }

        #[test]
        fn a_text_that_is_no_id_of_a_label_finds_none(text in "\\PC{0,30}") {
            if let Ok(name) = name_of(&text) {
                prop_assert_eq!(id_of(&name), text);
            }
        }
    }
}

//! Labels: the categories of Outlook. A message has the names of its categories, so the id of a label is made from its
//! name. Listing them with their colours needs a permission for the settings of the mailbox.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    address::Query,
    read::{listed, next_link, owned, text},
    request::{Graph, SETTINGS_READ},
};
use crate::providers::{
    color,
    mailbox::{Label, MailError, MailProblem},
};

/// The path of the categories of a mailbox.
pub(super) const PATH: &str = "/me/outlook/masterCategories";

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

/// A category of the mailbox.
pub(super) struct Category {
    /// The id by which Graph changes it. Messages do not have it.
    pub id: Option<String>,
    pub label: Label,
}

/// The categories of the mailbox. `permission` is the one that an error names as missing.
pub(super) async fn categories(
    graph: &Graph<'_>,
    permission: &'static str,
) -> Result<Vec<Category>, MailError> {
    let path = Query::default().with("$top", "100").on(PATH);
    let mut answer = graph.get(permission, &path).await?;
    let mut categories: Vec<Category> = Vec::new();
    for _ in 0..MAX_PAGES {
        let page = listed(&answer)?.iter();
        categories
            .extend(page.filter_map(|value| Some(Category { id: owned(value, "id"), label: label(value)? })));
        let Some(link) = next_link(&answer) else {
            for (position, category) in (1..).zip(&mut categories) {
                category.label.position = Some(position);
            }
            return Ok(categories);
        };
        answer = graph.follow(permission, &link).await?;
    }
    Err(MailProblem::TooMany(TOO_MANY).into())
}

/// The labels of the mailbox.
pub(super) async fn list(graph: &Graph<'_>) -> Result<Vec<Label>, MailError> {
    let categories = categories(graph, SETTINGS_READ).await?;
    Ok(categories.into_iter().map(|category| category.label).collect())
}

/// One category.
pub(super) async fn get(graph: &Graph<'_>, id: &str) -> Result<Label, MailError> {
    name_of(id)?;
    let labels = list(graph).await?;
    labels.into_iter().find(|label| label.id == id).ok_or_else(|| MailProblem::NotFound.into())
}

/// A label, without its position.
pub(super) fn label(value: &Value) -> Option<Label> {
    let name = text(value, "displayName")?;
    let preset = text(value, "color").and_then(|color| color.strip_prefix("preset")?.parse::<usize>().ok());
    let color = preset.and_then(|preset| PRESETS.get(preset)).map(|color| (*color).to_owned());
    Some(Label { id: id_of(name), name: name.to_owned(), color, position: None })
}

/// The preset whose colour is nearest to this one, which is written as `#rrggbb`.
///
/// # Returns
/// Graph's name of the preset.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if it is no colour.
pub(super) fn nearest_preset(color: &str) -> Result<String, MailError> {
    let number = color::nearest(color, &PRESETS)?;
    Ok(format!("preset{number}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::providers::color::{NO_COLOR, distance, rgb};

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

    #[test]
    fn the_colour_of_each_preset_is_nearest_to_itself() {
        for (number, preset) in PRESETS.iter().enumerate() {
            assert_eq!(nearest_preset(preset).ok(), Some(format!("preset{number}")), "{preset}");
        }
        assert_eq!(nearest_preset("#F04050").ok().as_deref(), Some("preset0"));
        assert_eq!(nearest_preset("#010203").ok().as_deref(), Some("preset14"));
        for wrong in ["", "red", "e74856", "#fff", "#12345g", "#1234567", "# 12345", "#+12345"] {
            let error = nearest_preset(wrong).expect_err(wrong);
            assert_eq!(error.problem, MailProblem::InvalidValue(NO_COLOR), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_preset_is_nearer_to_a_colour_than_the_one_that_is_chosen(color in any::<[u8; 3]>()) {
            let [red, green, blue] = color;
            let chosen = nearest_preset(&format!("#{red:02x}{green:02X}{blue:02x}")).expect("a preset");
            let chosen: usize = chosen.strip_prefix("preset").and_then(|number| number.parse().ok()).expect("a number");
            let distances: Vec<_> =
                PRESETS.iter().map(|preset| distance(color, rgb(preset).expect("a colour"))).collect();
            prop_assert!(distances.iter().all(|other| distances[chosen] <= *other));
        }

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

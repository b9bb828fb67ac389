//! Changes of labels. None of them changes a message, but that a message loses a label that is deleted.

use ::http::Method;
use serde_json::{Map, Value, json};

use super::{
    address::segment,
    folder_changes,
    labels::{self, RawLabel},
    request::Google,
};
use crate::providers::{
    color,
    google::permissions::GMAIL_LABELS,
    mailbox::{Label, MailError, MailProblem},
};

/// Maximum number of characters of a label's name.
const MAX_NAME: usize = 225;
const WRONG_NAME: &str = "Give a label a name of 1 to 225 characters, without control characters.";
const EXISTS: &str = "A label of this name is there already.";

/// The colours that a label can have (Gmail v1 discovery document, `LabelColor`).
const PALETTE: [&str; 102] = [
    "#000000", "#434343", "#666666", "#999999", "#cccccc", "#efefef", "#f3f3f3", "#ffffff", "#fb4c2f",
    "#ffad47", "#fad165", "#16a766", "#43d692", "#4a86e8", "#a479e2", "#f691b3", "#f6c5be", "#ffe6c7",
    "#fef1d1", "#b9e4d0", "#c6f3de", "#c9daf8", "#e4d7f5", "#fcdee8", "#efa093", "#ffd6a2", "#fce8b3",
    "#89d3b2", "#a0eac9", "#a4c2f4", "#d0bcf1", "#fbc8d9", "#e66550", "#ffbc6b", "#fcda83", "#44b984",
    "#68dfa9", "#6d9eeb", "#b694e8", "#f7a7c0", "#cc3a21", "#eaa041", "#f2c960", "#149e60", "#3dc789",
    "#3c78d8", "#8e63ce", "#e07798", "#ac2b16", "#cf8933", "#d5ae49", "#0b804b", "#2a9c68", "#285bac",
    "#653e9b", "#b65775", "#822111", "#a46a21", "#aa8831", "#076239", "#1a764d", "#1c4587", "#41236d",
    "#83334c", "#464646", "#e7e7e7", "#0d3472", "#b6cff5", "#0d3b44", "#98d7e4", "#3d188e", "#e3d7ff",
    "#711a36", "#fbd3e0", "#8a1c0a", "#f2b2a8", "#7a2e0b", "#ffc8af", "#7a4706", "#ffdeb5", "#594c05",
    "#fbe983", "#684e07", "#fdedc1", "#0b4f30", "#b3efd3", "#04502e", "#a2dcc1", "#c2c2c2", "#4986e7",
    "#2da2bb", "#b99aff", "#994a64", "#f691b2", "#ff7537", "#ffad46", "#662e37", "#ebdbde", "#cca6ac",
    "#094228", "#42d692", "#16a765",
];
const BLACK: &str = "#000000";
const WHITE: &str = "#ffffff";

/// The nearest colour that a label can have, with a text that can be read on it. Gmail takes only both together.
fn colors(wanted: &str) -> Result<Value, MailError> {
    let nearest = PALETTE.get(color::nearest(wanted, &PALETTE)?).copied().unwrap_or(WHITE);
    Ok(json!({ "backgroundColor": nearest, "textColor": text_on(nearest) }))
}

fn text_on(background: &str) -> &'static str {
    let [red, green, blue] = color::rgb(background).unwrap_or_default().map(u32::from);
    // How bright it looks, in thousandths of 255 (Rec. 601).
    let brightness =
        [(red, 299), (green, 587), (blue, 114)].map(|(part, weight)| part.saturating_mul(weight));
    if brightness.iter().sum::<u32>() > 140_000 { BLACK } else { WHITE }
}

/// # Errors
/// [`MailProblem::InvalidValue`] if no label can have this name.
fn check_name(name: &str) -> Result<(), MailError> {
    let is_sound =
        !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.contains(char::is_control);
    if is_sound { Ok(()) } else { Err(MailProblem::InvalidValue(WRONG_NAME).into()) }
}

fn explain(error: MailError) -> MailError {
    match error.problem {
        MailProblem::Conflict | MailProblem::FolderExists => {
            MailError { problem: MailProblem::InvalidValue(EXISTS), ..error }
        }
        _ => error,
    }
}

/// Creates a label with the colour that is nearest to `color`.
pub(super) async fn create(google: &Google<'_>, name: &str, color: Option<&str>) -> Result<Label, MailError> {
    check_name(name)?;
    let mut fields = Map::new();
    fields.insert("name".to_owned(), name.into());
    if let Some(color) = color {
        fields.insert("color".to_owned(), colors(color)?);
    }
    let known = labels::list(google).await?;
    if known.iter().any(|label| label.name == name) {
        return Err(MailProblem::InvalidValue(EXISTS).into());
    }
    let url = google.gmail("/labels");
    let body = Value::from(fields);
    let created = google.send_json(Method::POST, GMAIL_LABELS, &url, Some(&body)).await.map_err(explain)?;
    let label = RawLabel::read(&created).ok_or_else(|| MailError::from(MailProblem::Garbled))?.label();
    // Labels are listed by their names.
    let before = known.iter().filter(|known| known.name < label.name).count();
    Ok(Label { position: Some(before.saturating_add(1)), ..label })
}

/// Changes the name and the colour of a label of the user. With its name those of the labels within it change, as they are
/// folders too.
pub(super) async fn update(
    google: &Google<'_>,
    label: &str,
    name: Option<&str>,
    color: Option<&str>,
) -> Result<(), MailError> {
    if let Some(name) = name {
        check_name(name)?;
    }
    let colors = color.map(colors).transpose()?;
    labels::get(google, label).await?;
    if let Some(colors) = colors {
        let url = google.gmail(&format!("/labels/{}", segment(label)?));
        let body = json!({ "color": colors });
        google.send_only(Method::PATCH, GMAIL_LABELS, &url, Some(&body)).await?;
    }
    match name {
        Some(name) => folder_changes::rename_label(google, label, name).await.map_err(explain),
        None => Ok(()),
    }
}

/// Deletes a label of the user. Labels within it stay.
pub(super) async fn delete(google: &Google<'_>, label: &str) -> Result<(), MailError> {
    labels::get(google, label).await?;
    folder_changes::delete_label(google, label).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_gets_the_nearest_colour_with_a_text_that_can_be_read() {
        for (wanted, background, text) in [
            ("#fb4c2f", "#fb4c2f", WHITE),
            ("#FFFFFE", "#ffffff", BLACK),
            ("#010101", "#000000", WHITE),
            ("#fad165", "#fad165", BLACK),
            ("#4a86e7", "#4a86e8", WHITE),
        ] {
            let expected = json!({ "backgroundColor": background, "textColor": text });
            assert_eq!(colors(wanted), Ok(expected), "{wanted}");
        }
        let refused = colors("red").map_err(|error| error.problem);
        assert_eq!(refused, Err(MailProblem::InvalidValue(color::NO_COLOR)));
    }

    #[test]
    fn every_colour_is_one_and_is_named_once() {
        for (at, one) in PALETTE.iter().enumerate() {
            assert!(color::rgb(one).is_some(), "{one}");
            assert!(PALETTE.iter().skip(at + 1).all(|other| other != one), "{one}");
        }
    }
}

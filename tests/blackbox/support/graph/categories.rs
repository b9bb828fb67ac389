//! The categories of the mailbox. A message has the names of its categories, whether or not they are in the list.

use serde_json::{Value, json};

use super::{Answer, Asked, NOT_FOUND, Refusal, Reply, WRONG, query::Rules, state::State};

const RULES: Rules = Rules { properties: &["id", "displayName", "color"], unordered: &[], on_demand: &[] };
/// Number of preset colours.
const PRESETS: u8 = 25;
const EXISTS: Refusal = Refusal(409, "ErrorNameAlreadyExists");

fn is_color(color: &str) -> bool {
    let number = color.strip_prefix("preset").and_then(|number| number.parse::<u8>().ok());
    color == "none" || number.is_some_and(|number| number < PRESETS)
}

impl State {
    /// Answers a call of categories. `rest` is the path behind `masterCategories`.
    pub fn answer_categories(&mut self, asked: &Asked, method: &str, rest: &[&str]) -> Answer {
        let body = asked.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let position = |id: &str| {
            let at = self.categories.iter().position(|category| category["id"] == id);
            at.ok_or(NOT_FOUND)
        };
        let color = text("color").filter(|color| is_color(color));
        match (method, rest) {
            ("GET", []) => asked.page(&RULES, self.categories.clone()),
            ("POST", []) => {
                let (Some(name), Some(color), 2) = (text("displayName"), color, body.len()) else {
                    return Err(WRONG);
                };
                let is_same = |category: &Value| {
                    let known = category["displayName"].as_str().unwrap_or_default();
                    known.to_lowercase() == name.to_lowercase()
                };
                if self.categories.iter().any(is_same) {
                    return Err(EXISTS);
                }
                let id = format!("2b4e28ba-2fa1-11d2-883f-{:012x}", self.next_key());
                let category = json!({ "id": id, "displayName": name, "color": color });
                self.categories.push(category.clone());
                Ok(Reply::Json(201, category))
            }
            ("PATCH", [id]) => {
                let at = position(id)?;
                // The name of a category never changes (Microsoft Graph, outlookCategory: update).
                let color = color.filter(|_| body.len() == 1).ok_or(WRONG)?;
                self.categories[at]["color"] = color.into();
                Ok(Reply::Json(200, self.categories[at].clone()))
            }
            ("DELETE", [id]) => {
                let at = position(id)?;
                self.categories.remove(at);
                Ok(Reply::Empty(204))
            }
            _ => Err(WRONG),
        }
    }
}

//! The calls of labels.

use serde_json::{Value, json};

use super::{Asked, Reply, done, missing, refusal, state::State, wrong};

/// The labels of the system.
const SYSTEM: [&str; 14] = [
    "INBOX",
    "SENT",
    "DRAFT",
    "SPAM",
    "TRASH",
    "UNREAD",
    "STARRED",
    "IMPORTANT",
    "CHAT",
    "CATEGORY_PERSONAL",
    "CATEGORY_SOCIAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_UPDATES",
    "CATEGORY_FORUMS",
];

/// A label of the user.
#[derive(Clone)]
pub struct Label {
    pub id: String,
    name: String,
    color: Option<Value>,
}

pub fn is_systems(id: &str) -> bool {
    SYSTEM.contains(&id)
}

impl State {
    pub fn has_label(&self, id: &str) -> bool {
        is_systems(id) || self.labels.iter().any(|label| label.id == id)
    }

    pub fn answer_labels(&mut self, asked: &Asked) -> Reply {
        let path: Vec<&str> = asked.path.iter().skip(1).map(String::as_str).collect();
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", []) => {
                let system = SYSTEM.iter().map(|id| json!({ "id": id, "name": id, "type": "system" }));
                let labels: Vec<Value> = system.chain(self.labels.iter().map(Label::shown)).collect();
                (200, json!({ "labels": labels }))
            }
            ("GET", [id]) => self.one_label(id),
            ("POST", []) => self.create_label(&asked.json()),
            ("PATCH" | "PUT", [id]) => self.update_label(id, &asked.json()),
            ("DELETE", [id]) if is_systems(id) => wrong("Invalid delete request"),
            ("DELETE", [id]) if self.has_label(id) => {
                self.labels.retain(|label| label.id != *id);
                let within: Vec<u64> = self
                    .letters
                    .iter()
                    .filter(|letter| letter.labels.contains(*id))
                    .map(|letter| letter.id)
                    .collect();
                for message in within {
                    self.note("labelsRemoved", message, &[(*id).to_owned()]);
                    self.letter(message).expect("it was found").labels.remove(*id);
                }
                done()
            }
            _ => missing(),
        }
    }

    fn one_label(&self, id: &str) -> Reply {
        let label = self.labels.iter().find(|label| label.id == id).map(Label::shown);
        let label =
            label.or_else(|| is_systems(id).then(|| json!({ "id": id, "name": id, "type": "system" })));
        let Some(mut label) = label else { return missing() };
        let within = || self.letters.iter().filter(|letter| letter.labels.contains(id));
        label["messagesTotal"] = within().count().into();
        label["messagesUnread"] = within().filter(|letter| letter.labels.contains("UNREAD")).count().into();
        (200, label)
    }

    /// Why a label cannot have this name.
    fn refused_name(&self, name: &str, own: &str) -> Option<Reply> {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        if name.trim().is_empty() || SYSTEM.iter().any(|system| same(system)) {
            return Some(wrong("Invalid label name"));
        }
        let is_taken = self.labels.iter().any(|label| label.id != own && same(&label.name));
        is_taken.then(|| refusal(409, "aborted", "ABORTED", "Label name exists or conflicts"))
    }

    fn create_label(&mut self, body: &Value) -> Reply {
        let name = body["name"].as_str().unwrap_or_default();
        if let Some(reply) = self.refused_name(name, "") {
            return reply;
        }
        self.made += 1;
        let id = format!("Label_{}", self.made);
        let label = Label { id, name: name.to_owned(), color: body.get("color").cloned() };
        let shown = label.shown();
        self.labels.push(label);
        (200, shown)
    }

    fn update_label(&mut self, id: &str, body: &Value) -> Reply {
        if is_systems(id) {
            return wrong("Invalid update request");
        }
        let name = body["name"].as_str();
        if let Some(reply) = name.and_then(|name| self.refused_name(name, id)) {
            return reply;
        }
        let Some(label) = self.labels.iter_mut().find(|label| label.id == id) else { return missing() };
        if let Some(name) = name {
            name.clone_into(&mut label.name);
        }
        if let Some(color) = body.get("color") {
            label.color = Some(color.clone());
        }
        (200, label.shown())
    }
}

impl Label {
    fn shown(&self) -> Value {
        let mut shown = json!({ "id": self.id, "name": self.name, "type": "user" });
        if let Some(color) = &self.color {
            shown["color"] = color.clone();
        }
        shown
    }
}

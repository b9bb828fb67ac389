//! The changes of the mailbox since an earlier state.

use serde_json::{Value, json};

use super::{
    Asked, Reply, missing,
    state::{State, hex},
    wrong,
};

/// The name of the state before the first change.
const FIRST: usize = 4_000;
/// The size of a page of changes: its name, the usual one, and the largest.
const PAGE: (&str, usize, usize) = ("maxResults", 100, 500);

/// A change of one message.
pub struct Change {
    kind: &'static str,
    message: Value,
    labels: Vec<String>,
}

impl State {
    /// Notes a change of a message: `messagesAdded`, `messagesDeleted`, `labelsAdded` or `labelsRemoved`.
    pub fn note(&mut self, kind: &'static str, id: u64, labels: &[String]) {
        let Some(letter) = self.letter(id) else { return };
        let message = json!({ "id": hex(letter.id), "threadId": hex(letter.thread) });
        self.journal.push(Change { kind, message, labels: labels.to_vec() });
    }

    /// The name of the present state.
    pub fn history_id(&self) -> String {
        (FIRST + self.journal.len()).to_string()
    }

    /// Deletes a message for good.
    pub fn remove(&mut self, id: u64) {
        self.note("messagesDeleted", id, &[]);
        self.letters.retain(|letter| letter.id != id);
    }

    pub fn answer_history(&self, asked: &Asked) -> Reply {
        let start: Option<usize> = asked.one("startHistoryId").and_then(|start| start.parse().ok());
        let Some(start) = start.filter(|start| *start > 0) else { return wrong("Invalid startHistoryId") };
        let Some(seen) = start.checked_sub(FIRST).filter(|seen| *seen <= self.journal.len()) else {
            return missing();
        };
        let kinds = asked.all("historyTypes");
        let is_wanted = |change: &Change| {
            let wanted = kinds.iter().any(|kind| match *kind {
                "messageAdded" => change.kind == "messagesAdded",
                "messageDeleted" => change.kind == "messagesDeleted",
                "labelAdded" => change.kind == "labelsAdded",
                "labelRemoved" => change.kind == "labelsRemoved",
                _ => false,
            });
            wanted || kinds.is_empty()
        };
        let changes = self.journal.iter().enumerate().skip(seen).filter(|(_, change)| is_wanted(change));
        let records = changes.map(|(number, change)| {
            let mut one = json!({ "message": change.message });
            if !change.labels.is_empty() {
                one["labelIds"] = change.labels.iter().cloned().collect();
            }
            let mut record = json!({ "id": (FIRST + number + 1).to_string(), "messages": [change.message] });
            record[change.kind] = vec![one].into();
            record
        });
        let (status, mut answer) = asked.page("history", records.collect(), PAGE);
        if status == 200 {
            answer["historyId"] = self.history_id().into();
        }
        (status, answer)
    }
}

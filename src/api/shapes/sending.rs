//! Messages that were sent, and drafts that were made.

use serde::Serialize;
use utoipa::ToSchema;

use crate::mail::{
    schedules::ScheduleId,
    sending::{self, Shown},
};

/// A message that was sent, or that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The id of the message in the mailbox. Its Message-ID if the mailbox has granted sending only; `sch_…` if it waits
    /// for its time.
    pub message_id: String,
    /// The Message-ID in the header of the message. Absent if it waits for its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet_message_id: Option<String>,
    /// As it was given.
    pub from_address: String,
    /// As it was given.
    pub to_address: String,
    /// As it was given.
    pub subject: String,
    /// What the recipients' companies may not accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}

/// A draft that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedDraft {
    /// With Outlook the draft keeps this id when it is sent: then it is the messageId.
    pub draft_id: String,
    /// As it was given.
    pub from_address: String,
    /// As it was given.
    pub to_address: String,
    /// As it was given.
    pub subject: String,
    /// What the recipients' companies may not accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<&'static str>,
}

impl Sent {
    /// A message that waits for its time.
    pub fn scheduled(id: ScheduleId, Shown { from, to, subject }: Shown) -> Self {
        Self {
            message_id: id.name(),
            internet_message_id: None,
            from_address: from,
            to_address: to,
            subject,
            warning: None,
        }
    }
}

impl From<sending::Sent> for Sent {
    fn from(sent: sending::Sent) -> Self {
        let Shown { from, to, subject } = sent.shown;
        Self {
            message_id: sent.message_id,
            internet_message_id: Some(sent.internet_message_id).filter(|id| !id.is_empty()),
            from_address: from,
            to_address: to,
            subject,
            warning: sent.warning,
        }
    }
}

impl From<sending::CreatedDraft> for CreatedDraft {
    fn from(created: sending::CreatedDraft) -> Self {
        let Shown { from, to, subject } = created.shown;
        Self {
            draft_id: created.draft_id,
            from_address: from,
            to_address: to,
            subject,
            warning: created.warning,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown() -> Shown {
        Shown {
            from: "grace@x.test".to_owned(),
            to: "\"Doe, J\" <j@x.test>".to_owned(),
            subject: "Hi".to_owned(),
        }
    }

    fn json_of(value: impl Serialize) -> Value {
        serde_json::to_value(value).expect("JSON")
    }

    #[test]
    fn a_sent_message_has_mail360s_fields_and_its_message_id() {
        let sent = sending::Sent {
            message_id: "AAMk=".to_owned(),
            internet_message_id: "<1@x.test>".to_owned(),
            shown: shown(),
            warning: Some("It is large."),
            is_replay: false,
        };
        let expected = json!({
            "messageId": "AAMk=", "internetMessageId": "<1@x.test>", "fromAddress": "grace@x.test",
            "toAddress": "\"Doe, J\" <j@x.test>", "subject": "Hi", "warning": "It is large.",
        });
        assert_eq!(json_of(Sent::from(sent)), expected);
    }

    #[test]
    fn what_is_not_known_of_a_message_is_absent() {
        let sent = sending::Sent {
            message_id: "AAMk=".to_owned(),
            internet_message_id: String::new(),
            shown: Shown::default(),
            warning: None,
            is_replay: true,
        };
        let expected = json!({ "messageId": "AAMk=", "fromAddress": "", "toAddress": "", "subject": "" });
        assert_eq!(json_of(Sent::from(sent)), expected);
    }

    #[test]
    fn a_message_that_waits_has_the_id_of_its_schedule() {
        let id = ScheduleId("0197f0c0-0000-7000-8000-000000000001".parse().expect("an id"));
        let expected = json!({
            "messageId": "sch_0197f0c0000070008000000000000001", "fromAddress": "grace@x.test",
            "toAddress": "\"Doe, J\" <j@x.test>", "subject": "Hi",
        });
        assert_eq!(json_of(Sent::scheduled(id, shown())), expected);
    }

    #[test]
    fn a_draft_that_was_made_has_the_id_of_the_lists() {
        let created = sending::CreatedDraft {
            draft_id: "draft-1".to_owned(),
            internet_message_id: "<1@x.test>".to_owned(),
            shown: shown(),
            warning: None,
            is_replay: false,
        };
        let expected = json!({
            "draftId": "draft-1", "fromAddress": "grace@x.test", "toAddress": "\"Doe, J\" <j@x.test>", "subject": "Hi",
        });
        assert_eq!(json_of(CreatedDraft::from(created)), expected);
    }
}

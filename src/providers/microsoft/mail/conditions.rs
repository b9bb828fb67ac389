//! The conditions of a list of messages: as a filter for Graph, and judged here.
//!
//! Exchange refuses some filters together with an order (`InefficientFilter`), and which ones differs between
//! mailboxes. So every condition can be judged here too, and is judged here in any case.

use super::{address::literal, labels};
use crate::providers::mailbox::{MailError, Message, MessageQuery};

/// The conditions of a list besides its folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    /// Ids of folders whose messages are left out. Graph is not asked for this.
    pub(super) excluded: Vec<String>,
    /// The id of a label, and its name.
    pub(super) label: Option<(String, String)>,
    pub(super) is_read: Option<bool>,
    pub(super) has_attachment: Option<bool>,
    pub(super) is_flagged: Option<bool>,
    pub(super) is_draft: Option<bool>,
}

impl Conditions {
    pub(super) fn of(query: &MessageQuery) -> Result<Self, MailError> {
        let label = query.label.as_ref().map(|id| Ok::<_, MailError>((id.clone(), labels::name_of(id)?)));
        Ok(Self {
            excluded: Vec::new(),
            label: label.transpose()?,
            is_read: query.is_read,
            has_attachment: query.has_attachment,
            is_flagged: query.is_flagged,
            is_draft: None,
        })
    }

    /// What Graph can judge, to follow another condition of `$filter`.
    pub(super) fn filter(&self) -> String {
        let is = |name: &str, value: Option<bool>| value.map(|value| format!("{name} eq {value}"));
        let flagged = self.is_flagged.map(|is_flagged| {
            let operator = if is_flagged { "eq" } else { "ne" };
            format!("flag/flagStatus {operator} 'flagged'")
        });
        let label = self.label.as_ref().map(|(_, name)| format!("categories/any(c:c eq {})", literal(name)));
        let all = [
            is("isRead", self.is_read),
            is("hasAttachments", self.has_attachment),
            is("isDraft", self.is_draft),
            flagged,
            label,
        ];
        all.into_iter().flatten().fold(String::new(), |filter, condition| filter + " and " + &condition)
    }

    /// Whether Graph judges everything if it takes [`Self::filter`].
    pub(super) const fn is_for_graph(&self) -> bool {
        self.excluded.is_empty()
    }

    /// Whether a message is in the list.
    pub(super) fn hold(&self, message: &Message) -> bool {
        let is = |wanted: Option<bool>, value: Option<bool>| {
            wanted.is_none_or(|wanted| value.unwrap_or_default() == wanted)
        };
        let is_excluded = message.folder.as_ref().is_some_and(|folder| self.excluded.contains(folder));
        let has_label = self.label.as_ref().is_none_or(|(id, _)| message.labels.contains(id));
        !is_excluded
            && has_label
            && is(self.is_read, message.is_read)
            && is(self.has_attachment, message.has_attachment)
            && is(self.is_flagged, message.is_flagged)
            && is(self.is_draft, Some(message.is_draft))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> MessageQuery {
        MessageQuery { limit: 10, ..MessageQuery::default() }
    }

    #[test]
    fn every_condition_is_asked_of_graph_and_judged_here() {
        let bare = Conditions::of(&query()).expect("conditions");
        assert_eq!((bare.filter().as_str(), bare.hold(&Message::default())), ("", true));
        let label = labels::id_of("It's blue");
        let all = Conditions::of(&MessageQuery {
            label: Some(label.clone()),
            is_read: Some(false),
            has_attachment: Some(true),
            is_flagged: Some(true),
            ..query()
        })
        .expect("conditions");
        assert_eq!(
            all.filter(),
            " and isRead eq false and hasAttachments eq true and flag/flagStatus eq 'flagged' \
             and categories/any(c:c eq 'It''s blue')"
        );
        let right = Message {
            labels: vec![label],
            is_read: Some(false),
            has_attachment: Some(true),
            is_flagged: Some(true),
            ..Message::default()
        };
        assert!(all.hold(&right));
        for wrong in [
            Message { labels: Vec::new(), ..right.clone() },
            Message { is_read: Some(true), ..right.clone() },
            Message { has_attachment: None, ..right.clone() },
            Message { is_flagged: Some(false), ..right.clone() },
        ] {
            assert!(!all.hold(&wrong), "{wrong:?}");
        }
        let excluding = Conditions { excluded: vec!["trash".to_owned()], ..all };
        assert!(!excluding.hold(&Message { folder: Some("trash".to_owned()), ..right.clone() }));
        assert!(excluding.hold(&Message { folder: Some("inbox".to_owned()), ..right }));
        assert!(Conditions::of(&MessageQuery { label: Some("?".to_owned()), ..query() }).is_err());
    }
}

//! The parts of a message: which of them are its text, and which are attachments (RFC 2045, RFC 2183).

use serde_json::Value;

use super::json::{items, number, owned, text};
use crate::providers::{
    mailbox::{Attachment, AttachmentKind},
    mime::MARK,
};

/// Maximum number of parts within each other that are looked at, and for which `fields` asks.
const MAX_DEPTH: usize = 10;
/// Maximum number of parts that are looked at.
const MAX_PARTS: usize = 2_000;
/// The id of a message that is one part. Gmail's id of it is empty. Parts of such a message are not looked at, so that
/// none of them has this id.
const ROOT: &str = "0";
/// What is between the number of a part and its mark in the id of an attachment.
const BEFORE_MARK: char = '-';
/// Maximum number of characters of a mark that is used.
const MAX_MARK: usize = 64;
/// What is asked of a part.
const OF_PART: &str = "partId,mimeType,filename,headers,body(size,attachmentId";

/// The members of a message's root part for `fields`, with those of the parts within it, and with the content of texts
/// if `has_data`.
pub(super) fn fields(has_data: bool) -> String {
    let data = if has_data { ",data)" } else { ")" };
    let innermost = format!("{OF_PART}{data}");
    (1..MAX_DEPTH).fold(innermost, |within, _| format!("{OF_PART}{data},parts({within})"))
}

/// The value of the first header field with this name of a message's root part or another part, as Gmail has it: it may
/// have words that are encoded (RFC 2047).
pub(super) fn header<'v>(part: &'v Value, name: &str) -> Option<&'v str> {
    let is_named = |field: &&Value| text(field, "name").is_some_and(|known| known.eq_ignore_ascii_case(name));
    text(items(part, "headers").iter().find(is_named)?, "value")
}

/// The number of the part in the id of an attachment, and the mark of the file.
pub(super) fn read_id(id: &str) -> (&str, Option<&str>) {
    id.split_once(BEFORE_MARK).map_or((id, None), |(number, mark)| (number, Some(mark)))
}

/// A part that has no parts within it, or is a message.
#[derive(Clone, Copy)]
pub(super) struct Part<'v> {
    value: &'v Value,
    is_root: bool,
}

/// The parts of a message in their order. What is within an attached message belongs to that.
pub(super) fn leaves(root: &Value) -> Vec<Part<'_>> {
    let mut leaves = Vec::new();
    let mut waiting = vec![(root, 1_usize)];
    while let Some((value, depth)) = waiting.pop() {
        let within = items(value, "parts");
        let part = Part { value, is_root: depth == 1 };
        if part.is_message() || (within.is_empty() && !part.has_type("multipart/")) {
            leaves.push(part);
        } else if depth < MAX_DEPTH {
            waiting.extend(within.iter().rev().map(|part| (part, depth.saturating_add(1))));
        }
        if leaves.len() >= MAX_PARTS {
            break;
        }
    }
    leaves
}

impl<'v> Part<'v> {
    /// Its id within the message, which stays the same. That of its content changes from one answer to the next.
    pub(super) fn id(&self) -> &'v str {
        let id = text(self.value, "partId");
        if self.is_root { id.unwrap_or(ROOT) } else { id.unwrap_or_default() }
    }

    /// The mark by which its file is known again in a draft whose parts have changed. Gmail gives one to files, and so does
    /// this program.
    pub(super) fn mark(&self) -> Option<&'v str> {
        let mark = self.header(MARK)?.trim();
        let is_sound = mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_sound && (1..=MAX_MARK).contains(&mark.len())).then_some(mark)
    }

    /// Its id as an attachment.
    fn attachment_name(&self) -> String {
        let number = self.id();
        self.mark().map_or_else(|| number.to_owned(), |mark| format!("{number}{BEFORE_MARK}{mark}"))
    }

    pub(super) fn mime_type(&self) -> &'v str {
        text(self.value, "mimeType").unwrap_or_default()
    }

    fn has_type(&self, beginning: &str) -> bool {
        self.mime_type().get(..beginning.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(beginning))
    }

    fn is_message(&self) -> bool {
        self.mime_type().eq_ignore_ascii_case("message/rfc822")
    }

    pub(super) fn header(&self, name: &str) -> Option<&'v str> {
        header(self.value, name)
    }

    fn has_name(&self) -> bool {
        text(self.value, "filename").is_some()
    }

    /// The content, as base64url, if it came with the message.
    pub(super) fn data(&self) -> Option<&'v str> {
        self.value.get("body").and_then(|body| text(body, "data"))
    }

    /// The id by which Gmail gives the content. It is good only for a while.
    pub(super) fn attachment_id(&self) -> Option<&'v str> {
        self.value.get("body").and_then(|body| text(body, "attachmentId"))
    }

    /// The number of bytes of the content.
    pub(super) fn size(&self) -> Option<u64> {
        self.value.get("body").and_then(|body| number(body, "size"))
    }

    fn is_for_saving(&self) -> bool {
        let disposition = self.header("Content-Disposition").unwrap_or_default();
        let kind = disposition.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("attachment")
    }

    /// The Content-ID without angle brackets.
    fn content_id(&self) -> Option<&'v str> {
        let id = self.header("Content-ID")?.trim().trim_matches(['<', '>']);
        (!id.is_empty()).then_some(id)
    }

    /// Whether it is a text of the message. Texts with a name are files.
    pub(super) fn is_text(&self) -> bool {
        self.has_type("text/") && !self.has_name() && !self.is_for_saving()
    }

    pub(super) fn is_html(&self) -> bool {
        self.is_text() && self.mime_type().eq_ignore_ascii_case("text/html")
    }

    pub(super) fn is_plain(&self) -> bool {
        self.is_text() && self.mime_type().eq_ignore_ascii_case("text/plain")
    }

    /// Whether it is an attachment: whatever is no text of the message. A part without a name and content is none.
    pub(super) fn is_attachment(&self) -> bool {
        !self.is_text() && (self.is_message() || self.has_name() || self.size().unwrap_or_default() > 0)
    }

    /// Whether the text shows it: it can name it by its Content-ID. Many programs give one to every attachment.
    pub(super) fn is_inline(&self) -> bool {
        self.is_attachment() && !self.is_message() && self.content_id().is_some() && !self.is_for_saving()
    }

    /// The attachment, without its content.
    pub(super) fn attachment(&self) -> Attachment {
        Attachment {
            id: self.attachment_name(),
            name: super::read::decoded(text(self.value, "filename").unwrap_or_default()),
            content_type: owned(self.value, "mimeType"),
            size: self.size(),
            is_inline: self.is_inline(),
            content_id: self.content_id().map(str::to_owned),
            kind: if self.is_message() { AttachmentKind::Item } else { AttachmentKind::File },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn part(id: &str, kind: &str, name: &str, headers: &[(&str, &str)]) -> Value {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({ "partId": id, "mimeType": kind, "filename": name, "headers": headers, "body": { "size": 3 } })
    }

    fn within(id: &str, kind: &str, parts: &[Value]) -> Value {
        json!({ "partId": id, "mimeType": kind, "filename": "", "body": { "size": 0 }, "parts": parts })
    }

    /// A message with texts, an image in its text, a file and an attached message.
    fn whole() -> Value {
        let texts = [part("0.0.0", "text/plain", "", &[]), part("0.0.1", "text/html", "", &[])];
        let cid = [("content-id", "<a@b>"), ("Content-Disposition", "inline; filename=a.png")];
        let related =
            [within("0.0", "multipart/alternative", &texts), part("0.1", "image/png", "a.png", &cid)];
        let file = [("Content-ID", "<c@d>"), ("Content-Disposition", "attachment; filename=b.pdf")];
        let mut attached = part("2", "message/rfc822", "", &[]);
        attached["parts"] =
            json!([part("2.0", "text/html", "", &[]), part("2.1", "image/png", "c.png", &[])]);
        within(
            "",
            "multipart/mixed",
            &[
                within("0", "multipart/related", &related),
                part("1", "application/pdf", "b.pdf", &file),
                attached,
                part("3", "text/csv", "d.csv", &[]),
                part("4", "text/calendar", "", &[]),
            ],
        )
    }

    #[test]
    fn texts_are_told_from_attachments_and_these_from_what_a_text_shows() {
        let whole = whole();
        let leaves = leaves(&whole);
        let of = |is: &dyn Fn(&Part<'_>) -> bool| {
            leaves.iter().filter(|part| is(part)).map(Part::id).collect::<Vec<_>>()
        };
        assert_eq!(of(&|_| true), ["0.0.0", "0.0.1", "0.1", "1", "2", "3", "4"]);
        assert_eq!(of(&|part| part.is_plain()), ["0.0.0"]);
        assert_eq!(of(&|part| part.is_html()), ["0.0.1"]);
        assert_eq!(of(&|part| part.is_attachment()), ["0.1", "1", "2", "3"]);
        assert_eq!(of(&|part| part.is_inline()), ["0.1"]);
        let image = leaves[2].attachment();
        let expected = Attachment {
            id: "0.1".to_owned(),
            name: "a.png".to_owned(),
            content_type: Some("image/png".to_owned()),
            size: Some(3),
            is_inline: true,
            content_id: Some("a@b".to_owned()),
            kind: AttachmentKind::File,
        };
        assert_eq!(image, expected);
        assert_eq!(leaves[4].attachment().kind, AttachmentKind::Item);
    }

    #[test]
    fn the_id_of_an_attachment_has_the_mark_of_its_file_if_that_is_sound() {
        let long = "m".repeat(65);
        for (mark, expected) in
            [("f_kq1", "1-f_kq1"), (" f_kq1 ", "1-f_kq1"), ("a,b", "1"), ("é", "1"), (long.as_str(), "1")]
        {
            let file = part("1", "application/pdf", "a.pdf", &[("x-attachment-id", mark)]);
            let id = within("", "multipart/mixed", &[file]);
            let id = leaves(&id)[0].attachment().id;
            assert_eq!(id, expected, "{mark}");
        }
        assert_eq!(read_id("0.1-f_kq1"), ("0.1", Some("f_kq1")));
        assert_eq!(read_id("0.1"), ("0.1", None));
    }

    #[test]
    fn a_message_that_is_one_file_has_an_attachment_with_an_id() {
        let pdf = part("", "application/pdf", "a.pdf", &[]);
        let ids: Vec<_> = leaves(&pdf).iter().map(|part| (part.id(), part.is_attachment())).collect();
        assert_eq!(ids, [("0", true)]);
        let empty = json!({ "mimeType": "multipart/mixed" });
        assert!(leaves(&empty).is_empty());
    }

    #[test]
    fn the_fields_ask_for_parts_within_parts_and_for_content_only_where_wanted() {
        let fields = [fields(false), fields(true)];
        assert!(!fields[0].contains("data") && fields[1].contains("body(size,attachmentId,data)"));
        for fields in fields {
            assert_eq!(fields.matches("parts(").count(), MAX_DEPTH - 1);
            assert_eq!(fields.matches('(').count(), fields.matches(')').count());
        }
    }

    #[test]
    fn a_message_of_endless_parts_ends() {
        let deep = (0..100)
            .fold(part("x", "text/plain", "", &[]), |inner, _| within("x", "multipart/mixed", &[inner]));
        assert!(leaves(&deep).is_empty());
        let many: Vec<_> = (0..5_000).map(|_| part("x", "text/plain", "", &[])).collect();
        assert_eq!(leaves(&within("", "multipart/mixed", &many)).len(), MAX_PARTS);
    }

    proptest! {
        #[test]
        fn a_part_of_any_type_and_name_is_read(kind in "\\PC{0,9}", name in "\\PC{0,9}", id in "\\PC{0,9}") {
            let value = part(&id, &kind, &name, &[("Content-Disposition", &kind), ("Content-ID", &name)]);
            for leaf in leaves(&value) {
                prop_assert!(!(leaf.is_text() && leaf.is_attachment()));
                leaf.attachment();
            }
        }
    }
}

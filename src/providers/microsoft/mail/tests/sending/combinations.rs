//! The sender, the files, the thread and the form of the text, in every combination and in both ways to send.

use ::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::{MessageParser, MimeHeaders};

use super::{wire::empty, *};
use crate::providers::mailbox::OutgoingFile;

const OWN: &str = "me@contoso.test";
const ALIAS: &str = "alias@contoso.test";
const ANSWERED: &str = "<0@b.test>";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thread {
    None,
    /// The message names what it answers.
    Named,
    /// It answers a message of the mailbox.
    Answer,
}

#[derive(Clone, Copy, Debug)]
struct Combination {
    has_alias: bool,
    has_file: bool,
    is_html: bool,
    thread: Thread,
}

fn combinations() -> Vec<Combination> {
    let mut all = Vec::new();
    for thread in [Thread::None, Thread::Named, Thread::Answer] {
        for has_alias in [false, true] {
            for has_file in [false, true] {
                all.extend([false, true].map(|is_html| Combination { has_alias, has_file, is_html, thread }));
            }
        }
    }
    all
}

impl Combination {
    fn message(self) -> Outgoing {
        let is_named = self.thread == Thread::Named;
        let text = if self.is_html { "<p>Own text</p>" } else { "Own text" };
        Outgoing {
            basis: if self.thread == Thread::Answer { Basis::Reply("m".to_owned()) } else { Basis::New },
            from: self.has_alias.then(|| person(ALIAS)),
            content: Some(Content { text: text.to_owned(), is_html: self.is_html }),
            in_reply_to: is_named.then(|| ANSWERED.to_owned()),
            references: if is_named { vec![ANSWERED.to_owned()] } else { Vec::new() },
            ..outgoing()
        }
    }

    fn files(self) -> Vec<OutgoingFile> {
        self.has_file.then(|| file("a.pdf", b"content".to_vec())).into_iter().collect()
    }

    /// The answers to what is read before the message is made.
    fn replies(self) -> Vec<Reply> {
        if self.thread == Thread::Answer { vec![original()] } else { Vec::new() }
    }

    /// Checks a message in the JSON of Graph, but for its files.
    fn assert_fields(self, fields: &Value) {
        assert_eq!(fields["internetMessageId"], MESSAGE_ID, "{self:?}");
        let from = fields.pointer("/from/emailAddress/address").and_then(Value::as_str);
        assert_eq!(from, self.has_alias.then_some(ALIAS), "{self:?}");
        let body = &fields["body"];
        assert_eq!(body["contentType"], if self.is_html { "html" } else { "text" }, "{self:?}");
        assert!(body["content"].as_str().is_some_and(|text| text.contains("Own text")), "{self:?}: {body}");
        let answered = fields.pointer("/singleValueExtendedProperties/0/value").and_then(Value::as_str);
        assert_eq!(answered, (self.thread == Thread::Named).then_some(ANSWERED), "{self:?}");
    }

    /// Checks a message in MIME.
    fn assert_source(self, source: &[u8]) {
        let read = MessageParser::default().parse(source).expect("a message");
        assert_eq!(read.message_id(), Some("1@mail360.test"), "{self:?}");
        assert_eq!(read.in_reply_to().as_text(), Some("0@b.test"), "{self:?}");
        let sender = read.from().and_then(|from| from.first()).and_then(|from| from.address());
        assert_eq!(sender, Some(OWN), "{self:?}");
        assert!(read.body_text(0).is_some_and(|text| text.contains("Own text")), "{self:?}");
        assert_eq!(String::from_utf8_lossy(source).contains("text/html"), self.is_html, "{self:?}");
        let name = read.attachment(0).and_then(|file| file.attachment_name());
        assert_eq!(name, self.has_file.then_some("a.pdf"), "{self:?}");
    }
}

#[tokio::test]
async fn a_draft_has_its_sender_files_thread_and_text_in_every_combination() {
    for one in combinations() {
        let mut replies = one.replies();
        replies.push(found(json!({ "id": "d1" })));
        if one.has_file {
            replies.extend([found(json!({ "value": [] })), found(json!({ "id": "a1" }))]);
        }
        let wire = Wire::of(OWN, replies);
        let draft = wire.mailbox.create_draft(&wire.call(), &one.message(), &[]).await.expect("a draft");
        for file in one.files() {
            wire.mailbox.attach(&wire.call(), &draft, &file).await.expect("a file");
        }
        let sent = wire.sent();
        let mut made = sent.iter().filter(|sent| sent.method == Method::POST);
        let message = made.next().expect("a draft").json();
        one.assert_fields(if one.thread == Thread::Answer { &message["message"] } else { &message });
        let names: Vec<Value> = made.map(|sent| sent.json()["name"].clone()).collect();
        assert_eq!(names, vec![json!("a.pdf"); usize::from(one.has_file)], "{one:?}");
    }
}

#[tokio::test]
async fn a_message_without_a_draft_has_them_in_every_combination() {
    for one in combinations() {
        let mut replies = one.replies();
        replies.push(empty(202));
        let wire = Wire::of(OWN, replies);
        let sent = wire.mailbox.send_at_once(&wire.call(), &one.message(), &one.files()).await;
        sent.expect("accepted");
        let sent = wire.sent().pop().expect("a message");
        // Graph replaces another sender of a message in MIME, and takes the fields of a thread in MIME alone.
        let is_mime = one.thread == Thread::Named && !one.has_alias;
        assert_eq!(sent.header("content-type") == "text/plain", is_mime, "{one:?}");
        if is_mime {
            one.assert_source(&STANDARD.decode(&sent.body).expect("base64"));
            continue;
        }
        let whole = sent.json();
        one.assert_fields(&whole["message"]);
        let name = whole.pointer("/message/attachments/0/name").and_then(Value::as_str);
        assert_eq!(name, one.has_file.then_some("a.pdf"), "{one:?}");
    }
}

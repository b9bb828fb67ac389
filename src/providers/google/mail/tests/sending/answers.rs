//! Answers and forwarded messages, which this program makes whole.

use super::*;

/// What Gmail answers about the original, with these further header fields, whichever members are asked for.
fn original(from: &str, headers: &[(&str, &str)]) -> Reply {
    let fixed = [
        ("From", from),
        ("To", "Ada <ada@contoso.test>, bob@b.test"),
        ("Cc", "carol@b.test, alias@contoso.test, bob@b.test"),
        ("Subject", "Plans"),
        ("Message-ID", "<9@b.test>"),
        ("References", "<7@b.test> <8@b.test>"),
        ("Date", "Sat, 28 Nov 2026 09:30:00 +0000"),
    ];
    let headers: Vec<_> =
        fixed.iter().chain(headers).map(|(name, value)| json!({ "name": name, "value": value })).collect();
    found(json!({
        "id": "9", "threadId": "9f", "labelIds": ["INBOX"], "internalDate": "1795858200000", "sizeEstimate": 100,
        "payload": {
            "partId": "", "mimeType": "text/plain", "filename": "", "headers": headers,
            "body": { "size": 8, "data": "T2xkIHRleHQ" },
        },
    }))
}

/// The original as the calls for its metadata, its header and its text get it.
fn originals(from: &str, headers: &[(&str, &str)]) -> Vec<Reply> {
    (0..3).map(|_| original(from, headers)).collect()
}

fn answer_to(basis: Basis) -> Outgoing {
    let content = Some(Content { text: "New".to_owned(), is_html: false });
    Outgoing { basis, message_id: MESSAGE_ID.to_owned(), content, ..Outgoing::default() }
}

/// The message that is made of an answer, with the JSON beside it.
async fn made_of(message: &Outgoing, replies: Vec<Reply>) -> (serde_json::Value, String) {
    let wire = Wire::of(OWN, replies.into_iter().chain([made()]));
    wire.mailbox.create_draft(&wire.call(), message, &[]).await.expect("a draft");
    wire.sent().last().expect("a draft").message()
}

fn field<'m>(message: &'m str, name: &str) -> Vec<&'m str> {
    let (head, _) = message.split_once("\r\n\r\n").unwrap_or((message, ""));
    let mut lines = head.split("\r\n").skip_while(|line| !line.starts_with(&format!("{name}: ")));
    let first = lines.next().and_then(|line| line.split_once(": ")).map(|(_, value)| value);
    first.into_iter().chain(lines.take_while(|line| line.starts_with(' ')).map(str::trim)).collect()
}

/// The email addresses of a field.
fn emails(message: &str, name: &str) -> Vec<String> {
    let value = field(message, name).concat();
    value
        .split('<')
        .skip(1)
        .filter_map(|part| part.split_once('>'))
        .map(|(email, _)| email.to_owned())
        .collect()
}

#[tokio::test]
async fn an_answer_has_the_thread_the_ids_and_the_subject_of_its_original() {
    let reply = answer_to(Basis::Reply("9".to_owned()));
    let (resource, message) = made_of(&reply, originals("Bob <bob@b.test>", &[])).await;
    assert_eq!(resource, json!({ "message": { "threadId": "9f" } }));
    assert_eq!(field(&message, "In-Reply-To"), ["<9@b.test>"]);
    assert_eq!(field(&message, "References").join(" "), "<7@b.test> <8@b.test> <9@b.test>");
    assert_eq!(field(&message, "Subject"), ["Re: Plans"]);
    assert_eq!(emails(&message, "To"), ["bob@b.test"]);
    assert!(field(&message, "Cc").is_empty());
    let (_, text) = message.split_once("\r\n\r\n").expect("a text");
    assert!(text.starts_with("New\r\n") && text.trim_end().ends_with("Old text"), "{text}");
}

#[tokio::test]
async fn an_answer_to_all_goes_to_each_once_and_not_to_the_mailbox_itself() {
    let all = answer_to(Basis::ReplyAll("9".to_owned()));
    let (_, message) = made_of(&all, originals("Dora <dora@b.test>", &[])).await;
    assert_eq!(emails(&message, "To"), ["dora@b.test", "bob@b.test"]);
    assert_eq!(emails(&message, "Cc"), ["carol@b.test"]);
}

#[tokio::test]
async fn an_answer_goes_where_the_original_asks_for_it_or_the_application_says() {
    let reply = answer_to(Basis::Reply("9".to_owned()));
    let asked = originals("Bob <bob@b.test>", &[("Reply-To", "list@b.test")]);
    assert_eq!(emails(&made_of(&reply, asked).await.1, "To"), ["list@b.test"]);
    // A message of the mailbox itself is answered to its recipients.
    let own = originals("Ada <ada@contoso.test>", &[]);
    let (_, message) = made_of(&reply, own).await;
    assert_eq!(emails(&message, "To"), ["bob@b.test"]);
    let named = Outgoing { to: vec![person("x@b.test")], subject: Some("Other".to_owned()), ..reply };
    let (_, message) = made_of(&named, originals("Bob <bob@b.test>", &[])).await;
    assert_eq!(emails(&message, "To"), ["x@b.test"]);
    assert_eq!(field(&message, "Subject"), ["Other"]);
}

#[tokio::test]
async fn a_forwarded_message_brings_the_files_of_its_original() {
    let with_file = json!({
        "id": "9", "threadId": "9f", "labelIds": ["INBOX"],
        "payload": {
            "partId": "", "mimeType": "multipart/mixed", "filename": "",
            "headers": [{ "name": "Subject", "value": "Plans" }, { "name": "From", "value": "bob@b.test" }],
            "body": { "size": 0 },
            "parts": [
                { "partId": "0", "mimeType": "text/plain", "filename": "", "body": { "size": 8, "data": "T2xkIHRleHQ" } },
                { "partId": "1", "mimeType": "application/pdf", "filename": "a.pdf",
                  "body": { "size": 3, "attachmentId": "x" } },
            ],
        },
    });
    let source = "Subject: Plans\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nOld text\r\n\
        --m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\ncGRm\r\n--m--\r\n";
    let replies = vec![found(with_file.clone()), found(with_file), raw(source), raw(source)];
    let forward = Outgoing { to: vec![person("x@b.test")], ..answer_to(Basis::Forward("9".to_owned())) };
    let (resource, message) = made_of(&forward, replies).await;
    assert_eq!(resource, json!({ "message": {} }));
    assert_eq!(field(&message, "Subject"), ["Fwd: Plans"]);
    assert!(message.contains("Content-Type: application/pdf; name=a.pdf\r\n"), "{message}");
    assert!(message.contains("\r\n\r\ncGRm\r\n--=_") && message.contains("Old text"), "{message}");
}

#[tokio::test]
async fn an_original_that_may_not_be_read_is_not_answered() {
    let refused = error(403, "insufficientPermissions");
    let wire = Wire::of(OWN, [refused]);
    let reply = answer_to(Basis::Reply("9".to_owned()));
    let found = problem(wire.mailbox.send_at_once(&wire.call(), &reply, &[]).await);
    assert_eq!(found, Some(MailProblem::PermissionNotGranted(GMAIL_READ)));
}

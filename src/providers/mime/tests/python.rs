//! What Python's `email` reads.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use ::base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use super::*;

/// Reads each message. The older policy reads texts, because the newer one of some versions adds spaces between encoded
/// words (a known fault of theirs); the newer one reads file names, because the older one leaves folded lines in them.
const READ: &str = r"
import base64, email, email.policy, json, re, sys
from email.header import decode_header, make_header
from email.utils import getaddresses

def text(value):
    return str(make_header(decode_header(re.sub(r'\r?\n', '', value))))

results = []
for case in json.load(sys.stdin.buffer):
    source = base64.b64decode(case)
    older = email.message_from_bytes(source)
    newer = email.message_from_bytes(source, policy=email.policy.default)
    people = [[text(name), address] for name, address in getaddresses([re.sub(r'\r?\n', '', older['To'])])]
    files = [[part.get_filename(), part.get_payload(decode=True).hex()] for part in newer.iter_attachments()]
    body = newer.get_body(('html', 'plain')).get_content()
    defects = [str(defect) for part in newer.walk() for defect in part.defects]
    results.append({'subject': text(older['Subject']), 'people': people, 'files': files, 'body': body, 'defects': defects})
json.dump(results, sys.stdout)
";

/// What Python reads of each message.
fn read(messages: &[Vec<u8>]) -> Vec<Value> {
    let cases: Vec<_> = messages.iter().map(|message| STANDARD.encode(message)).collect();
    let mut running = Command::new("python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for this test; scripts/test.sh installs it");
    let mut input = running.stdin.take().expect("its input");
    input.write_all(json!(cases).to_string().as_bytes()).expect("it reads the cases");
    drop(input);
    let output = running.wait_with_output().expect("its end");
    assert!(output.status.success(), "python3 ended with {}", output.status);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn python_reads_the_same_names_subjects_and_files() {
    let mut runner = TestRunner::deterministic();
    let strategy = (scripts::text(), vec(scripts::text(), 1..4), vec(scripts::text(), 0..3), any::<bool>());
    let mut messages = Vec::new();
    let mut expected = Vec::new();
    for number in 0_u8..200 {
        let (subject, names, file_names, is_html) =
            strategy.new_tree(&mut runner).expect("a message").current();
        let content = vec![number; usize::from(number) * 7];
        let text = format!("{subject}\r\n");
        let outgoing = Outgoing {
            to: names.iter().map(|name| person(name, "to@contoso.test")).collect(),
            subject: Some(subject.clone()),
            content: Some(Content { text: text.clone(), is_html }),
            ..outgoing()
        };
        let files: Vec<_> = file_names.iter().map(|name| file(name, &content)).collect();
        messages.push(made(&outgoing, &files));
        let hex: String = content.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        expected.push(json!({
            "subject": subject,
            "people": names.iter().map(|name| json!([name, "to@contoso.test"])).collect::<Vec<_>>(),
            "files": file_names.iter().map(|name| json!([name, hex])).collect::<Vec<_>>(),
            "body": text,
            "defects": [],
        }));
    }
    let read = read(&messages);
    assert_eq!(read.len(), expected.len());
    for (number, (read, expected)) in read.iter().zip(&expected).enumerate() {
        assert_eq!(read, expected, "{number}: {}", String::from_utf8_lossy(&messages[number]));
    }
}

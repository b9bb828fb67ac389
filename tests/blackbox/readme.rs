//! The check of an answer in README.md, word for word: its block in Python and its block in JavaScript judge answers that
//! the program has signed.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use mail360::{accounts::service::links::NewLink, platform::clock::Clock};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{Answer, Kind, Linked};

const RETURN: &str = "https://crm.example.com/mailboxes/7?tab=2";
const STATE: &str = "session-42 &=+ü%";

/// How a block of the README is run.
struct Checker {
    /// The language that the README names at the beginning of the block.
    language: &'static str,
    /// The file that gets the block.
    module: &'static str,
    program: &'static str,
    /// The file that calls the block for each case of standard input, and its text.
    caller: (&'static str, &'static str),
}

static PYTHON: Checker = Checker {
    language: "python",
    module: "check_answer.py",
    program: "python3",
    caller: (
        "call.py",
        r#"
import json, sys
from check_answer import check_answer

results = []
for case in json.load(sys.stdin.buffer):
    used_links = set()
    for _ in range(case["times"]):
        try:
            result = check_answer(
                case["query"], case["address"], case["secrets"], case["state"], used_links, case["now"]
            )
        except ValueError as error:
            result = str(error)
    results.append(result)
json.dump(results, sys.stdout)
"#,
    ),
};

static JAVASCRIPT: Checker = Checker {
    language: "js",
    module: "check_answer.mjs",
    program: "node",
    caller: (
        "call.mjs",
        "
import { readFileSync } from 'node:fs';
import { checkAnswer } from './check_answer.mjs';

const results = JSON.parse(readFileSync(0, 'utf8')).map(({ query, address, secrets, state, now, times }) => {
  const usedLinks = new Set();
  let result;
  for (let time = 0; time < times; time += 1) {
    try {
      result = checkAnswer(query, address, new Map(Object.entries(secrets)), state, usedLinks, now);
    } catch (error) {
      result = error.message;
    }
  }
  return result;
});
process.stdout.write(JSON.stringify(results));
",
    ),
};

impl Checker {
    /// The only block of the README in this language.
    fn block(&self) -> &'static str {
        let fence = format!("```{}\n", self.language);
        let mut blocks = include_str!("../../README.md").split(fence.as_str()).skip(1);
        let (block, _) = blocks.next().and_then(|rest| rest.split_once("```\n")).expect("a block");
        assert!(blocks.next().is_none(), "the README has another block in this language");
        block
    }

    /// What the block says about each case: the values of the answer, or the reason why it is refused.
    fn judge(&self, cases: &[Value]) -> Vec<Value> {
        let folder = tempfile::tempdir().expect("a folder");
        let (caller, text) = self.caller;
        fs::write(folder.path().join(self.module), self.block()).expect("the block in a file");
        fs::write(folder.path().join(caller), text).expect("its caller in a file");
        let needed = format!("{} is needed for this test; scripts/test.sh installs it", self.program);
        let mut running = Command::new(self.program)
            .arg(caller)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(&needed);
        let mut input = running.stdin.take().expect("its input");
        input.write_all(json!(cases).to_string().as_bytes()).expect("it reads the cases");
        drop(input);
        let output = running.wait_with_output().expect("its end");
        assert!(output.status.success(), "{} ended with {}", self.program, output.status);
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// The query with which a page leads back to the application.
fn query_of(page: &Answer) -> String {
    page.link("Back to crm.example.com").query().expect("an answer").to_owned()
}

fn value(query: &str, name: &str) -> String {
    let pair = form_urlencoded::parse(query.as_bytes()).find(|(other, _)| other == name);
    pair.map(|(_, value)| value.into_owned()).expect(name)
}

/// The query with another value of one parameter, or without the parameter.
fn with(query: &str, name: &str, value: Option<&str>) -> String {
    let others = form_urlencoded::parse(query.as_bytes()).filter(|(other, _)| other != name);
    let mut changed = form_urlencoded::Serializer::new(String::new());
    changed.extend_pairs(others);
    if let Some(value) = value {
        changed.append_pair(name, value);
    }
    changed.finish()
}

const UNKNOWN: &str = "the secret is unknown";
const WRONG: &str = "the signature is wrong";

#[rstest]
#[case::python(&PYTHON)]
#[case::javascript(&JAVASCRIPT)]
#[tokio::test]
async fn the_check_in_the_readme_accepts_the_answers_of_the_program_and_no_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] checker: &'static Checker,
) {
    let linked = Linked::new(kind).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    let added = addresses.add(&admin, "https://crm.example.com/mailboxes", false).await.expect("an answer");
    let secret = added.expect("an address of the list");
    let link =
        NewLink { return_address: Some(RETURN.to_owned()), state: Some(STATE.to_owned()), ..linked.plain() };
    let path = linked.make(link).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (stopped, _) = linked.come_back(&mut grace, &authorize, "error=access_denied").await;
    let connected = linked.connect(&mut grace, &path).await;
    let [stopped, connected] = [stopped, connected].map(|page| query_of(&page));
    let now = linked.world.clock.now().seconds();

    let secrets = |text: &str| json!(BTreeMap::from([(secret.key_id.as_str(), text)]));
    let case = |query: &str, name: &str, other: Value| {
        let mut case = json!({
            "query": query,
            "address": RETURN,
            "secrets": secrets(secret.secret.expose_secret()),
            "state": STATE,
            "now": now,
            "times": 1,
        });
        case[name] = other;
        case
    };
    let of_query = |query: &str| case(query, "times", json!(1));
    let answer = |query: &str, account: &str, error: &str| {
        json!({
            "link": value(query, "link"),
            "status": value(query, "status"),
            "account_key": account,
            "error": error,
            "state": STATE,
            "ts": now.to_string(),
        })
    };
    let account = linked.account().await.to_string();
    let accepted = answer(&connected, &account, "");
    let statuses = [&stopped, &connected].map(|query| value(query, "status"));
    assert_eq!(statuses, ["cancelled", "connected"]);
    let mut cases = vec![
        (of_query(&connected), accepted.clone()),
        (of_query(&stopped), answer(&stopped, "", "access_denied")),
        // A link may connect after the person has stopped once.
        (case(&stopped, "times", json!(2)), answer(&stopped, "", "access_denied")),
        (case(&connected, "times", json!(2)), json!("the answer was used before")),
        (case(&connected, "now", json!(now + 300)), accepted),
        (case(&connected, "now", json!(now + 301)), json!("the answer is too old")),
        (case(&connected, "now", json!(now - 301)), json!("the answer is too old")),
        (case(&connected, "state", json!("session-43")), json!("the answer is for another browser")),
        (case(&connected, "state", json!("")), json!("the answer is for another browser")),
        (case(&connected, "address", json!("https://crm.example.com/mailboxes/7")), json!(WRONG)),
        (case(&connected, "secrets", secrets("another secret")), json!(WRONG)),
        (case(&connected, "secrets", json!({})), json!(UNKNOWN)),
        (of_query(&with(&connected, "error", Some("no_mailbox"))), json!(WRONG)),
        (of_query(&with(&with(&connected, "account_key", None), "error", Some(&account))), json!(WRONG)),
        (of_query(&with(&stopped, "status", Some("connected"))), json!(WRONG)),
        (of_query(""), json!(UNKNOWN)),
    ];
    for name in ["status", "account_key", "state", "link", "ts", "kid", "signature"] {
        let refused = json!(if name == "kid" { UNKNOWN } else { WRONG });
        let other = format!("{}1", value(&connected, name));
        cases.push((of_query(&with(&connected, name, Some(&other))), refused.clone()));
        cases.push((of_query(&with(&connected, name, None)), refused));
    }
    let (cases, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let judged = checker.judge(&cases);
    assert_eq!(judged.len(), cases.len());
    for ((case, expected), judged) in cases.iter().zip(&expected).zip(&judged) {
        assert_eq!(judged, expected, "{case}");
    }
}

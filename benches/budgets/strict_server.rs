//! The strict servers of `end2end/provider`, against which refreshes and lists are measured. What they note of the calls is
//! the witness.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::load::client;

/// The permissions of each grant.
const SCOPES: &str = "openid profile offline_access User.Read";
/// Number of refreshes at once when the server is measured by itself: as many as one process sends in the background.
const AT_ONCE: usize = 32;

/// An application that is registered at the server.
pub struct Application {
    pub id: String,
    pub secret: String,
}

impl Application {
    /// An application whose id and secret have the form of Google's.
    pub fn of_google(number: u32) -> Self {
        let id = format!("{number:012}-be7c.apps.googleusercontent.com");
        Self { id, secret: format!("GOCSPX-not-a-real-secret{number:011}") }
    }
}

/// A grant that was issued without a sign-in.
#[derive(Clone, Debug, Deserialize)]
pub struct Minted {
    pub login: String,
    pub tid: String,
    pub oid: String,
    pub refresh_token: String,
}

/// A grant of the server that behaves like Google.
#[derive(Clone, Debug, Deserialize)]
pub struct MintedAtGoogle {
    pub login: String,
    /// Google's number of the account.
    pub sub: String,
    pub refresh_token: String,
}

/// The server's process.
pub struct StrictServer {
    child: Child,
    pub url: String,
    http: reqwest::Client,
    applications: AtomicU32,
}

impl StrictServer {
    /// Starts the one that behaves like Microsoft.
    pub fn start() -> Self {
        Self::launch("main.mjs", &[])
    }

    /// Starts the one that behaves like Google, with the mailboxes of `myworld`. Each has this number of messages.
    pub fn start_google(messages: u32) -> Self {
        let myworld = std::env::var("MYWORLD").expect("MYWORLD: `make bench` sets it");
        Self::launch("google/main.ts", &[("MYWORLD", myworld), ("MESSAGES", messages.to_string())])
    }

    fn launch(main: &str, settings: &[(&str, String)]) -> Self {
        let node = std::env::var_os("PROVIDER_NODE").expect("PROVIDER_NODE: `make bench` sets it");
        let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end/provider").join(main);
        let mut child = Command::new(node)
            .arg(main)
            .env("UNTIL_STDIN_CLOSES", "yes")
            .envs(settings.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.next().expect("a line").expect("a text");
        let listening: Value = serde_json::from_str(&first).expect("JSON");
        let url = listening.get("url").and_then(Value::as_str).expect("its address").to_owned();
        // It writes each event, and would wait if no one read them.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url, http: client(), applications: AtomicU32::new(0) }
    }

    async fn post(&self, path: &str, body: Value) -> String {
        let sent = self.http.post(format!("{}{path}", self.url)).body(body.to_string()).send();
        let answer = sent.await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.expect("a body")
    }

    /// Changes its settings: see `end2end/provider/settings.mjs`.
    pub async fn set(&self, changes: Value) {
        self.post("/__control", changes).await;
    }

    /// Lets mail arrive in the inbox of this log-in.
    pub async fn deliver(&self, login: &str, messages: u32) {
        let actions = json!([{ "do": "deliver", "count": messages }]);
        self.post("/__mailbox", json!({ "login": login, "actions": actions })).await;
    }

    /// The number of messages that the mailbox of this log-in at Google has given, each one as often as it was asked for.
    pub async fn messages_given(&self, login: &str) -> u64 {
        let calls = self.post("/__meter", json!({ "login": login })).await;
        let calls: Value = serde_json::from_str(&calls).expect("JSON");
        calls.pointer("/byName/users.messages.get").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Registers another application.
    pub async fn register(&self) -> Application {
        let number = self.applications.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:08}-7e57-4000-8000-00000000be7c");
        self.register_as(id, format!("not-a-real-secret~{number:016}")).await
    }

    /// Registers another application at the server that behaves like Google.
    pub async fn register_google(&self) -> Application {
        let number = self.applications.fetch_add(1, Ordering::Relaxed);
        let Application { id, secret } = Application::of_google(number);
        self.register_as(id, secret).await
    }

    async fn register_as(&self, id: String, secret: String) -> Application {
        let redirect_uris = ["http://localhost:3000/api/connectors"];
        let client = json!({ "client_id": id, "client_secret": secret, "redirect_uris": redirect_uris });
        self.post("/__clients", client).await;
        Application { id, secret }
    }

    /// Issues a grant for each of these log-ins.
    pub async fn mint(&self, application: &Application, logins: Vec<String>) -> Vec<Minted> {
        self.mint_with(application, logins, SCOPES).await
    }

    /// The same with these permissions.
    pub async fn mint_with(
        &self,
        application: &Application,
        logins: Vec<String>,
        scopes: &str,
    ) -> Vec<Minted> {
        let wanted = json!({ "client_id": application.id, "logins": logins, "scope": scopes });
        serde_json::from_str(&self.post("/__grants", wanted).await).expect("grants")
    }

    /// Issues a grant with these permissions for each of these log-ins at Google.
    pub async fn mint_google(
        &self,
        application: &Application,
        logins: &[String],
        scopes: &[String],
    ) -> Vec<MintedAtGoogle> {
        let wanted = json!({ "client_id": application.id, "logins": logins, "scope": scopes.join(" ") });
        serde_json::from_str(&self.post("/__grants", wanted).await).expect("grants")
    }

    /// The log.
    pub async fn events(&self) -> Vec<Value> {
        let answer = self.http.get(format!("{}/__events", self.url)).send().await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("a body")).expect("events")
    }

    /// How many refreshes the server answers in a second by itself.
    pub async fn measure_capacity(&self, refreshes: u32) -> f64 {
        let application = Arc::new(self.register().await);
        let logins = (0..refreshes).map(|number| format!("direct{number}@contoso.test")).collect();
        let minted = Arc::new(Mutex::new(self.mint(&application, logins).await));
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for _ in 0..AT_ONCE {
            let (http, url) = (self.http.clone(), self.url.clone());
            let (application, minted) = (application.clone(), minted.clone());
            tasks.spawn(async move {
                loop {
                    let next = minted.lock().expect("a list").pop();
                    let Some(Minted { tid, refresh_token, .. }) = next else { break };
                    let form = format!(
                        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={refresh_token}&scope={}",
                        application.id,
                        application.secret,
                        SCOPES.replace(' ', "+")
                    );
                    let sent = http
                        .post(format!("{url}/{tid}/oauth2/v2.0/token"))
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(form)
                        .send();
                    let answer = sent.await.expect("an answer");
                    let status = answer.status();
                    let said = answer.text().await;
                    assert_eq!(status, 200, "{said:?}");
                }
            });
        }
        tasks.join_all().await;
        f64::from(refreshes) / began.elapsed().as_secs_f64()
    }
}

impl Drop for StrictServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The mailboxes that the shared suite runs on. A further provider implements [`World`] at a fake of its API with state,
//! and is a variant of [`Company`].

use mail360::{
    platform::clock::Timestamp,
    providers::{
        Provider,
        google::{GoogleProvider, GoogleUrls},
        mailbox::{FolderKind, MailCall, MailHttp, MailboxMemory, SharedMailbox},
        microsoft::{Microsoft, MicrosoftUrls},
    },
};
use secrecy::SecretString;
use serde_json::json;

use crate::support::{
    gmail::{self, GMAIL, Gmail, PEOPLE},
    graph::{self, GRAPH, Graph},
};

/// The time of the calls.
const NOW: i64 = 1_795_900_000;
/// The time of the first message.
pub const FIRST: i64 = 1_795_800_000;

/// A company with a provider.
#[derive(Clone, Copy, Debug)]
pub enum Company {
    Google,
    Microsoft,
}

/// What providers do differently, each in its own right. Everything else is the same.
pub struct Differences {
    /// A plain text comes as HTML.
    pub text_is_html: bool,
    /// A deleted folder is in the trash. It is gone when it is deleted there.
    pub trash_has_folders: bool,
}

impl Company {
    const fn differences(self) -> Differences {
        match self {
            Self::Google => Differences { text_is_html: false, trash_has_folders: false },
            Self::Microsoft => Differences { text_is_html: true, trash_has_folders: true },
        }
    }
}

/// A message that is in the mailbox from the beginning.
pub struct Letter {
    /// In the format of RFC 5322.
    pub raw: String,
    pub place: FolderKind,
    pub is_read: bool,
    pub is_flagged: bool,
    /// When it was received: seconds since 1970.
    pub second: i64,
}

/// A fake of a provider's API.
pub trait World: Send + Sync {
    fn mailbox(&self) -> SharedMailbox;
    fn http(&self) -> &dyn MailHttp;
    /// The access token that the API takes.
    fn token(&self) -> &'static str;
    /// Puts a message into the mailbox, and gives its id.
    fn deliver(&self, letter: &Letter) -> String;
    /// Puts a contact with this name and email address into the contacts, and gives its id.
    fn add_contact(&self, name: &str, email: &str) -> String;
    /// Makes a folder of contacts, and gives its id.
    fn add_contact_folder(&self, name: &str) -> String;
    /// Changes a contact as another program does.
    fn touch_contact(&self, id: &str);
    /// Lets the tokens of changes expire that were given out so far.
    fn forget_changes(&self);
    /// An id of a message in the provider's form that no message has.
    fn unknown(&self) -> &'static str;
}

/// A mailbox, and what its calls need.
pub struct Bench {
    pub world: Box<dyn World>,
    pub mailbox: SharedMailbox,
    pub differences: Differences,
    token: SecretString,
    memory: MailboxMemory,
}

impl Bench {
    pub fn new(company: Company) -> Self {
        let world: Box<dyn World> = match company {
            Company::Google => Box::new(Gmail::default()),
            Company::Microsoft => Box::new(Graph::default()),
        };
        let (mailbox, token) = (world.mailbox(), SecretString::from(world.token()));
        let differences = company.differences();
        Self { world, mailbox, differences, token, memory: MailboxMemory::default() }
    }

    pub fn call(&self) -> MailCall<'_> {
        let now = Timestamp::from_micros(NOW * 1_000_000);
        MailCall { http: self.world.http(), token: &self.token, memory: &self.memory, now, request_id: None }
    }
}

impl World for Gmail {
    fn mailbox(&self) -> SharedMailbox {
        let provider = GoogleProvider::new(GoogleUrls::of_google());
        let pinned = json!({
            "authorize": "https://accounts.example/auth", "token": "https://accounts.example/token",
            "revoke": "https://accounts.example/revoke", "issuer": "https://accounts.example",
            "gmail": GMAIL, "people": PEOPLE, "hosted_domain": null,
        });
        let pinned = provider.read_pinned("1.apps.googleusercontent.com", &pinned.to_string());
        let pinned = pinned.map_err(|_| "unreadable").expect("the stored values of a grant");
        pinned.mailbox().expect("a mailbox")
    }

    fn http(&self) -> &dyn MailHttp {
        self
    }

    fn token(&self) -> &'static str {
        gmail::TOKEN
    }

    fn deliver(&self, letter: &Letter) -> String {
        let place = match letter.place {
            FolderKind::Inbox => Some("INBOX"),
            FolderKind::Sent => Some("SENT"),
            FolderKind::Trash => Some("TRASH"),
            FolderKind::Spam => Some("SPAM"),
            FolderKind::Drafts | FolderKind::Archive | FolderKind::Outbox | FolderKind::User => None,
        };
        let unread = (!letter.is_read).then_some("UNREAD");
        let starred = letter.is_flagged.then_some("STARRED");
        let labels: Vec<&str> = [place, unread, starred].into_iter().flatten().collect();
        Gmail::deliver(self, letter.raw.as_bytes(), &labels, letter.second)
    }

    fn add_contact(&self, name: &str, email: &str) -> String {
        Gmail::add_contact(
            self,
            json!({ "names": [{ "unstructuredName": name }], "emailAddresses": [{ "value": email }] }),
        )
    }

    fn add_contact_folder(&self, name: &str) -> String {
        self.add_contact_group(name)
    }

    fn touch_contact(&self, id: &str) {
        Gmail::touch_contact(self, id);
    }

    fn forget_changes(&self) {
        Gmail::forget_changes(self);
    }

    fn unknown(&self) -> &'static str {
        "18c05f2e11affff0"
    }
}

impl World for Graph {
    fn mailbox(&self) -> SharedMailbox {
        let at = |path: &str| format!("https://login.example/{path}");
        let urls = MicrosoftUrls {
            authorize: at("authorize"),
            token: at("token"),
            graph: GRAPH.to_owned(),
            issuer: at("{tenant}/v2.0"),
        };
        let pinned = json!({
            "authorize": urls.authorize, "token": urls.token, "graph": urls.graph, "issuer": urls.issuer,
            "tenant": null, "domain": null,
        });
        let provider = Microsoft::new(urls);
        let pinned = provider.read_pinned("1b4e28ba-2fa1-11d2-883f-0016d3cca427", &pinned.to_string());
        let pinned = pinned.map_err(|_| "unreadable").expect("the stored values of a grant");
        pinned.mailbox().expect("a mailbox")
    }

    fn http(&self) -> &dyn MailHttp {
        self
    }

    fn token(&self) -> &'static str {
        graph::TOKEN
    }

    fn deliver(&self, letter: &Letter) -> String {
        let folder = match letter.place {
            FolderKind::Inbox => "inbox",
            FolderKind::Sent => "sentitems",
            FolderKind::Drafts => "drafts",
            FolderKind::Trash => "deleteditems",
            FolderKind::Spam => "junkemail",
            FolderKind::Outbox => "outbox",
            FolderKind::Archive | FolderKind::User => "archive",
        };
        let flags = (letter.is_read, letter.is_flagged);
        Graph::deliver(self, letter.raw.as_bytes(), folder, flags, letter.second)
    }

    fn add_contact(&self, name: &str, email: &str) -> String {
        Graph::add_contact(self, json!({ "displayName": name, "emailAddresses": [{ "address": email }] }))
    }

    fn add_contact_folder(&self, name: &str) -> String {
        Graph::add_contact_folder(self, name)
    }

    fn touch_contact(&self, id: &str) {
        Graph::touch_contact(self, id);
    }

    fn forget_changes(&self) {
        Graph::forget_changes(self);
    }

    fn unknown(&self) -> &'static str {
        graph::UNKNOWN
    }
}

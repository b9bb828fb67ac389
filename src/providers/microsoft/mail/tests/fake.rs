//! A small Graph in memory: lists with the filters and orders that this program sends, pages with links, a search whose
//! ids are others, and folders.

use std::sync::Mutex;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use futures_util::stream;
use serde_json::{Value, json};
use url::Url;

use crate::{
    platform::clock::Timestamp,
    providers::{
        mailbox::{
            Bytes, FolderKind, HiddenFolders, MailError, MailHttp, MailRequest, MailResponse, SystemFolders,
        },
        microsoft::mail::read::written,
    },
};

pub const BASE: &str = "https://graph.example/v1.0";

pub fn system() -> SystemFolders {
    let ids = [
        (FolderKind::Inbox, "inbox"),
        (FolderKind::Sent, "sentitems"),
        (FolderKind::Drafts, "drafts"),
        (FolderKind::Trash, "deleteditems"),
        (FolderKind::Spam, "junkemail"),
    ];
    SystemFolders { root: Some("root".to_owned()), ids: ids.map(|(kind, id)| (kind, id.to_owned())).to_vec() }
}

pub fn hidden() -> HiddenFolders {
    HiddenFolders {
        trash: vec!["deleteditems".to_owned(), "below-trash".to_owned()],
        spam: vec!["junkemail".to_owned()],
        drafts: Some("drafts".to_owned()),
        has_more: false,
    }
}

/// A message in the JSON of Graph.
pub fn mail(id: &str, second: i64, folder: &str, thread: &str) -> Value {
    json!({
        "id": id, "receivedDateTime": written(Timestamp::from_micros(second * 1_000_000)), "parentFolderId": folder,
        "conversationId": thread, "isRead": false, "isDraft": folder == "drafts", "hasAttachments": false,
        "flag": { "flagStatus": "notFlagged" }, "categories": [], "internetMessageId": format!("<{id}@contoso.test>"),
        "subject": format!("Subject of {id}"),
    })
}

/// The small Graph, and the requests that it got.
#[derive(Default)]
pub struct Fake {
    pub messages: Mutex<Vec<Value>>,
    pub folders: Vec<Value>,
    /// Refuses every filter with more than the time.
    pub refuses_filters: bool,
    pub refuses_expansions: bool,
    /// Answers for other paths: the status, the type and the body.
    pub others: Vec<(&'static str, u16, &'static str, String)>,
    pub asked: Mutex<Vec<(String, HeaderMap)>>,
}

impl Fake {
    pub fn with(messages: Vec<Value>) -> Self {
        Self { messages: Mutex::new(messages), ..Self::default() }
    }

    pub fn add(&self, message: Value) {
        self.messages.lock().expect("messages").push(message);
    }

    /// The addresses of the requests so far, decoded.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("requests");
        let decoded = |url: &str| {
            let url = Url::parse(url).expect("a URL");
            let pairs: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{}?{}", url.path(), pairs.join("&"))
        };
        asked.iter().map(|(url, _)| decoded(url)).collect()
    }

    fn answer(&self, url: &str) -> (u16, String, String) {
        let url = Url::parse(url).expect("a URL");
        let path = url.path().strip_prefix("/v1.0").expect("the base");
        let option =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let json = |status: u16, value: Value| (status, "application/json".to_owned(), value.to_string());
        let error =
            |status: u16, code: &str| json(status, json!({ "error": { "code": code, "message": "No." } }));
        if let Some((_, status, kind, body)) = self.others.iter().find(|(other, ..)| *other == path) {
            return (*status, (*kind).to_owned(), body.clone());
        }
        if option("$expand").is_some() && self.refuses_expansions {
            return error(400, "ErrorInvalidRequest");
        }
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let all = self.messages.lock().expect("messages").clone();
        match segments.as_slice() {
            ["me", "messages"] | ["me", "mailFolders", _, "messages"] => {
                let folder = segments.get(2).copied();
                let of_folder =
                    |message: &Value| folder.is_none_or(|folder| message["parentFolderId"] == *folder);
                let within: Vec<_> = all.into_iter().filter(of_folder).collect();
                if let Some(search) = option("$search") {
                    assert!(
                        option("$filter").is_none()
                            && option("$orderby").is_none()
                            && option("$skip").is_none()
                    );
                    return json(200, page(&url, searched(within, &search), option("$skiptoken")));
                }
                let filter = option("$filter").unwrap_or_default();
                if self.refuses_filters && filter.contains(" and ") {
                    return error(400, "InefficientFilter");
                }
                let mut found: Vec<_> = within.into_iter().filter(|message| fits(message, &filter)).collect();
                let time = |message: &Value| message["receivedDateTime"].as_str().map(str::to_owned);
                match option("$orderby").as_deref() {
                    Some("receivedDateTime desc") => {
                        found.sort_by_key(|message| std::cmp::Reverse(time(message)));
                    }
                    Some("receivedDateTime asc") => found.sort_by_key(time),
                    None => {}
                    other => panic!("{other:?}"),
                }
                json(200, page(&url, found, option("$skip")))
            }
            ["me", "messages", id] => match all.into_iter().find(|message| message["id"] == *id) {
                Some(message) => json(200, message),
                None => error(404, "ErrorItemNotFound"),
            },
            ["me", "mailFolders"] => json(200, page(&url, self.within("root"), option("$skip"))),
            ["me", "mailFolders", id, "childFolders"] => {
                json(200, page(&url, self.within(id), option("$skip")))
            }
            ["me", "mailFolders", id] => match self.folders.iter().find(|folder| folder["id"] == *id) {
                Some(folder) => json(200, folder.clone()),
                None => error(404, "ErrorItemNotFound"),
            },
            _ => error(404, "ErrorItemNotFound"),
        }
    }

    fn within(&self, id: &str) -> Vec<Value> {
        self.folders.iter().filter(|folder| folder["parentFolderId"] == id).cloned().collect()
    }
}

/// What a search answers: other ids, newest first.
fn searched(messages: Vec<Value>, search: &str) -> Vec<Value> {
    let word = search.split("\\\"").nth(1).unwrap_or_default();
    let mut found: Vec<_> =
        messages.into_iter().filter(|message| message["subject"].to_string().contains(word)).collect();
    found.sort_by_key(|message| std::cmp::Reverse(message["receivedDateTime"].to_string()));
    for message in &mut found {
        message["id"] = json!(format!("changeable-{}", message["id"].as_str().unwrap_or_default()));
    }
    found
}

/// Whether a message fits a filter of this program.
fn fits(message: &Value, filter: &str) -> bool {
    if filter.contains(" or ") {
        return filter.split(" or ").any(|part| fits(message, part));
    }
    filter.split(" and ").filter(|part| !part.is_empty()).all(|part| {
        if let Some(name) =
            part.strip_prefix("categories/any(c:c eq '").and_then(|rest| rest.strip_suffix("')"))
        {
            return message["categories"].as_array().is_some_and(|all| all.contains(&json!(name)));
        }
        let words: Vec<_> = part.splitn(3, ' ').collect();
        let [name, operator, value]: [&str; 3] = words.try_into().expect("a condition");
        let is = name.split('/').fold(message, |value, name| &value[name]);
        let is = is.as_str().map_or_else(|| is.to_string(), str::to_owned);
        let value = value.trim_matches('\'');
        match operator {
            "eq" => is == value,
            "ne" => is != value,
            "lt" => is.as_str() < value,
            "ge" => is.as_str() >= value,
            _ => panic!("{operator}"),
        }
    })
}

/// One page, with a link to the next.
fn page(url: &Url, found: Vec<Value>, skip: Option<String>) -> Value {
    let number =
        |text: Option<String>, otherwise| text.map_or(otherwise, |text| text.parse().expect("a number"));
    let top = url.query_pairs().find(|(name, _)| name == "$top").map(|(_, value)| value.into_owned());
    let (skip, top): (usize, usize) = (number(skip, 0), number(top, 10));
    assert!(top <= 1000, "{top}");
    let more = skip + top < found.len();
    let mut answer = json!({ "value": found.into_iter().skip(skip).take(top).collect::<Vec<_>>() });
    if more {
        let is_search = url.query_pairs().any(|(name, _)| name == "$search");
        let name = if is_search { "$skiptoken" } else { "$skip" };
        let mut link = url.clone();
        let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        link.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, &(skip + top).to_string());
        answer["@odata.nextLink"] = json!(link.as_str());
    }
    answer
}

#[async_trait]
impl MailHttp for Fake {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        assert_eq!(request.method, Method::GET);
        self.asked.lock().expect("requests").push((request.url.clone(), request.headers));
        let (status, kind, body) = self.answer(&request.url);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(&kind).expect("a type"));
        // In small pieces, as a network may bring it.
        let pieces: Vec<_> = body
            .into_bytes()
            .chunks(7)
            .map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece)))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(stream::iter(pieces)) })
    }
}

//! The contacts of the mailbox, and the calls of the People API.

use serde_json::{Map, Value, json};

use super::{Asked, Reply, missing, refusal, wrong};

/// The fields of a person of which there is at most one.
const SINGLE: [&str; 4] = ["biographies", "birthdays", "genders", "names"];
/// The fields that a change may name.
const CHANGEABLE: [&str; 10] = [
    "addresses",
    "biographies",
    "birthdays",
    "emailAddresses",
    "memberships",
    "names",
    "nicknames",
    "organizations",
    "phoneNumbers",
    "urls",
];
/// The size of a page of contacts: its name, the usual one, and the largest.
const PAGE: (&str, usize, usize) = ("pageSize", 100, 1_000);
const MY_CONTACTS: &str = "contactGroups/myContacts";

#[derive(Clone)]
struct Person {
    id: String,
    fields: Map<String, Value>,
    /// The number of the last change of all contacts that changed this one.
    version: u64,
    is_deleted: bool,
}

#[derive(Default)]
pub struct People {
    all: Vec<Person>,
    /// What a search looks at: the contacts at the time of the last search without words.
    cache: Vec<Person>,
    /// The names and the ids of the groups of the user.
    groups: Vec<(String, String)>,
    /// Number of changes so far.
    changes: u64,
    /// The number of the change up to which deleted contacts were forgotten.
    forgotten: u64,
}

fn items<'v>(person: &'v Value, name: &str) -> &'v [Value] {
    person[name].as_array().map_or(&[], Vec::as_slice)
}

fn group_of(membership: &Value) -> &str {
    membership["contactGroupMembership"]["contactGroupResourceName"].as_str().unwrap_or_default()
}

impl Person {
    fn name(&self) -> String {
        format!("people/{}", self.id)
    }

    fn etag(&self) -> String {
        format!("#v{}=", self.version)
    }

    fn list(&self, name: &str) -> &[Value] {
        self.fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The person with these fields only.
    fn shown(&self, fields: &str) -> Value {
        let mut shown = json!({ "resourceName": self.name(), "etag": format!("%{}", self.version) });
        for name in fields.split(',') {
            if let Some(list) = self.fields.get(name) {
                shown[name] = list.clone();
            }
            if name == "metadata" {
                let source = json!({
                    "type": "CONTACT", "id": self.id, "etag": self.etag(), "updateTime": "2026-11-28T09:30:00.5Z",
                });
                shown["metadata"] = json!({ "sources": [source], "objectType": "PERSON" });
            }
        }
        if self.is_deleted {
            shown["metadata"]["deleted"] = true.into();
        }
        shown
    }

    fn is_in(&self, group: &str) -> bool {
        self.list("memberships").iter().any(|membership| group_of(membership) == group)
    }

    fn join(&mut self, group: &str) {
        if !self.is_in(group) {
            let list = self.fields.entry("memberships").or_insert_with(|| json!([]));
            let membership = json!({ "contactGroupMembership": { "contactGroupResourceName": group } });
            list.as_array_mut().expect("a list").push(membership);
        }
    }

    /// Completes the name as Google does.
    fn complete(&mut self) {
        let Some(name) = self.fields.get_mut("names").and_then(|names| names.get_mut(0)) else { return };
        let part = |name: &Value, part: &str| name[part].as_str().unwrap_or_default().to_owned();
        let parts = ["honorificPrefix", "givenName", "middleName", "familyName"].map(|of| part(name, of));
        let joined = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let whole = if joined.is_empty() { part(name, "unstructuredName") } else { joined.clone() };
        if joined.is_empty() {
            let (first, last) = whole.rsplit_once(' ').unwrap_or((&whole, ""));
            name["givenName"] = first.into();
            if !last.is_empty() {
                name["familyName"] = last.into();
            }
        }
        name["displayName"] = whole.as_str().into();
        name["unstructuredName"] = whole.into();
    }

    /// Whether a word of a name, an address or a number begins with this text.
    fn begins_with(&self, text: &str) -> bool {
        let wanted = text.to_lowercase();
        let lists = ["names", "nicknames", "emailAddresses", "phoneNumbers", "organizations"];
        let items = lists.iter().flat_map(|list| self.list(list));
        let texts = items.filter_map(Value::as_object).flat_map(Map::values).filter_map(Value::as_str);
        texts.map(str::to_lowercase).any(|text| {
            text.starts_with(&wanted) || text.split_whitespace().any(|word| word.starts_with(&wanted))
        })
    }
}

impl People {
    pub fn add(&mut self, person: Value) -> String {
        self.changes += 1;
        let id = format!("c{}", 8_100_000_000_000_000_000_u64 + self.changes * 7);
        let fields = person.as_object().cloned().unwrap_or_default();
        let mut person = Person { id: id.clone(), fields, version: self.changes, is_deleted: false };
        person.join(MY_CONTACTS);
        person.complete();
        self.all.push(person);
        id
    }

    pub fn add_group(&mut self, name: &str) -> String {
        self.changes += 1;
        let id = format!("3f{:x}", self.changes);
        self.groups.push((name.to_owned(), id.clone()));
        id
    }

    pub fn touch(&mut self, id: &str) {
        self.changes += 1;
        let person = self.all.iter_mut().find(|person| person.id == id);
        person.expect("a contact").version = self.changes;
    }

    pub fn forget_changes(&mut self) {
        self.changes += 1;
        self.forgotten = self.changes;
    }

    fn present(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().filter(|person| !person.is_deleted)
    }

    fn find(&self, id: &str) -> Option<&Person> {
        self.present().find(|person| person.id == id)
    }

    pub fn answer(&mut self, asked: &Asked) -> Reply {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        let fields = asked.one("personFields").or_else(|| asked.one("readMask")).unwrap_or_default();
        if path[0].starts_with("people") && asked.method == "GET" && fields.is_empty() {
            return wrong("personFields mask is required. Please specify one or more valid paths.");
        }
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["people", "me", "connections"]) => self.connections(asked, fields),
            ("GET", ["people:batchGet"]) => self.batch(asked, fields),
            ("GET", ["people:searchContacts"]) => self.search(asked, fields),
            ("GET", ["people", id]) => {
                self.find(id).map_or_else(missing, |person| (200, person.shown(fields)))
            }
            ("POST", ["people:createContact"]) => self.create(asked, fields),
            ("PATCH", ["people", call]) => match call.strip_suffix(":updateContact") {
                Some(id) => self.update(asked, id, fields),
                None => missing(),
            },
            ("DELETE", ["people", call]) => {
                let id = call.strip_suffix(":deleteContact").unwrap_or_default();
                let Some(person) = self.all.iter_mut().find(|person| person.id == id && !person.is_deleted)
                else {
                    return missing();
                };
                self.changes += 1;
                (person.is_deleted, person.version) = (true, self.changes);
                (200, json!({}))
            }
            ("GET", ["contactGroups"]) => self.list_groups(asked),
            ("GET", ["contactGroups", id]) => self.group(asked, id),
            ("POST", ["contactGroups", id, "members:modify"]) => self.modify(asked, id),
            _ => missing(),
        }
    }

    fn connections(&self, asked: &Asked, fields: &str) -> Reply {
        let since = asked
            .one("syncToken")
            .map(|token| token.strip_prefix('s').and_then(|token| token.parse::<u64>().ok()));
        let since: u64 = match since {
            Some(None) => return wrong("Invalid sync token"),
            Some(Some(since)) if since < self.forgotten => {
                let (code, mut error) =
                    refusal(400, "failedPrecondition", "FAILED_PRECONDITION", "Sync token is expired.");
                error["error"]["details"] =
                    json!([{ "reason": "EXPIRED_SYNC_TOKEN", "domain": "people.googleapis.com" }]);
                return (code, error);
            }
            Some(Some(since)) => since,
            None => 0,
        };
        let mut found: Vec<&Person> = self
            .all
            .iter()
            .filter(|person| person.version > since && (since > 0 || !person.is_deleted))
            .collect();
        match asked.one("sortOrder") {
            None | Some("LAST_MODIFIED_ASCENDING") => found.sort_by_key(|person| person.version),
            Some("FIRST_NAME_ASCENDING") => found.sort_by_key(|person| {
                let first = person.list("names").first();
                first.and_then(|name| name["givenName"].as_str()).unwrap_or_default().to_lowercase()
            }),
            Some(_) => return wrong("Invalid sort order"),
        }
        let items: Vec<Value> = found.iter().map(|person| person.shown(fields)).collect();
        let total = items.len();
        let (status, mut answer) = asked.page("connections", items, PAGE);
        if status == 200 {
            answer["totalItems"] = total.into();
            if asked.one("requestSyncToken") == Some("true") && answer.get("nextPageToken").is_none() {
                answer["nextSyncToken"] = format!("s{}", self.changes).into();
            }
        }
        (status, answer)
    }

    fn batch(&self, asked: &Asked, fields: &str) -> Reply {
        let names = asked.all("resourceNames");
        if names.is_empty() || names.len() > 200 {
            return wrong("Invalid number of resource names");
        }
        let one = |name: &&str| match self.find(name.trim_start_matches("people/")) {
            Some(person) => {
                json!({ "requestedResourceName": name, "httpStatusCode": 200, "person": person.shown(fields) })
            }
            None => json!({ "requestedResourceName": name, "httpStatusCode": 404, "status": { "code": 5 } }),
        };
        (200, json!({ "responses": names.iter().map(one).collect::<Vec<_>>() }))
    }

    fn search(&mut self, asked: &Asked, fields: &str) -> Reply {
        let size: usize = asked.one("pageSize").and_then(|size| size.parse().ok()).unwrap_or(10);
        if size > 30 {
            return wrong("Invalid page size");
        }
        let query = asked.one("query").unwrap_or_default();
        if query.is_empty() {
            self.cache = self.present().cloned().collect();
            return (200, json!({}));
        }
        let found = self.cache.iter().filter(|person| person.begins_with(query)).take(size);
        let results: Vec<Value> = found.map(|person| json!({ "person": person.shown(fields) })).collect();
        (200, if results.is_empty() { json!({}) } else { json!({ "results": results }) })
    }

    /// Why a person cannot be stored.
    fn refused(&self, person: &Value) -> Option<Reply> {
        if let Some(name) = SINGLE.iter().find(|name| items(person, name).len() > 1) {
            return Some(wrong(&format!("Only one value is allowed for {name}")));
        }
        let is_known = |name: &str| {
            name == MY_CONTACTS || self.groups.iter().any(|(_, id)| name == format!("contactGroups/{id}"))
        };
        let unknown = items(person, "memberships").iter().map(group_of).find(|name| !is_known(name));
        unknown.map(|name| wrong(&format!("Invalid contact group: {name}")))
    }

    fn create(&mut self, asked: &Asked, fields: &str) -> Reply {
        let body = asked.json();
        if let Some(reply) = self.refused(&body) {
            return reply;
        }
        let id = self.add(body);
        self.find(&id).map_or_else(missing, |person| (200, person.shown(fields)))
    }

    fn update(&mut self, asked: &Asked, id: &str, fields: &str) -> Reply {
        let body = asked.json();
        let Some(present) = self.find(id) else { return missing() };
        let mask: Vec<&str> = asked.one("updatePersonFields").unwrap_or_default().split(',').collect();
        if mask.iter().any(|name| !CHANGEABLE.contains(name)) {
            return wrong("updatePersonFields mask is required. Please specify one or more valid paths.");
        }
        if let Some(reply) = self.refused(&body) {
            return reply;
        }
        let etag = body["metadata"]["sources"][0]["etag"].as_str();
        if etag != Some(present.etag().as_str()) {
            let message = "Request person.etag is different than the current person.etag. Clear local cache and get the \
                           latest person.";
            return refusal(400, "failedPrecondition", "FAILED_PRECONDITION", message);
        }
        self.changes += 1;
        let version = self.changes;
        let person = self.all.iter_mut().find(|person| person.id == id).expect("it was found");
        for name in mask {
            match body.get(name).filter(|list| list.as_array().is_some_and(|items| !items.is_empty())) {
                Some(list) => drop(person.fields.insert(name.to_owned(), list.clone())),
                None => drop(person.fields.remove(name)),
            }
        }
        person.version = version;
        person.complete();
        (200, person.shown(fields))
    }

    fn list_groups(&self, asked: &Asked) -> Reply {
        let group = |name: &str, id: &str, kind: &str| {
            json!({
                "resourceName": format!("contactGroups/{id}"), "groupType": kind, "name": name, "formattedName": name,
            })
        };
        let system = [("My Contacts", "myContacts"), ("Starred", "starred"), ("Blocked", "blocked")];
        let system = system.iter().map(|(name, id)| group(name, id, "SYSTEM_CONTACT_GROUP"));
        let own = self.groups.iter().map(|(name, id)| group(name, id, "USER_CONTACT_GROUP"));
        asked.page("contactGroups", own.chain(system).collect(), ("pageSize", 30, 1_000))
    }

    fn group(&self, asked: &Asked, id: &str) -> Reply {
        let name = format!("contactGroups/{id}");
        if id != "myContacts" && !self.groups.iter().any(|(_, known)| known == id) {
            return missing();
        }
        let max = asked.one("maxMembers").and_then(|max| max.parse().ok()).unwrap_or(0);
        let members: Vec<String> =
            self.present().filter(|person| person.is_in(&name)).map(Person::name).collect();
        let mut answer =
            json!({ "resourceName": name, "groupType": "USER_CONTACT_GROUP", "memberCount": members.len() });
        let named: Vec<String> = members.into_iter().take(max).collect();
        if !named.is_empty() {
            answer["memberResourceNames"] = json!(named);
        }
        (200, answer)
    }

    fn modify(&mut self, asked: &Asked, id: &str) -> Reply {
        if !self.groups.iter().any(|(_, known)| known == id) {
            return missing();
        }
        let body = asked.json();
        let names: Vec<&str> =
            body["resourceNamesToAdd"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.changes += 1;
        for person in self.all.iter_mut().filter(|person| names.contains(&person.name().as_str())) {
            person.join(&format!("contactGroups/{id}"));
            person.version = self.changes;
        }
        (200, json!({}))
    }
}

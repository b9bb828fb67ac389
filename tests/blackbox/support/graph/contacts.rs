//! The contacts of the mailbox and their folders.

use serde_json::{Map, Value, json};

use super::{
    Answer, Asked, MALFORMED_ID, NOT_FOUND, Refusal, Reply, WRONG, contact_fields, ids, query::Rules,
};

const RULES: Rules = Rules {
    properties: &[
        "id",
        "changeKey",
        "parentFolderId",
        "lastModifiedDateTime",
        "displayName",
        "givenName",
        "middleName",
        "surname",
        "nickName",
        "companyName",
        "department",
        "jobTitle",
        "personalNotes",
        "emailAddresses",
        "businessPhones",
        "homePhones",
        "mobilePhone",
        "businessAddress",
        "homeAddress",
        "otherAddress",
        "businessHomePage",
        "birthday",
    ],
    unordered: &[],
    on_demand: &[],
};
const FOLDER_RULES: Rules =
    Rules { properties: &["id", "displayName", "parentFolderId"], unordered: &[], on_demand: &[] };
/// The key of the default folder, which is in no list.
const DEFAULT: u64 = 1;

struct Person {
    key: u64,
    /// The key of its folder.
    folder: u64,
    /// The number of its changes.
    version: u64,
    fields: Map<String, Value>,
}

impl Person {
    fn etag(&self) -> String {
        format!("W/\"EQAAABYA{:x}v{}\"", self.key, self.version)
    }

    fn shown(&self, is_immutable: bool) -> Value {
        let mut shown = Value::Object(self.fields.clone());
        shown["@odata.etag"] = self.etag().into();
        shown["id"] = ids::of(ids::CONTACT, (self.key, 0), is_immutable).into();
        shown["changeKey"] = format!("EQAAABYA{:x}v{}", self.key, self.version).into();
        shown["parentFolderId"] = ids::fixed(ids::CONTACT_FOLDER, self.folder).into();
        let second = self.version % 60;
        shown["lastModifiedDateTime"] = format!("2026-11-28T09:30:{second:02}Z").into();
        shown
    }
}

#[derive(Default)]
pub struct Book {
    people: Vec<Person>,
    /// The keys and the names of the folders within the default one.
    folders: Vec<(u64, String)>,
    /// Of each change so far the folder and the contact, by their keys.
    pub(super) journal: Vec<(u64, u64)>,
    /// How often changes were forgotten.
    pub(super) forgotten: u64,
}

impl Book {
    fn add(&mut self, folder: u64, fields: Map<String, Value>) -> &Person {
        let key = self.journal.len() as u64 + 1_000;
        self.journal.push((folder, key));
        self.people.push(Person { key, folder, version: 1, fields });
        self.people.last().expect("the new contact")
    }

    pub fn add_default(&mut self, contact: Value) -> String {
        let given = contact.as_object().expect("an object");
        let fields = contact_fields::new(given).expect("properties of a contact");
        ids::of(ids::CONTACT, (self.add(DEFAULT, fields).key, 0), true)
    }

    pub fn add_folder(&mut self, name: &str) -> String {
        let key = self.folders.len() as u64 + DEFAULT + 1;
        self.folders.push((key, name.to_owned()));
        ids::fixed(ids::CONTACT_FOLDER, key)
    }

    pub fn touch(&mut self, id: &str) {
        let at = self.position(id).expect("a contact");
        self.note(at);
        self.people[at].version += 1;
    }

    pub fn forget_changes(&mut self) {
        self.forgotten += 1;
    }

    /// Notes a change of the contact at this position.
    fn note(&mut self, at: usize) {
        self.journal.push((self.people[at].folder, self.people[at].key));
    }

    /// A contact of a folder, if it is there.
    pub(super) fn shown(&self, (folder, key): (u64, u64), is_immutable: bool) -> Option<Value> {
        let person = self.people.iter().find(|person| person.key == key && person.folder == folder)?;
        Some(person.shown(is_immutable))
    }

    fn position(&self, id: &str) -> Result<usize, Refusal> {
        let position = |key: u64| self.people.iter().position(|person| person.key == key);
        let key = ids::read(ids::CONTACT, id, |key| position(key).map(|_| 0))?;
        position(key).ok_or(NOT_FOUND)
    }

    /// The key of the folder with this id.
    fn folder(&self, id: &str) -> Result<u64, Refusal> {
        let mut keys = self.folders.iter().map(|(key, _)| *key).chain([DEFAULT]);
        let found = keys.find(|key| ids::fixed(ids::CONTACT_FOLDER, *key) == id);
        found.ok_or(if ids::is_sound(id) { NOT_FOUND } else { MALFORMED_ID })
    }

    /// Answers a call of contacts or their folders. `rest` is the path behind `me`.
    pub fn answer(&mut self, asked: &Asked, method: &str, rest: &[&str]) -> Answer {
        match (method, rest) {
            ("GET", ["contacts"]) => self.list(asked, DEFAULT),
            ("GET", ["contacts", "delta"]) => self.changes(asked, DEFAULT),
            ("POST", ["contacts"]) => self.create(asked, DEFAULT),
            ("GET", ["contactFolders"]) => self.list_folders(asked, DEFAULT),
            ("GET", ["contactFolders", id, "childFolders"]) => {
                let parent = self.folder(id)?;
                self.list_folders(asked, parent)
            }
            ("GET", ["contactFolders", id, "contacts"]) => {
                let folder = self.folder(id)?;
                self.list(asked, folder)
            }
            ("POST", ["contactFolders", id, "contacts"]) => {
                let folder = self.folder(id)?;
                self.create(asked, folder)
            }
            (method, ["contacts", id]) => {
                let at = self.position(id)?;
                self.one(asked, method, at)
            }
            _ => Err(WRONG),
        }
    }

    fn list(&self, asked: &Asked, folder: u64) -> Answer {
        let within = self.people.iter().filter(|person| person.folder == folder);
        asked.page(&RULES, within.map(|person| person.shown(asked.is_immutable())).collect())
    }

    fn list_folders(&self, asked: &Asked, parent: u64) -> Answer {
        let shown = |(key, name): &(u64, String)| {
            let [id, parent] = [*key, DEFAULT].map(|key| ids::fixed(ids::CONTACT_FOLDER, key));
            json!({ "id": id, "displayName": name, "parentFolderId": parent })
        };
        let within = self.folders.iter().filter(|_| parent == DEFAULT);
        asked.page(&FOLDER_RULES, within.map(shown).collect())
    }

    fn create(&mut self, asked: &Asked, folder: u64) -> Answer {
        let fields = contact_fields::new(&asked.json()?)?;
        let created = self.add(folder, fields);
        Ok(Reply::Json(201, created.shown(asked.is_immutable())))
    }

    fn one(&mut self, asked: &Asked, method: &str, at: usize) -> Answer {
        let person = &mut self.people[at];
        match method {
            "GET" => {
                asked.check_options(&["$select"])?;
                Ok(Reply::Json(200, asked.chosen(&RULES, person.shown(asked.is_immutable()))?))
            }
            "PATCH" => {
                let fields = contact_fields::changed(&asked.json()?, &person.fields)?;
                asked.check_version(&person.etag())?;
                person.fields.extend(fields);
                person.version += 1;
                let shown = person.shown(asked.is_immutable());
                self.note(at);
                Ok(Reply::Json(200, shown))
            }
            "DELETE" => {
                asked.check_version(&person.etag())?;
                self.note(at);
                self.people.remove(at);
                Ok(Reply::Empty(204))
            }
            _ => Err(WRONG),
        }
    }
}

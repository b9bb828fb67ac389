//! The folders of mail.

use serde_json::{Value, json};

use super::{
    Answer, Asked, MALFORMED_ID, NOT_FOUND, Refusal, Reply, WRONG, ids, letter::Letter, query::Rules,
    state::State,
};

/// Graph's names of its folders, and their names in the mailbox.
const OF_SYSTEM: [(&str, &str); 8] = [
    (ROOT, "Oberste Ebene des Informationsspeichers"),
    ("archive", "Archiv"),
    ("drafts", "Entwürfe"),
    ("sentitems", "Gesendete Elemente"),
    ("deleteditems", "Gelöschte Elemente"),
    ("junkemail", "Junk-E-Mail"),
    ("outbox", "Postausgang"),
    ("inbox", "Posteingang"),
];
/// The folder that contains those at the top.
const ROOT: &str = "msgfolderroot";
const TRASH: &str = "deleteditems";

const RULES: Rules = Rules {
    properties: &[
        "id",
        "displayName",
        "parentFolderId",
        "childFolderCount",
        "unreadItemCount",
        "totalItemCount",
        "isHidden",
    ],
    unordered: &[],
    on_demand: &[],
};
const EXISTS: Refusal = Refusal(409, "ErrorFolderExists");

pub struct Folder {
    pub id: String,
    /// Graph's name of a folder of the system; empty for another one.
    well_known: &'static str,
    name: String,
    /// The id of the folder that contains it; `None` for the one that contains all others.
    parent: Option<String>,
}

impl Folder {
    /// The folders that every mailbox has.
    pub fn of_system() -> Vec<Self> {
        let root = ids::fixed(ids::FOLDER, 1);
        let folder = |(key, (well_known, name)): (u64, (&'static str, &str))| Self {
            id: ids::fixed(ids::FOLDER, key),
            well_known,
            name: name.to_owned(),
            parent: (well_known != ROOT).then(|| root.clone()),
        };
        (1..).zip(OF_SYSTEM).map(folder).collect()
    }
}

impl State {
    /// The folder with this id, or of this name of Graph's.
    pub fn folder(&self, id: &str) -> Result<&Folder, Refusal> {
        let found = self.folders.iter().find(|folder| folder.id == id);
        let name = id.to_lowercase();
        let found = found.or_else(|| {
            self.folders.iter().find(|folder| !folder.well_known.is_empty() && folder.well_known == name)
        });
        found.ok_or(if ids::is_sound(id) { NOT_FOUND } else { MALFORMED_ID })
    }

    /// The id of a folder that every mailbox has.
    pub fn well_known(&self, name: &str) -> String {
        let folder = self.folders.iter().find(|folder| folder.well_known == name);
        folder.expect("a folder of the system").id.clone()
    }

    /// Whether a folder is another one, or within it.
    fn is_within(&self, id: &str, other: &str) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if id == other {
                return true;
            }
            let folder = self.folders.iter().find(|folder| folder.id == id);
            at = folder.and_then(|folder| folder.parent.as_deref());
        }
        false
    }

    fn children<'s>(&'s self, parent: &'s str) -> impl Iterator<Item = &'s Folder> {
        self.folders.iter().filter(move |folder| folder.parent.as_deref() == Some(parent))
    }

    fn shown_folder(&self, folder: &Folder) -> Value {
        let within: Vec<&Letter> = self.letters.iter().filter(|letter| letter.folder == folder.id).collect();
        let is_unread = |letter: &&&Letter| letter.fields.get("isRead") == Some(&Value::Bool(false));
        json!({
            "id": folder.id, "displayName": folder.name, "isHidden": false,
            "parentFolderId": folder.parent.as_ref().unwrap_or(&folder.id),
            "childFolderCount": self.children(&folder.id).count(),
            "unreadItemCount": within.iter().filter(is_unread).count(), "totalItemCount": within.len(),
        })
    }

    fn list_folders(&self, asked: &Asked, parent: &str) -> Answer {
        asked.page(&RULES, self.children(parent).map(|folder| self.shown_folder(folder)).collect())
    }

    /// Refuses a name that another folder of the same parent has, in upper or lower case.
    fn check_name(&self, parent: &str, name: &str, but: &str) -> Result<(), Refusal> {
        let is_same = |folder: &Folder| folder.id != but && folder.name.to_lowercase() == name.to_lowercase();
        if self.children(parent).any(is_same) { Err(EXISTS) } else { Ok(()) }
    }

    /// Answers a call of folders. `rest` is the path behind `mailFolders`.
    pub fn answer_folders(&mut self, asked: &Asked, method: &str, rest: &[&str]) -> Answer {
        let root = self.well_known(ROOT);
        match (method, rest) {
            ("GET", []) => self.list_folders(asked, &root),
            ("GET", [id, "childFolders"]) => {
                let id = self.folder(id)?.id.clone();
                self.list_folders(asked, &id)
            }
            ("GET", [id]) => {
                asked.check_options(&["$select"])?;
                let shown = self.shown_folder(self.folder(id)?);
                Ok(Reply::Json(200, asked.chosen(&RULES, shown)?))
            }
            ("POST", []) => self.create_folder(asked, root),
            ("POST", [id, "childFolders"]) => {
                let parent = self.folder(id)?.id.clone();
                self.create_folder(asked, parent)
            }
            ("PATCH", [id]) => self.rename_folder(asked, id),
            ("POST", [id, "move"]) => self.move_folder(asked, id),
            ("DELETE", [id]) => self.delete_folder(id),
            _ => Err(WRONG),
        }
    }

    fn create_folder(&mut self, asked: &Asked, parent: String) -> Answer {
        let name = name_in(asked)?;
        self.check_name(&parent, &name, "")?;
        let id = ids::fixed(ids::FOLDER, self.next_key());
        let folder = Folder { id, well_known: "", name, parent: Some(parent) };
        let shown = self.shown_folder(&folder);
        self.folders.push(folder);
        Ok(Reply::Json(201, shown))
    }

    /// The position and the parent of a folder that is not the system's; of one that is, the refusal has this code.
    fn own(&self, id: &str, code: &'static str) -> Result<(usize, String), Refusal> {
        let folder = self.folder(id)?;
        let at = self.folders.iter().position(|known| known.id == folder.id).ok_or(NOT_FOUND)?;
        let parent = folder.parent.clone().filter(|_| folder.well_known.is_empty());
        Ok((at, parent.ok_or(Refusal(400, code))?))
    }

    fn rename_folder(&mut self, asked: &Asked, id: &str) -> Answer {
        let name = name_in(asked)?;
        let (at, parent) = self.own(id, "ErrorInvalidRequest")?;
        self.check_name(&parent, &name, &self.folders[at].id)?;
        self.folders[at].name = name;
        Ok(Reply::Json(200, self.shown_folder(&self.folders[at])))
    }

    fn move_folder(&mut self, asked: &Asked, id: &str) -> Answer {
        let (at, _) = self.own(id, "ErrorMoveDistinguishedFolder")?;
        let to = self.destination(asked)?;
        let folder = &self.folders[at];
        if self.is_within(&to, &folder.id) {
            return Err(Refusal(400, "ErrorMoveCopyFailed"));
        }
        self.check_name(&to, &folder.name, "")?;
        self.folders[at].parent = Some(to);
        Ok(Reply::Json(200, self.shown_folder(&self.folders[at])))
    }

    /// A folder goes to the deleted items. One that is there already is deleted for good, with everything in it.
    fn delete_folder(&mut self, id: &str) -> Answer {
        let (at, _) = self.own(id, "ErrorDeleteDistinguishedFolder")?;
        let (trash, id, name) =
            (self.well_known(TRASH), self.folders[at].id.clone(), self.folders[at].name.clone());
        if self.is_within(&id, &trash) {
            let gone: Vec<String> = self.folders.iter().map(|folder| folder.id.clone()).collect();
            let gone: Vec<String> = gone.into_iter().filter(|folder| self.is_within(folder, &id)).collect();
            self.folders.retain(|folder| !gone.contains(&folder.id));
            self.letters.retain(|letter| !gone.contains(&letter.folder));
            return Ok(Reply::Empty(204));
        }
        let numbered = (1..100).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| self.check_name(&trash, name, "").is_ok());
        self.folders[at].name = free.ok_or(EXISTS)?;
        self.folders[at].parent = Some(trash);
        Ok(Reply::Empty(204))
    }
}

/// The name in a request, which has nothing else.
fn name_in(asked: &Asked) -> Result<String, Refusal> {
    let body = asked.json()?;
    let name =
        body.get("displayName").and_then(Value::as_str).filter(|name| !name.is_empty() && body.len() == 1);
    name.map(str::to_owned).ok_or(WRONG)
}

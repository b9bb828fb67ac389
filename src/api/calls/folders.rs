//! Calls that read folders and labels.

use http::Method;

use super::{Answer, Call, Credential, shared::ACCOUNT_KEY};
use crate::{api::parameters::Parameter, people::access::Scope};

const GROUP: &str = "Folders and labels";

pub static LIST_FOLDERS: Call = Call {
    id: "listFolders",
    method: Method::GET,
    path: "/api/accounts/{account_key}/folders",
    credential: Credential::Client(Scope::FoldersRead),
    group: GROUP,
    summary: "List all folders",
    about: "folderType tells system folders in every language. folderName is the provider's word. A mailbox whose folders \
            need more than 300 requests at the provider, one for each folder with subfolders, is CONTENT_TOO_LARGE.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Many("Folder"),
};

pub static GET_FOLDER: Call = Call {
    id: "getFolder",
    method: Method::GET,
    path: "/api/accounts/{account_key}/folders/{folderId}",
    credential: Credential::Client(Scope::FoldersRead),
    group: GROUP,
    summary: "Get a folder",
    about: "",
    parameters: &[ACCOUNT_KEY, Parameter::path("folderId", "The id of the folder.")],
    answer: Answer::One("Folder"),
};

pub static LIST_LABELS: Call = Call {
    id: "listLabels",
    method: Method::GET,
    path: "/api/accounts/{account_key}/labels",
    credential: Credential::Client(Scope::TagsRead),
    group: GROUP,
    summary: "List all labels",
    about: "",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Many("Label"),
};

pub static GET_LABEL: Call = Call {
    id: "getLabel",
    method: Method::GET,
    path: "/api/accounts/{account_key}/labels/{labelId}",
    credential: Credential::Client(Scope::TagsRead),
    group: GROUP,
    summary: "Get a label",
    about: "",
    parameters: &[ACCOUNT_KEY, Parameter::label_in_path("labelId", "The id of the label.")],
    answer: Answer::One("Label"),
};

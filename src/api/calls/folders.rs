//! Calls that read and change folders and labels, and the jobs that empty folders.

use http::Method;

use super::{Answer, Call, Credential, shared::ACCOUNT_KEY};
use crate::{
    api::parameters::{Kind, MAX_TEXT, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Folders and labels";
const MAX_FOLDER_NAME: usize = 255;
const MAX_LABEL_NAME: usize = 255;
const MAX_COLOR: usize = 7;
const COLOR: &str = "The colour, such as #e74856. The nearest of those that the provider has is taken; \
                     Outlook has 25.";

pub static LIST_FOLDERS: Call = Call {
    id: "listFolders",
    method: Method::GET,
    path: "/api/accounts/{account_key}/folders",
    credential: Credential::Client(Scope::FoldersRead),
    group: GROUP,
    summary: "List all folders",
    about: "folderType tells system folders in every language. folderName is the provider's word. A mailbox whose folders \
            need more than 300 requests at the provider, one for each folder with subfolders, is CONTENT_TOO_LARGE. With some \
            providers folders are labels: a message may be in several of them, and folderId of the message is one.",
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
    about: "Where folders are labels, each label of the user is also a folder, with the same id.",
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

const FOLDER_NAME: &str = "The name of the folder. A / in it is one of the name; where folders are labels it is \
                           INVALID_VALUE.";
const PARENT_PATH: &str = "The path of the folder in which it is created, as the list of folders has it. Not read beside \
                           parentFolderId. An empty path, and one that no folder has, is INVALID_VALUE.";

pub static CREATE_FOLDER: Call = Call {
    id: "createFolder",
    method: Method::POST,
    path: "/api/accounts/{account_key}/folders",
    credential: Credential::Client(Scope::FoldersCreate),
    group: GROUP,
    summary: "Create a folder",
    about: "Without a parent: at the top. A name that a folder there has is FOLDER_EXISTS.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::body("folderName", Kind::Text { max: MAX_FOLDER_NAME }, FOLDER_NAME).required(),
        Parameter::body(
            "parentFolderId",
            Kind::Id,
            "The id of the folder in which it is created. Not empty.",
        ),
        Parameter::body("parentFolderPath", Kind::Text { max: MAX_TEXT }, PARENT_PATH),
    ],
    answer: Answer::Created("Folder"),
};

pub static CHANGE_FOLDER: Call = Call {
    id: "changeFolder",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/folders/{folderId}",
    credential: Credential::Client(Scope::FoldersUpdate),
    group: GROUP,
    summary: "Rename, move or empty a folder",
    about: "The system’s folders, those whose folderType is not User, are neither renamed nor moved: INVALID_VALUE. A \
            folder is not moved into itself or into one within it. emptyFolder deletes the messages that were \
            received before the call, by a job: data has its jobId, for the call that gets a job. One of them that \
            is moved into the folder while the job runs is deleted too. Where folders are labels, emptying the \
            archive deletes what is in no other folder. From the trash and from spam they are deleted for good, and \
            from other folders they go to the trash. Folders within the folder stay as they are. While a folder is \
            being emptied, the same call answers the same job. An account has at most 10 open jobs: another one is \
            TOO_MANY_REQUESTS.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::path("folderId", "The id of the folder."),
        Parameter::body("mode", Kind::OneOf(&["rename", "move", "emptyFolder"]), "What to do.").required(),
        Parameter::body(
            "folderName",
            Kind::Text { max: MAX_FOLDER_NAME },
            "The new name: only for rename, which needs it.",
        ),
        Parameter::body(
            "parentFolderId",
            Kind::Id,
            "The id of the folder into which it is moved: only for move, and not empty. Without it: to the top.",
        ),
        Parameter::body(
            "previousFolderId",
            Kind::Id,
            "The folder before it in the list. A provider has no such order.",
        )
        .ignored(),
    ],
    answer: Answer::DoneOrOne("StartedJob"),
};

pub static DELETE_FOLDER: Call = Call {
    id: "deleteFolder",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/folders/{folderId}",
    credential: Credential::Client(Scope::FoldersDelete),
    group: GROUP,
    summary: "Delete a folder",
    about: "With Outlook the folder moves to the trash with its messages and with the folders in it. Where folders \
            are labels, the folder is deleted with those in it, and the messages stay in the mailbox. A folder that \
            is in the trash is deleted for good. The system’s folders are not deleted: INVALID_VALUE.",
    parameters: &[ACCOUNT_KEY, Parameter::path("folderId", "The id of the folder.")],
    answer: Answer::Done,
};

pub static CREATE_LABEL: Call = Call {
    id: "createLabel",
    method: Method::POST,
    path: "/api/accounts/{account_key}/labels",
    credential: Credential::Client(Scope::TagsCreate),
    group: GROUP,
    summary: "Create a label",
    about: "A name that a label has is INVALID_VALUE. With Outlook upper and lower case are alike.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::body("displayName", Kind::Text { max: MAX_LABEL_NAME }, "The name of the label.")
            .required(),
        Parameter::body("color", Kind::Text { max: MAX_COLOR }, COLOR),
    ],
    answer: Answer::Created("Label"),
};

pub static UPDATE_LABEL: Call = Call {
    id: "updateLabel",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/labels/{labelId}",
    credential: Credential::Client(Scope::TagsUpdate),
    group: GROUP,
    summary: "Change a label",
    about: "Give at least one of displayName and color.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::label_in_path("labelId", "The id of the label."),
        Parameter::body(
            "displayName",
            Kind::Text { max: MAX_LABEL_NAME },
            "The name of the label. With Outlook another name than the present one is NOT_SUPPORTED_BY_PROVIDER. \
             Where folders are labels, the names of those within it follow.",
        ),
        Parameter::body("color", Kind::Text { max: MAX_COLOR }, COLOR),
    ],
    answer: Answer::Done,
};

pub static DELETE_LABEL: Call = Call {
    id: "deleteLabel",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}/labels/{labelId}",
    credential: Credential::Client(Scope::TagsDelete),
    group: GROUP,
    summary: "Delete a label",
    about: "With Outlook messages keep the name of the label, and their labelId stays as it is. Where folders are \
            labels, they lose it.",
    parameters: &[ACCOUNT_KEY, Parameter::label_in_path("labelId", "The id of the label.")],
    answer: Answer::Done,
};

pub static GET_JOB: Call = Call {
    id: "getJob",
    method: Method::GET,
    path: "/api/accounts/{account_key}/jobs/{jobId}",
    // Jobs belong to messages, as those that change or send many will.
    credential: Credential::Client(Scope::MessagesRead),
    group: GROUP,
    summary: "Get a job",
    about: "Ask again every few seconds until state is done or failed. A job waits while the provider wants fewer requests or \
            does not answer, or the account cannot be used, and fails after 24 hours. While it waits for an answer, other \
            jobs of the account may run. It is known until 7 days after its end.",
    parameters: &[ACCOUNT_KEY, Parameter::path("jobId", "The jobId of the call that has started it.")],
    answer: Answer::One("Job"),
};

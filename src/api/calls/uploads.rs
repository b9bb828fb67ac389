//! Calls about files that are uploaded before they are sent.

use http::Method;

use super::{Answer, Call, Credential, shared::ACCOUNT_KEY};
use crate::{
    api::parameters::{Kind, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Uploads";
/// The path of both calls. The router takes the body of an upload as a stream.
pub const UPLOADS_PATH: &str = "/api/accounts/{account_key}/attachments";

pub static UPLOAD_ATTACHMENT: Call = Call {
    id: "uploadAttachment",
    method: Method::POST,
    path: UPLOADS_PATH,
    credential: Credential::Client(Scope::AttachmentsCreate),
    group: GROUP,
    summary: "Upload a file to send it",
    about: "The body is the file itself, of any Content-Type, at most 150 MB. The fileId is for calls of the same client and \
            account. The file is erased once a message or a new draft has it, and else after 24 hours. A call that changes a \
            draft does not erase it. A file of a scheduled message is kept until that message is sent. A client has 1 GB for its uploads. An upload takes space until it is erased, some hours after the 24 hours, or until it is deleted. A body that is slower than 16 kB a second for a minute is cut off.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query(
            "fileName",
            Kind::Text { max: 255 },
            "The name of the file, without folders. A call without it is NOT_FOUND, as with Mail360.",
        ),
    ],
    answer: Answer::Created("Upload"),
};

pub static DELETE_UPLOAD: Call = Call {
    id: "deleteUpload",
    method: Method::DELETE,
    path: UPLOADS_PATH,
    credential: Credential::Client(Scope::AttachmentsDelete),
    group: GROUP,
    summary: "Delete an upload that was not sent",
    about: "",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::query(
            "fileId",
            Kind::Id,
            "The fileId of the upload, with the name of the file or without.",
        )
        .required(),
    ],
    answer: Answer::Done,
};

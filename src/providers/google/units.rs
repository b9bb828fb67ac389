//! What a request costs of a mailbox's quota (Gmail API, "Usage limits", for projects that began after April 2026).

use std::time::Duration;

use ::http::Method;

use crate::providers::mailbox::MailboxLimits;

/// The quota of a user of a project.
pub const LIMITS: MailboxLimits = MailboxLimits { at_once: 8, window: Duration::from_mins(1), units: 6_000 };
/// The units of a message that is read, and those of a page of ids.
pub const MESSAGE: u32 = 20;
pub const PAGE: u32 = 5;

/// The units of a request to a path at the host of an API, without a slash before it. The People API counts its requests
/// apart, so they cost none. A batch counts as one for each request that it may hold: what it holds is not read, and Google's
/// 429 tells when it was more.
pub fn of(method: &Method, path: &str) -> u32 {
    let path = path.split('?').next().unwrap_or_default();
    if path.starts_with("batch/") {
        return 1;
    }
    let path = path.strip_prefix("upload/").unwrap_or(path);
    let Some(path) = path.strip_prefix("gmail/") else { return 0 };
    // The version, `users` and the user are before the rest.
    let rest: Vec<_> = path.split('/').skip(3).collect();
    match (method.as_str(), rest.as_slice()) {
        (_, ["messages" | "drafts", "send"] | ["watch"]) => 100,
        (_, ["messages", "batchModify" | "batchDelete"] | ["stop"]) => 50,
        ("GET", ["threads", _]) => 40,
        ("POST", ["messages"] | ["messages", "import"]) => 25,
        ("GET", ["messages" | "drafts", _]) => MESSAGE,
        ("DELETE", ["threads", _]) => 20,
        ("PUT", ["drafts", _]) => 15,
        ("DELETE", ["messages" | "drafts", _]) | ("POST", ["drafts"]) | (_, ["threads", ..]) => 10,
        ("GET", ["history"]) => 2,
        ("GET", ["profile" | "labels" | "settings", ..]) => 1,
        // A page, an attachment, or a change of a message or a label.
        _ => PAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_costs_what_google_counts() {
        for (method, path, units) in [
            (Method::GET, "messages?maxResults=500", PAGE),
            (Method::GET, "messages/1a", MESSAGE),
            (Method::GET, "messages/1a/attachments/2", 5),
            (Method::POST, "messages/1a/modify", 5),
            (Method::POST, "messages/1a/trash", 5),
            (Method::DELETE, "messages/1a", 10),
            (Method::POST, "messages/batchModify", 50),
            (Method::POST, "messages/send", 100),
            (Method::GET, "threads", 10),
            (Method::GET, "threads/1a", 40),
            (Method::GET, "history?startHistoryId=1", 2),
            (Method::GET, "profile", 1),
            (Method::GET, "labels", 1),
            (Method::GET, "labels/Label_1", 1),
            (Method::POST, "labels", 5),
            (Method::GET, "settings/sendAs", 1),
            (Method::GET, "drafts", PAGE),
            (Method::GET, "drafts/r1", MESSAGE),
            (Method::POST, "drafts", 10),
            (Method::PUT, "drafts/r1", 15),
            (Method::DELETE, "drafts/r1", 10),
            (Method::POST, "drafts/send", 100),
        ] {
            for before in ["", "upload/"] {
                let path = format!("{before}gmail/v1/users/me/{path}");
                assert_eq!(of(&method, &path), units, "{method} {path}");
            }
        }
    }

    #[test]
    fn a_batch_costs_one_for_each_request_that_it_may_hold_and_contacts_cost_nothing() {
        assert_eq!(of(&Method::POST, "batch/gmail/v1"), 1);
        assert_eq!(of(&Method::GET, "v1/people/me/connections"), 0);
    }
}

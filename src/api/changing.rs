//! Changes of messages and threads: mark, flag, move, label, delete.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    asked::Asked,
    calls::{CHANGE_MESSAGES, CHANGE_THREADS, Call, NEEDS},
    envelope::Envelope,
    errors::{ApiError, Code},
    parameters::Given,
    refused::Refused,
    shapes::{MessageResults, ThreadResults},
};
use crate::{
    mail::service::{Mail, Outcome},
    platform::text,
    providers::mailbox::MessageChange,
};

/// `PUT …/messages`.
pub async fn change_messages(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let messages = asked.given.texts("messageId");
    let change = change_of(&CHANGE_MESSAGES, &asked.given)?;
    let outcomes = mail.change_messages(&asked.caller, asked.account()?, messages, &change).await?;
    Ok(answer(outcomes, MessageResults::of))
}

/// `DELETE …/messages/{messageId}`.
pub async fn delete_message(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let message = asked.given.required("messageId").to_owned();
    let deletion = deletion(&asked.given);
    done(mail.change_messages(&asked.caller, asked.account()?, &[message], &deletion).await?)
}

/// `PUT …/threads`.
pub async fn change_threads(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let threads = asked.given.texts("threadId");
    let change = change_of(&CHANGE_THREADS, &asked.given)?;
    let outcomes = mail.change_threads(&asked.caller, asked.account()?, threads, &change).await?;
    Ok(answer(outcomes, ThreadResults::of))
}

/// `DELETE …/threads`.
pub async fn delete_threads(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let (deletion, threads) = (deletion(&asked.given), asked.given.texts("threadId"));
    let outcomes = mail.change_threads(&asked.caller, asked.account()?, threads, &deletion).await?;
    Ok(answer(outcomes, ThreadResults::of))
}

/// `DELETE …/threads/{threadId}`.
pub async fn delete_thread(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let thread = asked.given.required("threadId").to_owned();
    let deletion = deletion(&asked.given);
    done(mail.change_threads(&asked.caller, asked.account()?, &[thread], &deletion).await?)
}

fn deletion(given: &Given) -> MessageChange {
    if given.is_set("expunge") { MessageChange::Expunge } else { MessageChange::Trash }
}

/// The change that `mode` asks for.
///
/// # Errors
/// `INVALID_VALUE` if the parameter is missing that the mode needs, or if the call has one that it does not need.
fn change_of(call: &Call, given: &Given) -> Result<MessageChange, ApiError> {
    let mode = given.required("mode");
    for need in &NEEDS {
        let is_needed = need.modes.contains(&mode);
        let parameter = call.parameters.iter().find(|parameter| need.names.contains(&parameter.name));
        let Some(name) = parameter.map(|parameter| parameter.name) else { continue };
        if is_needed && !is_filled(given, name) {
            let more_info = format!("{name} is missing. The mode {mode} needs it.");
            return Err(ApiError::of(Code::InvalidValue, more_info));
        }
        if !is_needed && given.has(name) {
            let more_info = format!("{name}: Give it only with the mode {}.", need.modes.join(" or "));
            return Err(ApiError::of(Code::InvalidValue, more_info));
        }
    }
    let labels = || given.texts("labelId").to_vec();
    let flag = given.text("flagid").or(given.text("flagId"));
    Ok(match mode {
        "markAsRead" => MessageChange::Read(true),
        "markAsUnread" => MessageChange::Read(false),
        "setFlag" => MessageChange::Flagged(flag != Some("flag_not_set")),
        "moveMessage" => MessageChange::Move(given.required("destfolderId").to_owned()),
        "applyLabel" => MessageChange::AddLabels(labels()),
        "removeLabel" => MessageChange::RemoveLabels(labels()),
        _ => MessageChange::RemoveAllLabels,
    })
}

/// Whether a parameter has a value that is not empty.
fn is_filled(given: &Given, name: &str) -> bool {
    given.text(name).is_some_and(|value| !text::trim(value).is_empty()) || !given.texts(name).is_empty()
}

/// The answer of a call for one message or thread.
fn done(outcomes: Vec<Outcome>) -> Result<Envelope<()>, Refused> {
    match outcomes.into_iter().find_map(|outcome| outcome.failure) {
        Some(failure) => Err(failure.into()),
        None => Ok(Envelope::done()),
    }
}

/// The answer of a call for several.
fn answer<T: Serialize>(
    outcomes: Vec<Outcome>,
    results: impl FnOnce(Vec<(String, Option<&'static str>)>) -> T,
) -> Response {
    if outcomes.iter().all(|outcome| outcome.failure.is_none()) {
        return Envelope::done().into_response();
    }
    let code = |Outcome { id, failure }: Outcome| (id, failure.map(|failure| Refused::from(failure).code()));
    Envelope::partly_done(results(outcomes.into_iter().map(code).collect())).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(threads: bool, mut body: Value) -> Result<MessageChange, String> {
        let (call, ids) =
            if threads { (&CHANGE_THREADS, "threadId") } else { (&CHANGE_MESSAGES, "messageId") };
        body[ids] = json!("[\"a\", \"b\"]");
        let path = [("account_key".to_owned(), "k".to_owned())];
        let given = Given::read(call.parameters, &path, "", body.to_string().as_bytes());
        given.and_then(|given| change_of(call, &given)).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn each_mode_is_a_change() {
        let labels = || vec!["x".to_owned(), "y".to_owned()];
        for threads in [false, true] {
            let flag = if threads { "flagId" } else { "flagid" };
            for (body, change) in [
                (json!({ "mode": "markAsRead" }), MessageChange::Read(true)),
                (json!({ "mode": "markAsUnread" }), MessageChange::Read(false)),
                (json!({ "mode": "setFlag", flag: "info" }), MessageChange::Flagged(true)),
                (json!({ "mode": "setFlag", flag: "important" }), MessageChange::Flagged(true)),
                (json!({ "mode": "setFlag", flag: "followup" }), MessageChange::Flagged(true)),
                (json!({ "mode": "setFlag", flag: "flag_not_set" }), MessageChange::Flagged(false)),
                (json!({ "mode": "moveMessage", "destfolderId": "f" }), MessageChange::Move("f".to_owned())),
                (json!({ "mode": "applyLabel", "labelId": ["x", "y"] }), MessageChange::AddLabels(labels())),
                (json!({ "mode": "removeLabel", "labelId": "x,y" }), MessageChange::RemoveLabels(labels())),
                (json!({ "mode": "removeAllLabels", "labelId": null }), MessageChange::RemoveAllLabels),
            ] {
                assert_eq!(read(threads, body.clone()), Ok(change), "{body}");
            }
        }
    }

    #[test]
    fn a_mode_needs_its_own_parameter_and_refuses_those_of_others() {
        for (body, words) in [
            (json!({ "mode": "setFlag" }), "flagid is missing. The mode setFlag needs it."),
            (json!({ "mode": "moveMessage" }), "destfolderId is missing."),
            (json!({ "mode": "moveMessage", "destfolderId": " " }), "destfolderId is missing."),
            (json!({ "mode": "applyLabel" }), "labelId is missing. The mode applyLabel needs it."),
            (json!({ "mode": "removeLabel", "labelId": [] }), "labelId is missing."),
            (
                json!({ "mode": "markAsRead", "flagid": "info" }),
                "flagid: Give it only with the mode setFlag.",
            ),
            (
                json!({ "mode": "setFlag", "flagid": "info", "destfolderId": "f" }),
                "destfolderId: Give it only",
            ),
            (
                json!({ "mode": "removeAllLabels", "labelId": ["x"] }),
                "labelId: Give it only with the mode applyLabel or removeLabel.",
            ),
            (json!({ "mode": "moveMessage", "destfolderId": "f", "labelId": [] }), "labelId: Give it only"),
        ] {
            let error = read(false, body.clone()).expect_err("a mistake");
            assert!(error.contains("INVALID_VALUE") && error.contains(words), "{body}: {error}");
        }
    }
}

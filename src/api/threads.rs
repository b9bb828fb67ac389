//! Threads and drafts.

use axum::{extract::State, response::Response};

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::{ApiError, Code},
    messages::{chosen, order},
    pages::{self, First},
    refused::Refused,
    shapes::{Draft, Message},
};
use crate::{
    mail::service::Mail,
    providers::mailbox::{DraftQuery, MessageQuery, Order, ThreadQuery},
};

/// `GET …/threads`.
pub async fn list(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let wanted = pages::wanted(given, First::Zero)?;
    let query = MessageQuery {
        folder: chosen(given.text("folderId")),
        includes_sent: given.is_set("includesent"),
        label: chosen(given.text("labelid")),
        is_read: None,
        has_attachment: None,
        has_inline: None,
        is_flagged: None,
        order: Order::NewestFirst,
        position: wanted.position,
        limit: wanted.limit,
    };
    let page = mail.list_threads(caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Message::from).collect(), page.next)
}

/// `GET …/threads/{threadId}`.
pub async fn get(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let wanted = pages::wanted(given, First::Zero)?;
    let query = ThreadQuery {
        thread: given.required("threadId").to_owned(),
        folder: chosen(given.text("folderId")),
        label: chosen(given.text("labelId")),
        position: wanted.position,
        limit: wanted.limit,
    };
    let page = mail.get_thread(caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Message::from).collect(), page.next)
}

/// `GET …/drafts`.
pub async fn list_drafts(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let wanted = pages::wanted(&asked.given, First::Zero)?;
    let query = DraftQuery { order: order(&asked), position: wanted.position, limit: wanted.limit };
    let page = mail.list_drafts(&asked.caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Draft::from).collect(), page.next)
}

/// `GET …/drafts/{draftId}`.
pub async fn get_draft(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Draft>, Refused> {
    let draft = mail.get_draft(&asked.caller, asked.account()?, asked.given.required("draftId")).await?;
    Ok(Envelope::success(draft.into()))
}

/// `…/templates`: no provider keeps templates.
pub async fn templates(_: Asked) -> ApiError {
    ApiError::of(Code::NotSupported, "Templates are not supported. Keep them in your program.")
}

//! Messages: list, search, metadata, content, header, raw; attachments. Threads and drafts are in `threads`.

use axum::{extract::State, response::Response};

use super::{
    asked::Asked,
    downloads,
    envelope::Envelope,
    pages::{self, First},
    refused::Refused,
    search,
    shapes::{Attachments, Content, Header, Message},
};
use crate::{
    mail::service::Mail,
    providers::mailbox::{MessageQuery, Order, SearchQuery},
};

/// Of a folder or a label, Mail360's word for *any*.
const ANY: [&str; 2] = ["0", "-1"];

/// The id of a folder or a label, unless it means *any*.
pub(super) fn chosen(id: Option<&str>) -> Option<String> {
    id.filter(|id| !ANY.contains(id)).map(str::to_owned)
}

/// `GET …/messages`.
pub async fn list(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let wanted = pages::wanted(given, First::One)?;
    let query = MessageQuery {
        folder: chosen(given.text("folderId")),
        includes_sent: given.is_set("includesent"),
        label: chosen(given.text("labelId")),
        is_read: given.text("status").map(|status| status == "read"),
        has_attachment: given.is_set("attachedMails").then_some(true),
        has_inline: given.is_set("inlinedMails").then_some(true),
        is_flagged: given.is_set("flaggedMails").then_some(true),
        order: order(&asked),
        position: wanted.position,
        limit: wanted.limit,
    };
    let page = mail.list_messages(caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Message::from).collect(), page.next)
}

/// The order that `sortorder` asks for.
pub(super) fn order(asked: &Asked) -> Order {
    if asked.given.is_set("sortorder") { Order::OldestFirst } else { Order::NewestFirst }
}

/// `GET …/messages/search`.
pub async fn search(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let (conditions, wanted) = (search::parse(given)?, pages::wanted(given, First::One)?);
    if conditions.is_list() {
        let query = MessageQuery {
            folder: chosen(conditions.folder.as_deref()),
            position: wanted.position,
            limit: wanted.limit,
            ..MessageQuery::default()
        };
        let page = mail.list_messages(caller, asked.account()?, query, wanted.cursor).await?;
        return pages::answer(page.items.into_iter().map(Message::from).collect(), page.next);
    }
    let query = SearchQuery {
        clauses: conditions.clauses,
        received: conditions.received,
        folder: chosen(conditions.folder.as_deref()),
        position: wanted.position,
        limit: wanted.limit,
    };
    let page = mail.search_messages(caller, asked.account()?, query, wanted.cursor).await?;
    pages::answer(page.items.into_iter().map(Message::from).collect(), page.next)
}

/// `GET …/messages/{messageId}`.
pub async fn get(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Message>, Refused> {
    let message =
        mail.get_message(&asked.caller, asked.account()?, asked.given.required("messageId")).await?;
    Ok(Envelope::success(message.into()))
}

/// `GET …/messages/{messageId}/content`.
pub async fn content(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Content>, Refused> {
    let id = asked.given.required("messageId");
    let keeps_active_parts = asked.given.is_set("includeBlockContent");
    let content = mail.get_content(&asked.caller, asked.account()?, id, keeps_active_parts).await?;
    Ok(Envelope::success(Content { message_id: id.to_owned(), content }))
}

/// `GET …/messages/{messageId}/header`.
pub async fn header(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Header>, Refused> {
    let id = asked.given.required("messageId");
    let header_content = mail.get_header(&asked.caller, asked.account()?, id).await?;
    Ok(Envelope::success(Header { message_id: id.to_owned(), header_content }))
}

/// `GET …/messages/{messageId}/raw`.
pub async fn raw(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let id = asked.given.required("messageId");
    let download = mail.get_raw(&asked.caller, asked.account()?, id).await?;
    Ok(downloads::answer(download, Some("message/rfc822"), Some("message.eml")))
}

/// `GET …/messages/{messageId}/attachments`.
pub async fn attachments(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<Attachments>, Refused> {
    let id = asked.given.required("messageId");
    let found = mail.list_attachments(&asked.caller, asked.account()?, id).await?;
    let includes_inline = asked.given.is_set("includeInline");
    Ok(Envelope::success(Attachments::of(id.to_owned(), found, includes_inline)))
}

/// `GET …/messages/{messageId}/attachments/{attachmentId}`.
pub async fn attachment(State(mail): State<Mail>, asked: Asked) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let (message, attachment) = (given.required("messageId"), given.required("attachmentId"));
    let download = mail.download_attachment(caller, asked.account()?, message, attachment).await?;
    Ok(downloads::answer(download, None, None))
}

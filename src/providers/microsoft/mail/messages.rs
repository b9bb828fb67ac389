//! One message: its metadata, its body, its header and its source.

use futures_util::StreamExt;
use serde_json::Value;

use super::{
    address::{Query, segment},
    read::{self, items, text},
    request::{Graph, Json, MAIL_READ, Question},
    walk::{ALL, SIZE},
};
use crate::providers::mailbox::{Content, Download, MailError, MailProblem, Message};

/// Whether a message has inline images is known only from its attachments.
const INLINE: &str = "attachments($select=id,isInline)";
/// Without it Graph removes parts of HTML by rules of its own.
const UNCHANGED: &str = "outlook.allow-unsafe-html";
/// Maximum number of bytes of the head of a message.
const MAX_HEAD: usize = 256 * 1024;

/// Reads an object or a list with the first of these expansions that Graph takes, and otherwise without one.
pub(super) async fn get_expanded(
    graph: &Graph<'_>,
    path: &str,
    query: &Query,
    expansions: &[&str],
) -> Result<Json, MailError> {
    for expansion in expansions {
        let address = query.clone().with("$expand", expansion).on(path);
        match graph.get(MAIL_READ, &address).await {
            Err(error) if error.problem == MailProblem::Refused => {}
            answer => return answer,
        }
    }
    graph.get(MAIL_READ, &query.on(path)).await
}

fn path_of(message: &str) -> Result<String, MailError> {
    Ok(format!("/me/messages/{}", segment(message)?))
}

/// A message without its body.
pub(super) async fn get(graph: &Graph<'_>, message: &str) -> Result<Message, MailError> {
    let path = path_of(message)?;
    let query = Query::default().with("$select", ALL);
    let both = format!("{INLINE},{SIZE}");
    let answer = get_expanded(graph, &path, &query, &[&both, INLINE]).await?;
    read::message(&answer).ok_or_else(|| MailProblem::NotFound.into())
}

/// A draft. Another message is not found.
pub(super) async fn draft(graph: &Graph<'_>, message: &str) -> Result<Message, MailError> {
    let message = get(graph, message).await?;
    if message.is_draft { Ok(message) } else { Err(MailProblem::NotFound.into()) }
}

/// The body of a message as its sender wrote it, of at most `max` bytes.
pub(super) async fn content(graph: &Graph<'_>, message: &str, max: usize) -> Result<Content, MailError> {
    let path = Query::default().with("$select", "id,body").on(&path_of(message)?);
    let question = Question { url: &graph.url(&path), permission: MAIL_READ, prefer: Some(UNCHANGED) };
    // JSON escapes quotation marks and line ends, which are a part of HTML but not all of it.
    let longest = max.saturating_mul(2).saturating_add(MAX_HEAD);
    let mut answer = graph.ask(question, longest).await?;
    let body = answer.get_mut("body").filter(|body| body.is_object());
    let body = body.ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    let is_html = text(body, "contentType").is_none_or(|kind| kind.eq_ignore_ascii_case("html"));
    // Not a copy: it may have megabytes.
    let text = match body.get_mut("content").map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    if text.len() > max {
        return Err(MailProblem::TooLarge.into());
    }
    Ok(Content { text, is_html })
}

/// The header fields of a message. Graph has them for received messages; those of others are in the source.
pub(super) async fn header(graph: &Graph<'_>, message: &str) -> Result<String, MailError> {
    let path = path_of(message)?;
    let query = Query::default().with("$select", "id,internetMessageHeaders");
    let answer = graph.get(MAIL_READ, &query.on(&path)).await?;
    let fields: String = items(&answer, "internetMessageHeaders").iter().filter_map(field).collect();
    if fields.is_empty() { head_of_source(graph, &path).await } else { Ok(fields) }
}

/// A header field as one line.
fn field(value: &Value) -> Option<String> {
    let name = text(value, "name")?;
    let value = value.get("value").and_then(Value::as_str).unwrap_or_default();
    // A long value is folded (RFC 5322, 2.2.3). Without its line ends nothing in it can look like another field.
    let lines: Vec<_> = value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_sound = !name.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':');
    is_sound.then(|| format!("{name}: {}\r\n", lines.join(" ")))
}

/// The source up to the blank line. The rest is not read.
async fn head_of_source(graph: &Graph<'_>, path: &str) -> Result<String, MailError> {
    let mut body = graph.download(MAIL_READ, &format!("{path}/$value")).await?.body;
    let mut head = Vec::new();
    while let Some(piece) = body.next().await {
        // The blank line may begin in the piece before.
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(&piece?);
        if let Some(end) = end_of_head(&head, from) {
            head.truncate(end);
            break;
        }
        if head.len() > MAX_HEAD {
            return Err(MailProblem::TooLarge.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Where the blank line begins: behind the line end of the last field. It is looked for behind `from`.
fn end_of_head(source: &[u8], from: usize) -> Option<usize> {
    let rest = source.get(from..)?;
    let blank = |end: &[u8], kept: usize| {
        let at = rest.windows(end.len()).position(|window| window == end)?;
        from.checked_add(at)?.checked_add(kept)
    };
    blank(b"\r\n\r\n", 2).or_else(|| blank(b"\n\n", 1))
}

/// The source of a message.
pub(super) async fn raw(graph: &Graph<'_>, message: &str) -> Result<Download, MailError> {
    let path = format!("{}/$value", path_of(message)?);
    let source = graph.download(MAIL_READ, &path).await?;
    Ok(Download { content_type: Some("message/rfc822".to_owned()), ..source })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_header_field_is_one_line_whatever_its_value_has() {
        let line = |name: &str, value: &str| field(&json!({ "name": name, "value": value }));
        assert_eq!(line("Subject", "Hello").as_deref(), Some("Subject: Hello\r\n"));
        assert_eq!(line("Received", "from a\r\n\tby b").as_deref(), Some("Received: from a by b\r\n"));
        assert_eq!(line("X", "a\nBcc: b\r\rC: d").as_deref().map(|line| line.matches('\n').count()), Some(1));
        assert_eq!(line("X\r\nBcc", "a"), None);
        assert_eq!(line("X: Y", "a"), None);
    }

    #[test]
    fn the_head_ends_at_the_blank_line() {
        for (source, head) in [
            ("A: b\r\nC: d\r\n\r\nbody\r\n\r\n", "A: b\r\nC: d\r\n"),
            ("A: b\n\nbody", "A: b\n"),
            ("A: b\r\n\r\n", "A: b\r\n"),
        ] {
            let end = end_of_head(source.as_bytes(), 0);
            assert_eq!(end.and_then(|end| source.get(..end)), Some(head));
        }
        assert_eq!(end_of_head(b"A: b\r\nC: d", 0), None);
        assert_eq!(end_of_head(b"A: b\r\n\r\n", 4), Some(6));
    }
}

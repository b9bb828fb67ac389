//! Several requests in one. Each is answered by itself, and the answers come in another order than the requests.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use url::Url;

use super::{Answer, Asked, GRAPH, JSON, Refusal, Reply, WRONG, state::State};

/// Maximum number of requests in a batch.
const MAX: usize = 20;
const METHODS: [&str; 4] = ["GET", "POST", "PATCH", "DELETE"];
/// The members of a request.
const MEMBERS: [&str; 5] = ["id", "method", "url", "headers", "body"];

/// Reads a request of a batch: its id, and the request.
fn read(value: &Value) -> Result<(String, Asked), Refusal> {
    let members = value.as_object().ok_or(WRONG)?;
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let (id, method, path) = (text("id"), text("method"), text("url"));
    let is_known = members.keys().all(|name| MEMBERS.contains(&name.as_str()));
    if id.is_empty() || !is_known || !METHODS.contains(&method) || !path.starts_with("/me/") {
        return Err(WRONG);
    }
    let url = Url::parse(&format!("{GRAPH}{path}")).map_err(|_| WRONG)?;
    let none = Map::new();
    let headers = members.get("headers").and_then(Value::as_object).unwrap_or(&none);
    let header = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
    };
    let mut asked = Asked::new(method, url, &header);
    if let Some(body) = members.get("body") {
        asked.body = body.to_string().into_bytes();
    }
    Ok((id.to_owned(), asked))
}

impl State {
    pub fn answer_batch(&mut self, asked: &Asked) -> Answer {
        let body = asked.json()?;
        let requests = body.get("requests").and_then(Value::as_array).ok_or(WRONG)?;
        let parts: Vec<(String, Asked)> = requests.iter().map(read).collect::<Result<_, _>>()?;
        let ids: BTreeSet<&str> = parts.iter().map(|(id, _)| id.as_str()).collect();
        if parts.is_empty() || parts.len() > MAX || ids.len() < parts.len() {
            return Err(WRONG);
        }
        let mut responses = Vec::with_capacity(parts.len());
        for (id, part) in &parts {
            let headers = json!({ "Content-Type": JSON });
            responses.push(match self.answer(part) {
                Ok(Reply::Json(status, body)) => {
                    json!({ "id": id, "status": status, "headers": headers, "body": body })
                }
                Ok(Reply::Empty(status)) => json!({ "id": id, "status": status, "headers": {} }),
                Ok(Reply::Bytes(..)) => return Err(WRONG),
                Err(refusal) => {
                    json!({ "id": id, "status": refusal.0, "headers": headers, "body": refusal.body() })
                }
            });
        }
        responses.reverse();
        Ok(Reply::Json(200, json!({ "responses": responses })))
    }
}

//! Pages that are the same for all visitors who are not logged in. The attack: strangers ask for a long page again and
//! again, and each time the program renders and compresses it. So each is made once, for as long as the program runs.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use super::{Renderer, to_html};
use crate::platform::{failure::Failure, page::Page};

/// How hard brotli tries, of 11.
const BROTLI_QUALITY: i32 = 5;
const BROTLI: &str = "br";

/// The documents, by path. Only routes without a variable part have such a page, so there are few.
#[derive(Clone, Default)]
pub(super) struct Documents(Arc<Mutex<HashMap<String, Document>>>);

#[derive(Clone)]
struct Document {
    plain: Bytes,
    compressed: Bytes,
}

impl Documents {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a client reads brotli.
pub(super) fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(BROTLI) && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Answers with the document of a page, which is made if it is the first time.
pub(super) async fn answer(renderer: &Renderer, page: Page, path: &str, takes_brotli: bool) -> Response {
    let known = renderer.documents.lock().get(path).cloned();
    let document = match known {
        Some(document) => document,
        None => match make(renderer, page, path).await {
            Ok(document) => {
                renderer.documents.lock().insert(path.to_owned(), document.clone());
                document
            }
            Err(failure) => {
                failure.log();
                return failure.status().into_response();
            }
        },
    };
    let bytes = if takes_brotli { document.compressed } else { document.plain };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if takes_brotli {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(BROTLI));
    }
    response
}

async fn make(renderer: &Renderer, page: Page, path: &str) -> Result<Document, Failure> {
    let response = to_html(renderer, page, None, None, path).await;
    let html = whole(response.into_body()).await?;
    let plain = Bytes::from(without_scripts(&String::from_utf8_lossy(&html)));
    let compressed = compress(plain.clone()).await?;
    Ok(Document { plain, compressed })
}

/// Leptos adds scripts for the hydration of islands, of which these pages have none.
fn without_scripts(html: &str) -> String {
    let mut parts = html.split("<script");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("</script>").map_or("", |(_, rest)| rest))
}

async fn compress(plain: Bytes) -> Result<Bytes, Failure> {
    let service = service_fn(move |_: Request| {
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::from(plain.clone()))))
    });
    let layer = CompressionLayer::new().quality(CompressionLevel::Precise(BROTLI_QUALITY));
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(BROTLI));
    let Ok(response) = layer.layer(service).oneshot(request).await;
    whole(Body::new(response.into_body())).await
}

async fn whole(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, usize::MAX).await.map_err(|error| Failure::unexpected(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_only_to_a_client_that_reads_it() {
        let takes = |value: &'static str| {
            takes_brotli(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for value in ["br", "gzip, deflate, br", "gzip;q=1.0, BR;q=0.5"] {
            assert!(takes(value), "{value}");
        }
        for value in ["", "gzip", "br;q=0", "brotli", "br;q=0.0, gzip"] {
            assert!(!takes(value), "{value}");
        }
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn scripts_are_left_out_and_nothing_else() {
        let html = "<p>a</p><script nonce=\"x\">b</script><p>c</p><script>d</script>";
        assert_eq!(without_scripts(html), "<p>a</p><p>c</p>");
        assert_eq!(without_scripts("<p>a &lt;script</p>"), "<p>a &lt;script</p>");
    }
}

//! The raw passage: a call to the provider's own API, with the account's access token in place of the caller's
//! credential. [`RawCall`] becomes a request to the provider, and [`pass_back`] makes the caller's answer of the
//! provider's.
//!
//! Three lists decide what passes: `address` puts the provider's address together, `headers` has the headers that pass
//! either way, and `links` rewrites the addresses of further pages so that they lead back here.

mod address;
mod headers;
mod links;

use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::address::AddressProblem;
use self::links::{LinkRewriter, LinkRule};
use crate::providers::{
    mailbox::{Bytes, MailBody, MailRequest, MailResponse, MailStream},
    passage::Passage,
};

/// The method, the address and the headers of a raw call as they came.
#[derive(Clone, Debug)]
pub struct RawCall {
    pub method: Method,
    /// The caller's path after `proxy/`, undecoded.
    pub rest: String,
    /// The caller's query, undecoded.
    pub query: Option<String>,
    pub headers: HeaderMap,
}

/// The answer to a raw call.
pub struct RawAnswer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: MailStream,
}

impl RawCall {
    /// The provider's address.
    ///
    /// # Errors
    /// [`AddressProblem`].
    pub fn address(&self, passage: &Passage) -> Result<Url, AddressProblem> {
        address::build(&passage.parts, &self.rest, self.query.as_deref())
    }

    /// The request to the provider, at an address of [`Self::address`]. It costs a unit, or one for each request that it may
    /// hold.
    pub fn request(
        &self,
        passage: &Passage,
        address: &Url,
        token: &SecretString,
        body: MailBody,
    ) -> MailRequest {
        let mut headers = headers::of_request(&self.headers);
        // A token has no characters that a header cannot have. One that had some would be refused by the provider.
        if let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())) {
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        if matches!(body, MailBody::Empty) {
            // The body of a GET is dropped.
            headers.remove(header::CONTENT_LENGTH);
        }
        // It lasts as long as the caller sends.
        let is_upload = matches!(body, MailBody::Stream(_));
        let is_batch = address::ends_with_segment(&self.rest, passage.batches);
        // Its body is not read, so it may hold as many as a batch can.
        let weight = if is_batch { passage.max_in_batch } else { 1 };
        MailRequest {
            method: self.method.clone(),
            url: address.to_string(),
            headers,
            body,
            weight,
            units: weight.into(),
            is_download: is_upload
                || address::ends_with_segment(&self.rest, passage.downloads)
                || address::has_items_of(&self.rest, passage.long_answers),
        }
    }
}

/// The answer for the caller. `ours` is the public address that ends with `proxy/`.
pub fn pass_back(response: MailResponse, passage: &Passage, asked: &Url, ours: &str) -> RawAnswer {
    let MailResponse { status, headers, body } = response;
    let rules: Vec<_> = passage
        .parts
        .iter()
        .map(|part| LinkRule { from: part.address.clone(), to: format!("{ours}{}", part.prefix) })
        .collect();
    let mut passed = headers::of_answer(&headers, |location| lead_back(location, asked, &rules));
    let is_download = address::ends_with_segment(asked.path(), passage.downloads);
    if is_download {
        headers::save_body(&mut passed);
    }
    // A part of a body may begin within a text. Content of mail may be JSON, and passes byte for byte.
    let is_whole = status == StatusCode::OK && !headers.contains_key(header::CONTENT_RANGE);
    let is_page = is_whole && !is_download && headers::is_json(&headers);
    if !is_page || passage.link_keys.is_empty() {
        return RawAnswer { status, headers: passed, body };
    }
    // The length may change.
    passed.remove(header::CONTENT_LENGTH);
    let body = rewrite(body, LinkRewriter::new(passage.link_keys, rules));
    RawAnswer { status, headers: passed, body }
}

/// The address that the caller is sent to in place of this one; `None` if it must not pass. An address of the
/// provider's API leads back here, because the caller has no token for it. Another one, such as that of a file, is
/// passed on if it is encrypted and names no user.
fn lead_back(location: &str, asked: &Url, rules: &[LinkRule]) -> Option<String> {
    let location = asked.join(location).ok()?;
    let whole = location.as_str();
    let own = rules.iter().find_map(|rule| Some(format!("{}{}", rule.to, whole.strip_prefix(&rule.from)?)));
    let is_plain = location.username().is_empty() && location.password().is_none();
    own.or_else(|| (location.scheme() == "https" && is_plain).then(|| whole.to_owned()))
}

fn rewrite(body: MailStream, rewriter: LinkRewriter) -> MailStream {
    let next = |state: Option<(MailStream, LinkRewriter)>| async move {
        let (mut body, mut rewriter) = state?;
        loop {
            match body.next().await {
                Some(Ok(piece)) => {
                    let out = rewriter.push(&piece);
                    if !out.is_empty() {
                        return Some((Ok(Bytes::from(out)), Some((body, rewriter))));
                    }
                }
                Some(Err(error)) => return Some((Err(error), None)),
                None => {
                    let rest = rewriter.finish();
                    return (!rest.is_empty()).then(|| (Ok(Bytes::from(rest)), None));
                }
            }
        }
    };
    Box::pin(stream::unfold(Some((body, rewriter)), next))
}

#[cfg(test)]
mod tests;

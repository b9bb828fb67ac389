use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::Url;

/// A response, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    #[track_caller]
    pub fn assert_says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{words:?} is not in: {}", self.text());
        self
    }

    /// If two elements share an id, labels and descriptions refer to the wrong one.
    #[track_caller]
    fn assert_ids_are_unique(&self) {
        let mut seen = std::collections::BTreeSet::new();
        for id in self.body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(seen.insert(id), "two elements have the id {id:?}: {}", self.body);
        }
    }

    /// The name of the field with the autofocus, if there is one.
    pub fn focused(&self) -> Option<&str> {
        let (before, _) = self.body.split_once(" autofocus")?;
        let tag = before.rsplit('<').next()?;
        tag.split_once(" name=\"")?.1.split('"').next()
    }

    /// The text of the page, without its tags.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut in_tag = false;
        let main = self.body.find("<main").map_or(self.body.as_str(), |at| &self.body[at..]);
        for c in main.chars() {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                c if !in_tag => text.push(c),
                _ => {}
            }
        }
        unescape(&text)
    }

    /// The page without the parts that differ in every response.
    pub fn without_nonces(&self) -> String {
        let policy = self.header("content-security-policy");
        let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
        self.body.replace(rest.split_once('\'').expect("its end").0, "")
    }

    /// The value of a hidden field.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let field = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&field).expect("a hidden field");
        unescape(rest.split_once('"').expect("its end").0)
    }

    /// The value of the input with this id.
    #[track_caller]
    pub fn value(&self, id: &str) -> String {
        let (_, rest) = self.body.split_once(&format!(" id=\"{id}\"")).expect("an input");
        let tag = rest.split_once('>').expect("its end").0;
        let (_, rest) = tag.split_once("value=\"").expect("a value");
        unescape(rest.split_once('"').expect("its end").0)
    }

    /// The target of the link with these words.
    #[track_caller]
    pub fn link(&self, words: &str) -> Url {
        let (before, _) = self.body.split_once(&format!(">{words}</a>")).expect("the link");
        let (_, tag) = before.rsplit_once("href=\"").expect("its address");
        Url::parse(&unescape(tag.split_once('"').expect("its end").0)).expect("an address")
    }
}

fn unescape(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

/// A browser: it keeps its cookies and sends the headers that browsers send.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    origin: Url,
    pub cookies: BTreeMap<String, String>,
    /// The network address of the browser.
    pub address: IpAddr,
    /// The `X-Forwarded-For` header that it or a proxy sends.
    pub forwarded_for: Option<String>,
}

impl Browser {
    pub fn new(router: Router, origin: &str) -> Self {
        Self {
            router,
            origin: Url::parse(origin).expect("an origin"),
            cookies: BTreeMap::new(),
            address: IpAddr::from([192, 0, 2, 7]),
            forwarded_for: None,
        }
    }

    /// The same browser at another process of the same installation.
    pub fn at(&self, other: &Self) -> Self {
        Self { router: other.router.clone(), ..self.clone() }
    }

    /// A request as this browser would make it.
    pub fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let authority = self.origin.authority().to_owned();
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, authority);
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        request
    }

    /// Sends any request and keeps the cookies of the response.
    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.address, 50_000)));
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        if answer.header("content-type").starts_with("text/html") {
            answer.assert_ids_are_unique();
        }
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).expect("a request");
        self.send(request).await
    }

    /// Sends a form of one of our own pages.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request("POST", path)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(fields)))
            .expect("a request");
        self.send(request).await
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A page without the sealed references in its links for approval, which are new each time.
pub fn without_reference(page: &str) -> String {
    let mut parts = page.split("consent.");
    let first = parts.next().unwrap_or_default().to_owned();
    let is_in_reference = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    parts.fold(first, |text, part| text + part.trim_start_matches(is_in_reference))
}

//! Warns about proxy settings in the environment that the HTTP client ignores or misreads. The client itself
//! says nothing about a value that it cannot read. This module only warns; it does not choose the proxy.

use std::ffi::OsString;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use ipnet::IpNet;

/// How to write the URL of a proxy.
const FORM: &str = "Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT, without quotation marks or blanks. In the \
                    user and the password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, \\ as %5C, a \
                    blank as %20, and each other character that is neither a letter nor a digit in the same way";
/// How to write the list of hosts to reach without a proxy.
const EXEMPT_FORM: &str = "Write host names, IP addresses and networks such as 10.0.0.0/8, separated by commas. A host name \
                           includes every host below it: write contoso.com in place of *.contoso.com. Leave out scheme, \
                           port and brackets. A * alone means every host";
/// Number of entries quoted in one warning.
const SHOWN: usize = 5;

/// The requests that the program sends.
#[derive(Clone, Copy, Debug)]
struct Requests<'a> {
    /// Where they go, in sentences.
    providers: &'a str,
    https: bool,
    /// Only to a provider on this machine.
    http: bool,
}

/// An environment variable that is set.
struct Variable {
    name: &'static str,
    value: String,
}

/// A warning about a value that the client ignores or misreads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The text for the operator. It contains no password.
    pub text: String,
    /// Whether no request uses the proxy that the operator means.
    pub is_error: bool,
}

impl Warning {
    const fn new(text: String) -> Self {
        Self { text, is_error: false }
    }
}

/// How the client reads the URL of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// As the operator meant it.
    Sound,
    /// As another URL, for this reason.
    Misread(&'static str),
    /// As a SOCKS proxy. The client is built without SOCKS, so every request fails.
    Socks,
    /// The client ignores it, for this reason.
    Ignored(&'static str),
}

/// A warning to the operator for each value that the client ignores or misreads.
///
/// `urls` are the addresses to which the program sends requests, and `providers` names their owners in sentences.
pub fn warnings(providers: &str, urls: &[String]) -> Vec<Warning> {
    let uses = |scheme: &str| {
        let begins =
            |url: &String| url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
        urls.iter().any(begins)
    };
    let requests = Requests { providers, https: uses("https://"), http: uses("http://") };
    warnings_of(&|name| std::env::var_os(name), requests)
}

/// Follows the order of `hyper_util::client::proxy::matcher`: the variable of the scheme, or, if that is
/// unreadable, the one for all schemes; the upper-case name first.
fn warnings_of(environment: &dyn Fn(&str) -> Option<OsString>, requests: Requests<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut read = |names| read_variable(environment, names, &mut warnings);
    let https = requests.https.then(|| read(["HTTPS_PROXY", "https_proxy"]));
    let http = requests.http.then(|| read(["HTTP_PROXY", "http_proxy"]));
    let all = read(["ALL_PROXY", "all_proxy"]);
    let exempt = read(["NO_PROXY", "no_proxy"]);
    let own: Vec<Option<Variable>> = https.into_iter().chain(http).collect();
    if all.is_none() && own.iter().all(Option::is_none) {
        return warnings;
    }
    // The program looks like a CGI script. There an attacker can set HTTP_PROXY with a request header
    // (https://httpoxy.org).
    if environment("REQUEST_METHOD").is_some() {
        let text = "REQUEST_METHOD is set in the environment, so no proxy is used: unset it, as it is meant for CGI \
                    scripts.";
        warnings.push(Warning { text: text.to_owned(), is_error: true });
        return warnings;
    }
    let mut is_used = false;
    for own in &own {
        let mut candidates = own.iter().chain(&all).peekable();
        while let Some(Variable { name, value }) = candidates.next() {
            let reading = reading(value);
            let warning = match reading {
                Reading::Sound => None,
                Reading::Misread(why) => {
                    Some(format!("{name} is not read as you mean it, because {why}. {FORM}."))
                }
                Reading::Socks => Some(format!(
                    "{name} names a SOCKS proxy, which this program cannot use, so no request reaches {}. Name an \
                     HTTP proxy. {FORM}.",
                    requests.providers
                )),
                Reading::Ignored(why) => {
                    let instead = candidates.peek().map_or_else(
                        || format!("requests to {} use no proxy", requests.providers),
                        |next| format!("{} is used instead", next.name),
                    );
                    Some(format!(
                        "{name} cannot be read as the address of a proxy ({why}), so it is ignored and {instead}. {FORM}."
                    ))
                }
            };
            let is_replaced = matches!(reading, Reading::Ignored(_)) && candidates.peek().is_some();
            let warning = warning.map(|text| Warning { text, is_error: !is_replaced });
            // The variable for all schemes may be read twice.
            warnings.extend(warning.filter(|warning| !warnings.contains(warning)));
            if !matches!(reading, Reading::Ignored(_)) {
                is_used = true;
                break;
            }
        }
    }
    if is_used {
        warnings.extend(exempt.and_then(|exempt| unmatched(&exempt)).map(Warning::new));
    }
    warnings
}

/// The first of these variables that is set; `None` if that one is empty.
fn read_variable(
    environment: &dyn Fn(&str) -> Option<OsString>,
    [name, fallback]: [&'static str; 2],
    warnings: &mut Vec<Warning>,
) -> Option<Variable> {
    for name in [name, fallback] {
        let Some(value) = environment(name) else { continue };
        let Ok(value) = value.into_string() else {
            let text = format!("{name} is not UTF-8 text, so it is ignored: percent-encode its characters.");
            warnings.push(Warning::new(text));
            continue;
        };
        if !value.is_empty() {
            return Some(Variable { name, value });
        }
        if name != fallback && environment(fallback).is_some_and(|value| !value.is_empty()) {
            let text = format!("{name} is set and empty, so {fallback} is ignored: unset {name}.");
            warnings.push(Warning::new(text));
        }
        return None;
    }
    None
}

/// How the client reads this URL.
fn reading(value: &str) -> Reading {
    let destination = Uri::from_static("https://login.example.com/");
    let Some(proxy) = Matcher::builder().https(value).build().intercept(&destination) else {
        return Reading::Ignored(why_ignored(value));
    };
    if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")) {
        return Reading::Socks;
    }
    why_misread(value, &proxy).map_or(Reading::Sound, Reading::Misread)
}

/// Why the client cannot read it. The reason quotes no part of the value, which may hold a password.
fn why_ignored(value: &str) -> &'static str {
    let scheme = value.split_once("://").map(|(scheme, _)| scheme);
    if value.contains(char::is_whitespace) {
        "there is a blank in it"
    } else if value.contains(['"', '\'']) {
        "there is a quotation mark in it"
    } else if value.contains('\\') {
        "there is a \\ in it"
    } else if scheme
        .is_some_and(|scheme| !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    {
        "it begins neither with http:// nor with https://"
    } else if scheme.is_none() && value.contains('/') {
        "there is a / in it, and no http:// at its beginning"
    } else {
        "it contains a character that must be percent-encoded, or has the wrong form"
    }
}

/// Why the client reads another URL than the operator means; `None` if it reads the right one.
fn why_misread(value: &str, proxy: &Intercept) -> Option<&'static str> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let place = authority.rsplit('@').next().unwrap_or(authority);
    // In [::1] the last colon is not before a port.
    let port = place.rsplit_once(':').filter(|(host, _)| !host.starts_with('[') || host.ends_with(']'));
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    if behind.contains('@') {
        Some("there is a /, a ? or a # before its last @")
    } else if authority.matches('@').count() > 1 {
        Some("there is more than one @ in it")
    } else if proxy.uri().host().is_none_or(str::is_empty) {
        Some("it names no host")
    } else if port.is_some_and(|(_, port)| !is_port(port)) {
        Some("its port is no number from 1 to 65535")
    } else if !["", "/"].contains(&behind) {
        Some("there is a path behind its port (a PAC file cannot be used)")
    } else if is_garbled(proxy) {
        Some("the codes with % in its user or its password are not UTF-8")
    } else {
        None
    }
}

/// Whether the client has put replacement characters into the user or the password that it sends.
fn is_garbled(proxy: &Intercept) -> bool {
    let sent = proxy.basic_auth().and_then(|header| header.as_bytes().strip_prefix(b"Basic "));
    let sent = sent.and_then(|sent| STANDARD.decode(sent).ok());
    sent.is_some_and(|sent| String::from_utf8_lossy(&sent).contains('\u{fffd}'))
}

/// A warning about entries of `NO_PROXY` that match no host.
fn unmatched(Variable { name, value }: &Variable) -> Option<String> {
    let entries = value.split(',').map(str::trim);
    let wrong: Vec<_> = entries.filter(|entry| !entry.is_empty() && !can_match(entry)).collect();
    // The entry may be a URL with a password.
    let show =
        |entry: &&str| if entry.contains('@') { "one with an @".to_owned() } else { format!("`{entry}`") };
    let mut shown: Vec<_> = wrong.iter().take(SHOWN).map(show).collect();
    if wrong.len() > SHOWN {
        shown.push(format!("and {} more", wrong.len() - SHOWN));
    }
    let shown = shown.join(", ");
    (!wrong.is_empty()).then(|| format!("{name} has entries that match no host: {shown}. {EXEMPT_FORM}."))
}

/// Whether the client can match a host with this entry. It supports addresses, networks, `*` and plain names.
fn can_match(entry: &str) -> bool {
    if entry == "*" || entry.parse::<IpNet>().is_ok() || entry.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let name = entry.strip_prefix('.').unwrap_or(entry);
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_part_of_address = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_name && !is_part_of_address && !name.ends_with('.')
}

#[cfg(test)]
mod tests;

//! `/api-reference`: the calls of the API for developers, from the table of calls and the OpenAPI document. It names no
//! organisation, so everyone may read it.

use std::sync::Arc;

use axum::extract::State;
use leptos::prelude::*;
use serde_json::Value;
use strum::VariantArray;

use crate::{
    api::{
        calls::{self, Answer, Call, Credential},
        errors::Code,
        openapi,
        parameters::{Parameter, Place},
    },
    platform::{config::Config, failure::Failure, page::Page},
    ui::markup::Markup,
};

/// About the bytes of the page.
const BYTES: usize = 128 * 1024;

/// `GET /api-reference`.
pub async fn show(State(config): State<Arc<Config>>) -> Result<Page, Failure> {
    let document = openapi::document()?;
    let base = config.public_url.origin().to_string();
    Ok(Page::new("API reference", move || {
        let mut html = Markup::with_capacity(BYTES);
        write(&mut html, document, &base);
        html.into_view().into_any()
    })
    .for_everyone())
}

fn write(html: &mut Markup, document: &Value, base: &str) {
    html.raw(r#"<div class="reference stack"><h1>API reference</h1>"#);
    write_start(html, base);
    for (group, found) in calls::groups() {
        html.raw("<section><h2 id=\"").in_quotes(anchor(group)).raw("\">").text(group).raw("</h2>");
        for call in found {
            write_call(html, call);
        }
        html.raw("</section>");
    }
    write_schemas(html, document);
    write_errors(html);
    html.raw("</div>");
}

/// An id for a heading.
fn anchor(heading: &str) -> String {
    let letters = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ');
    letters.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn write_start(html: &mut Markup, base: &str) {
    html.raw(r#"<p class="text">Your software reads, sends and changes mail and contacts of the connected mailboxes with these "#)
        .raw("calls. They are those of Mail360, and some more. An administrator makes an API client with its key under Settings &gt; API ")
        .raw("access. This lists the accounts:</p><pre tabindex=\"0\" role=\"group\" aria-label=\"A first call\"><code>curl ")
        .text(base)
        .raw("/api/accounts -H &quot;Authorization: Bearer m360_…&quot;</code></pre>");
    html.raw(r#"<p class="text">The same as an OpenAPI 3.1 document: <a href="/api/openapi.json">openapi.json</a>. "#)
        .raw("Every answer is JSON with <code>status</code> and <code>data</code>, except where a call gives bytes. ")
        .raw("A number, a boolean or an array may also be a string that holds it.</p>")
        .raw(r#"<nav aria-label="Parts of this page"><ul>"#);
    for (group, _) in calls::groups() {
        html.raw("<li><a href=\"#").in_quotes(anchor(group)).raw("\">").text(group).raw("</a></li>");
    }
    html.raw(r##"<li><a href="#results">Results</a></li><li><a href="#errors">Errors</a></li></ul></nav>"##);
}

fn write_call(html: &mut Markup, call: &Call) {
    html.raw("<article class=\"card\"><h3 id=\"")
        .in_quotes(call.id)
        .raw("\">")
        .text(call.summary)
        .raw("</h3><p><code>");
    html.text(&call.method).raw(" ").breakable(call.path).raw("</code></p>");
    if !call.about.is_empty() {
        html.raw("<p class=\"text\">").breakable(call.about).raw("</p>");
    }
    html.raw("<p class=\"soft note\">");
    match call.credential {
        Credential::None => html.raw("No credential in the header."),
        Credential::Client(scope) => html.raw("Scope: <code>").text(scope).raw("</code>."),
    };
    html.raw(" Result: ");
    write_answer(html, call.answer);
    html.raw("</p>");
    if !call.parameters.is_empty() {
        write_parameters(html, call);
    }
    html.raw("</article>");
}

fn write_answer(html: &mut Markup, answer: Answer) {
    let link = |html: &mut Markup, name: &str| {
        html.raw("<a href=\"#").in_quotes(format_args!("result-{name}")).raw("\">").text(name).raw("</a>");
    };
    match answer {
        Answer::Done => {
            html.raw("only status.");
        }
        Answer::Bulk(name) => {
            html.raw("only status if all is done, and otherwise status 207 with ");
            link(html, name);
            html.raw(".");
        }
        Answer::One(name) => {
            link(html, name);
            html.raw(".");
        }
        Answer::Created(name) => {
            link(html, name);
            html.raw(", with the status 201.");
        }
        Answer::DoneOrOne(name) => {
            html.raw("only status, or ");
            link(html, name);
            html.raw(".");
        }
        Answer::Many(name) => {
            html.raw("an array of ");
            link(html, name);
            html.raw(".");
        }
        Answer::Pages(name) => {
            html.raw("an array of ");
            link(html, name);
            html.raw(", and the header <code>Next-Cursor</code> while there is more.");
        }
        Answer::Bytes(kind) => {
            html.raw("the bytes").text(kind.map(|kind| format!(" ({kind})")).unwrap_or_default()).raw(".");
        }
        Answer::Document => {
            html.raw("the document.");
        }
    }
}

fn write_parameters(html: &mut Markup, call: &Call) {
    begin_table(html, &format!("Parameters of {}", call.id), &["Name", "In", "Type", "Meaning"]);
    for parameter in call.parameters {
        write_parameter(html, parameter);
    }
    end_table(html);
}

fn write_parameter(html: &mut Markup, parameter: &Parameter) {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Body => "body",
        Place::Header => "header",
    };
    html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div><code>"#)
        .breakable(parameter.name)
        .raw("</code>");
    if parameter.is_required {
        html.raw(r#"<p class="soft note">required</p>"#);
    }
    html.raw(r#"</div></th><td role="cell" data-label="In"><div>"#).text(place);
    html.raw(r#"</div></td><td role="cell" data-label="Type"><div>"#).breakable(&parameter.type_words());
    if let Some(default) = parameter.default {
        html.raw(r#"<p class="soft note">default <code>"#).breakable(default).raw("</code></p>");
    }
    html.raw(r#"</div></td><td role="cell" data-label="Meaning"><div>"#).breakable(parameter.about);
    html.raw(r#"<p class="soft note">"#).breakable(&parameter.effect_words()).raw("</p></div></td></tr>");
}

/// The results, from the schemas of the document.
fn write_schemas(html: &mut Markup, document: &Value) {
    html.raw(r#"<section><h2 id="results">Results</h2>"#);
    html.raw(r#"<p class="text">A field that the provider does not answer is absent.</p>"#);
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        let Some(fields) = schema.get("properties").and_then(Value::as_object) else { continue };
        html.raw("<h3 id=\"").in_quotes(format_args!("result-{name}")).raw("\">").text(name).raw("</h3>");
        begin_table(html, &format!("Fields of {name}"), &["Field", "Type", "Meaning"]);
        for (field, value) in fields {
            html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div><code>"#).breakable(field);
            html.raw(r#"</code></div></th><td role="cell" data-label="Type"><div>"#);
            html.text(type_of(value)).raw(r#"</div></td><td role="cell" data-label="Meaning"><div>"#);
            write_description(html, value.get("description").and_then(Value::as_str).unwrap_or_default());
            html.raw("</div></td></tr>");
        }
        end_table(html);
    }
    html.raw("</section>");
}

/// A description of the document, in which words between backticks are code.
fn write_description(html: &mut Markup, text: &str) {
    for (number, part) in text.split('`').enumerate() {
        if number.is_multiple_of(2) {
            html.breakable(part);
        } else {
            html.raw("<code>").breakable(part).raw("</code>");
        }
    }
}

/// The type of a field, from its schema.
fn type_of(schema: &Value) -> String {
    if let Some(to) = schema.get("$ref").and_then(Value::as_str) {
        return to.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(items) = schema.get("items") {
        return format!("array of {}", type_of(items));
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let named = choices.iter().map(type_of).filter(|name| name != "null");
        return named.collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let words = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            words.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

fn write_errors(html: &mut Markup) {
    html.raw(r#"<section><h2 id="errors">Errors</h2><p class="text">An error has the HTTP status in "#)
        .raw("<code>status.code</code>, and in <code>data</code> a stable <code>errorCode</code>, a sentence in ")
        .raw("<code>moreInfo</code>, and a <code>reference</code> for the operator.</p>");
    begin_table(html, "Error codes", &["Code", "Status", "Meaning"]);
    for code in Code::VARIANTS {
        html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div><code>"#).breakable(code.name());
        html.raw(r#"</code></div></th><td role="cell" data-label="Status"><div>"#)
            .text(code.status().as_u16());
        html.raw(r#"</div></td><td role="cell" data-label="Meaning"><div>"#)
            .breakable(code.meaning())
            .raw("</div></td></tr>");
    }
    end_table(html);
    html.raw("</section>");
}

fn begin_table(html: &mut Markup, caption: &str, columns: &[&'static str]) {
    html.raw(r#"<div class="listing"><table class="table" role="table"><caption class="unseen">"#)
        .text(caption);
    html.raw(r#"</caption><thead role="rowgroup"><tr role="row">"#);
    for &column in columns {
        html.raw(r#"<th scope="col" role="columnheader">"#).raw(column).raw("</th>");
    }
    html.raw(r#"</tr></thead><tbody role="rowgroup">"#);
}

fn end_table(html: &mut Markup) {
    html.raw("</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> String {
        let mut html = Markup::default();
        write(&mut html, openapi::document().expect("a document"), "https://mail.contoso.test");
        html.into_string()
    }

    /// The page without the places where its codes may break.
    fn page() -> String {
        written().replace("<wbr>", "")
    }

    #[test]
    fn the_reference_has_every_call_parameter_and_code() {
        let page = page();
        for call in calls::ALL {
            assert!(page.contains(&format!("id=\"{}\"", call.id)) && page.contains(call.path), "{}", call.id);
            for parameter in call.parameters {
                assert!(page.contains(&format!("<code>{}</code>", parameter.name)), "{}", parameter.name);
            }
        }
        for code in Code::VARIANTS {
            assert!(page.contains(&format!("<code>{}</code>", code.name())), "{}", code.name());
        }
        assert!(page.contains("curl https://mail.contoso.test/api/accounts"));
    }

    #[test]
    fn words_that_a_description_has_between_backticks_are_code() {
        let page = page();
        assert!(page.contains("false: calls answer <code>ACCOUNT_PAUSED</code>."));
        assert!(!page.contains('`'));
    }

    #[test]
    fn codes_break_behind_their_underscores() {
        let written = written();
        for code in
            ["waiting_<wbr>for_<wbr>company", "NOT_<wbr>SUPPORTED_<wbr>BY_<wbr>PROVIDER", "account_<wbr>key"]
        {
            assert!(written.contains(&format!("<code>{code}</code>")), "{code}");
        }
        assert!(written.contains("/api/<wbr>accounts/<wbr>{account_<wbr>key}</code>"));
    }

    #[test]
    fn every_link_within_the_page_leads_to_one_place() {
        let page = page();
        for part in page.split("href=\"#").skip(1) {
            let to = part.split('"').next().expect("an address");
            assert_eq!(page.matches(&format!(" id=\"{to}\"")).count(), 1, "{to}");
        }
    }

    #[test]
    fn a_type_is_written_in_words() {
        for (schema, words) in [
            (serde_json::json!({ "type": "string" }), "string"),
            (serde_json::json!({ "type": ["string", "null"] }), "string"),
            (
                serde_json::json!({ "type": "array", "items": { "$ref": "#/components/schemas/Folder" } }),
                "array of Folder",
            ),
            (
                serde_json::json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Limit" }] }),
                "Limit",
            ),
        ] {
            assert_eq!(type_of(&schema), words);
        }
    }
}

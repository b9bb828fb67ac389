//! Measures what it costs to parse an HTML text, before it is parsed into a tree.
//!
//! The attack: a stranger sends a mail that is small and whose parsing is not. A million nested elements take as many
//! steps as their number squared. A few hundred unclosed `font` elements are made again in each of thousands of
//! paragraphs, which takes gigabytes.
//!
//! The parser of the sanitiser does the measuring itself, with a sink that counts and keeps nothing, so that no trick of
//! HTML makes the two disagree. It gets the text in pieces, and is stopped after the piece that goes too far.

use std::{borrow::Cow, cell::Cell, rc::Rc};

use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName, local_name, ns, parse_fragment,
    tendril::{StrTendril, stream::TendrilSink},
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, Tracer, TreeSink},
};

use super::TooComplex;

/// Maximum number of elements that are open at a place. Of those that the parser may make again, such as `b`, each counts
/// twice. Each answer to an answer nests some more.
const MAX_OPEN: usize = 512;
/// Maximum number of elements and comments. An element takes about 300 bytes.
const MAX_NODES: usize = 100_000;
/// Maximum number of attributes of all elements.
const MAX_ATTRIBUTES: usize = 300_000;
/// The number of bytes after which the costs are compared with the limits.
const PIECE: usize = 512;

/// Compares the cost of a text with the limits. `is_late` says whether the time for it is over.
///
/// # Errors
/// [`TooComplex`].
pub(super) fn check(html: &str, is_late: &dyn Fn() -> bool) -> Result<(), TooComplex> {
    // As the sanitiser parses it: as the content of a `div`.
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let counter = Counter::new(context.clone());
    let mut parser = parse_fragment(counter, ParseOpts::default(), context, Vec::new(), false);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        parser.process(StrTendril::from(piece));
        let open = Open::default();
        parser.tokenizer.sink.trace_handles(&open);
        if open.0.get() > MAX_OPEN || !parser.tokenizer.sink.sink.is_within_limits() || is_late() {
            return Err(TooComplex);
        }
    }
    Ok(())
}

/// Counts the elements that the parser holds.
#[derive(Default)]
struct Open(Cell<usize>);

impl Tracer for Open {
    type Handle = Rc<Node>;

    fn trace_handle(&self, _: &Self::Handle) {
        add(&self.0, 1);
    }
}

fn add(count: &Cell<usize>, more: usize) {
    count.set(count.get().saturating_add(more));
}

/// What the parser asks of an element. It has neither a parent nor children.
struct Node {
    name: QualName,
    /// Whether it is an element of MathML whose content is HTML.
    has_html: bool,
}

/// Counts what a tree would have, and makes none.
struct Counter {
    nodes: Cell<usize>,
    attributes: Cell<usize>,
    /// In place of all nodes that are no elements.
    other: Rc<Node>,
}

impl Counter {
    /// `other` is a name that the parser never asks for.
    fn new(other: QualName) -> Self {
        Self {
            nodes: Cell::new(0),
            attributes: Cell::new(0),
            other: Rc::new(Node { name: other, has_html: false }),
        }
    }

    fn is_within_limits(&self) -> bool {
        self.nodes.get() <= MAX_NODES && self.attributes.get() <= MAX_ATTRIBUTES
    }
}

impl TreeSink for Counter {
    type Handle = Rc<Node>;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self::Output {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Self::Handle {
        self.other.clone()
    }

    fn elem_name<'a>(&'a self, target: &'a Self::Handle) -> Self::ElemName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Self::Handle {
        add(&self.nodes, 1);
        add(&self.attributes, attrs.len());
        Rc::new(Node { name, has_html: flags.mathml_annotation_xml_integration_point })
    }

    fn create_comment(&self, _: StrTendril) -> Self::Handle {
        add(&self.nodes, 1);
        self.other.clone()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Self::Handle {
        add(&self.nodes, 1);
        self.other.clone()
    }

    fn append(&self, _: &Self::Handle, _: NodeOrText<Self::Handle>) {}

    fn append_based_on_parent_node(&self, _: &Self::Handle, _: &Self::Handle, _: NodeOrText<Self::Handle>) {}

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, _: &Self::Handle) -> Self::Handle {
        self.other.clone()
    }

    fn same_node(&self, x: &Self::Handle, y: &Self::Handle) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, _: &Self::Handle, _: NodeOrText<Self::Handle>) {}

    fn add_attrs_if_missing(&self, _: &Self::Handle, attrs: Vec<Attribute>) {
        add(&self.attributes, attrs.len());
    }

    fn remove_from_parent(&self, _: &Self::Handle) {}

    fn reparent_children(&self, _: &Self::Handle, _: &Self::Handle) {}

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Self::Handle) -> bool {
        handle.has_html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 5 * 1024 * 1024;

    fn is_refused(html: &str) -> bool {
        check(html, &|| false).is_err()
    }

    #[test]
    fn endless_elements_are_refused_whichever_they_are() {
        for tags in [
            "<div>",
            "<b>",
            "<font color=1>",
            "<a href=x>",
            "<table>",
            "<table><tr><td>",
            "<select>",
            "<svg>",
            "<math><mi>",
            "<template>",
            "<unknown-element>",
            "<br>",
            "</p>",
            "<!---->",
            "<div><!--</div>-->",
            "<div title='</div>'>",
            "<svg><![CDATA[</svg>]]>",
        ] {
            assert!(is_refused(&tags.repeat(LARGE / tags.len())), "{tags}");
        }
    }

    #[test]
    fn elements_that_the_parser_makes_again_are_counted() {
        let fonts = (0..200).fold(String::new(), |fonts, size| fonts + &format!("<font size={size}>"));
        assert!(!is_refused(&format!("<p>{fonts}x")));
        assert!(is_refused(&format!("<p>{fonts}x{}", "<p>x".repeat(1_000))));
    }

    #[test]
    fn attributes_are_counted_and_the_time_is_limited() {
        let many = (0..100).fold(String::new(), |many, number| many + &format!(" a{number}"));
        assert!(!is_refused(&format!("<p{many}></p>").repeat(500)));
        assert!(is_refused(&format!("<p{many}></p>").repeat(3_100)));
        assert!(check("<p>x</p>", &|| true).is_err());
    }

    #[test]
    fn what_people_write_is_within_the_limits() {
        let answers = format!("{}x{}", "<blockquote><div>".repeat(200), "</div></blockquote>".repeat(200));
        let row = "<tr><td align=left><font size=2><b>1</b></font></td><td>Zürich &amp; Genf</td></tr>";
        let table = format!("<table><tbody>{}</tbody></table>", row.repeat(2_000));
        let picture = format!("<img src=\"data:image/png;base64,{}\">", "aB+/".repeat(LARGE / 4));
        for html in [&answers, &table, &picture, "", "a < b", "Grüße\u{1F600}"] {
            assert!(!is_refused(html), "{}", html.get(..40).unwrap_or(html));
        }
    }
}

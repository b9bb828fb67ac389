//! The queries of lists: `$select`, `$filter`, `$orderby`, `$top` and `$skip`, with what Exchange does not take together.

use serde_json::{Value, json};

use super::{
    Answer, Asked, Refusal, Reply, WRONG_QUERY,
    filter::{Filter, at, folded},
};

/// The size of a page if the request names none, and the largest.
const PAGE: usize = 10;
const MAX_PAGE: usize = 1_000;
/// Exchange cannot combine the filter with the order.
const INEFFICIENT: Refusal = Refusal(400, "InefficientFilter");
/// What `$expand` adds. It needs no `$select`.
const EXPANDED: [&str; 2] = ["attachments", "singleValueExtendedProperties"];

/// What a list takes.
pub struct Rules {
    /// The properties that a query may name.
    pub properties: &'static [&'static str],
    /// Those of which a filter takes no order. Exchange refuses some only in some mailboxes.
    pub unordered: &'static [&'static str],
    /// Those that an answer has only if they are selected.
    pub on_demand: &'static [&'static str],
}

impl Asked {
    pub fn option(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Refuses a query with other options than these.
    pub fn check_options(&self, known: &[&str]) -> Result<(), Refusal> {
        let is_known = self.url.query_pairs().all(|(name, _)| known.contains(&&*name));
        if is_known { Ok(()) } else { Err(WRONG_QUERY) }
    }

    fn number(&self, name: &str, usual: usize) -> Result<usize, Refusal> {
        self.option(name).map_or(Ok(usual), |text| text.parse().map_err(|_| WRONG_QUERY))
    }

    pub fn top(&self) -> Result<usize, Refusal> {
        let top = self.number("$top", PAGE)?;
        if (1..=MAX_PAGE).contains(&top) { Ok(top) } else { Err(WRONG_QUERY) }
    }

    /// The item with the selected properties.
    pub fn chosen(&self, rules: &Rules, mut item: Value) -> Result<Value, Refusal> {
        let selected = self.option("$select");
        let names: Option<Vec<&str>> = selected.as_deref().map(|text| text.split(',').collect());
        let is_unknown = |name: &&str| !rules.properties.contains(name);
        if names.iter().flatten().any(is_unknown) {
            return Err(WRONG_QUERY);
        }
        if let Some(members) = item.as_object_mut() {
            members.retain(|name, _| {
                let is_selected = names.as_ref().map_or_else(
                    || !rules.on_demand.contains(&name.as_str()),
                    |names| names.contains(&name.as_str()),
                );
                name == "id" || name.starts_with('@') || EXPANDED.contains(&name.as_str()) || is_selected
            });
        }
        Ok(item)
    }

    /// Answers the items of a list that the query asks for. They come in the order that they have without `$orderby`.
    pub fn page(&self, rules: &Rules, mut items: Vec<Value>) -> Answer {
        self.check_options(&["$select", "$filter", "$orderby", "$top", "$skip", "$expand"])?;
        let is_known =
            |path: &str| path.split('/').next().is_some_and(|name| rules.properties.contains(&name));
        let filter = match self.option("$filter") {
            Some(text) => Some(Filter::read(&text).ok_or(WRONG_QUERY)?),
            None => None,
        };
        let filtered = filter.as_ref().map(Filter::properties).unwrap_or_default();
        if !filtered.iter().all(|path| is_known(path)) {
            return Err(WRONG_QUERY);
        }
        if let Some(filter) = &filter {
            items.retain(|item| filter.fits(item));
        }
        if let Some(order) = self.option("$orderby") {
            let (path, direction) = order.split_once(' ').unwrap_or((order.as_str(), "asc"));
            if !is_known(path) || !["asc", "desc"].contains(&direction) {
                return Err(WRONG_QUERY);
            }
            // What is in the order must be in the filter, and first (Microsoft Graph, List messages).
            let is_first = filtered.first().is_none_or(|first| *first == path);
            if !is_first || filtered.iter().any(|path| rules.unordered.contains(path)) {
                return Err(INEFFICIENT);
            }
            items.sort_by_cached_key(|item| folded(at(item, path)));
            if direction == "desc" {
                items.reverse();
            }
        }
        self.part(rules, items, ("$skip", self.number("$skip", 0)?), self.top()?)
    }

    /// Answers the items of a list from this number on. The link to the next part has the number under this name.
    pub fn part(
        &self,
        rules: &Rules,
        items: Vec<Value>,
        (name, begin): (&str, usize),
        size: usize,
    ) -> Answer {
        let end = begin + size;
        let has_more = end < items.len();
        let part = items.into_iter().skip(begin).take(size);
        let shown: Result<Vec<Value>, Refusal> = part.map(|item| self.chosen(rules, item)).collect();
        let mut answer = json!({ "@odata.context": "https://graph.example/v1.0/$metadata", "value": shown? });
        if has_more {
            answer["@odata.nextLink"] = self.link(name, &end.to_string()).into();
        }
        Ok(Reply::Json(200, answer))
    }

    /// The address of the request with another value of an option.
    fn link(&self, name: &str, value: &str) -> String {
        let mut url = self.url.clone();
        let others: Vec<(String, String)> =
            self.url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
        url.into()
    }
}

//! Answers only the fields that were asked for (Google, "Partial responses").

use serde_json::{Map, Value};

/// The fields of a value; `None` if the list of fields cannot be read.
pub fn apply(fields: &str, value: &Value) -> Option<Value> {
    let mut rest = fields;
    let mask = read(&mut rest)?;
    rest.is_empty().then(|| mask.of(value))
}

/// Names, each with the mask of what is below.
struct Mask(Vec<(String, Option<Mask>)>);

/// Reads a list up to its end or a closing bracket.
fn read(rest: &mut &str) -> Option<Mask> {
    let mut fields = Vec::new();
    loop {
        let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end)?;
        if name.is_empty() {
            return None;
        }
        *rest = behind;
        let below = if let Some(inner) = rest.strip_prefix('(') {
            *rest = inner;
            let mask = read(rest)?;
            *rest = rest.strip_prefix(')')?;
            Some(mask)
        } else if let Some(inner) = rest.strip_prefix('/') {
            // A path is a list with one name.
            *rest = inner;
            Some(read_one(rest)?)
        } else {
            None
        };
        fields.push((name.to_owned(), below));
        match rest.strip_prefix(',') {
            Some(more) => *rest = more,
            None => return Some(Mask(fields)),
        }
    }
}

/// Reads one name with what is below.
fn read_one(rest: &mut &str) -> Option<Mask> {
    let mut depth = 0_usize;
    let end = rest.char_indices().find_map(|(at, c)| match c {
        '(' => {
            depth += 1;
            None
        }
        ')' if depth > 0 => {
            depth -= 1;
            None
        }
        ')' | ',' if depth == 0 => Some(at),
        _ => None,
    });
    let (mut one, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    *rest = behind;
    read(&mut one).filter(|_| one.is_empty())
}

impl Mask {
    fn of(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.of(item)).collect(),
            Value::Object(members) => {
                let mut kept = Map::new();
                for (name, below) in &self.0 {
                    let wanted = members.iter().filter(|(known, _)| name == "*" || *known == name);
                    for (known, member) in wanted {
                        let member = below.as_ref().map_or_else(|| member.clone(), |below| below.of(member));
                        kept.insert(known.clone(), member);
                    }
                }
                kept.into()
            }
            other => other.clone(),
        }
    }
}

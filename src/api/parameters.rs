//! The parameters of calls: the types with which [`super::calls`] describes each one. `reading` reads values leniently,
//! as Mail360 does, and refuses what the table does not know.

mod given;
mod objects;
mod reading;

pub use self::{
    given::Given,
    objects::Object,
    reading::{BadValue, Value, read},
};

/// Maximum number of characters of an id.
pub const MAX_ID: usize = 400;
/// Maximum number of characters of the id of a label, which a provider may make from a name of 255 characters.
pub const MAX_LABEL_ID: usize = 1_400;
/// Maximum number of characters of a text that is no id, unless its parameter says otherwise.
pub const MAX_TEXT: usize = 4_096;

/// Where a call takes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query of the address.
    Query,
    /// The JSON object in the body.
    Body,
    /// A header of the request.
    Header,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An opaque id of at most [`MAX_ID`] characters. Upper and lower case differ.
    Id,
    /// The opaque id of a label, of at most [`MAX_LABEL_ID`] characters. Upper and lower case differ.
    LabelId,
    Text {
        /// Maximum number of characters.
        max: usize,
    },
    /// A whole number, in these limits.
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Several texts: an array, or a text with commas.
    Texts {
        /// Maximum number of texts.
        max: usize,
    },
    /// Several values of [`Kind::Id`], as [`Kind::Texts`] are given.
    Ids {
        max: usize,
    },
    /// Several values of [`Kind::LabelId`], as [`Kind::Texts`] are given.
    LabelIds {
        max: usize,
    },
    /// A text of several lines.
    Lines {
        /// Maximum number of characters.
        max: usize,
    },
    /// An array of objects.
    Objects {
        /// Maximum number of objects.
        max: usize,
        members: &'static [Member],
    },
}

/// A member of the objects of an array: a text, or one of several texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    /// [`Kind::Text`], [`Kind::Lines`] or [`Kind::OneOf`].
    pub kind: Kind,
    pub is_required: bool,
}

impl Member {
    /// A member that an object may lack.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, is_required: false }
    }

    /// The same member, which each object must have.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}

/// What a call does with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Honoured,
    /// Accepted, and nothing changes. Mail360 needs the value, and this program does not.
    WithoutEffect,
    /// Only these values are taken; none if it is empty. Mail360 has others, which are refused by name.
    Only(&'static [&'static str]),
}

/// A parameter of a call: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    pub place: Place,
    pub kind: Kind,
    pub is_required: bool,
    /// The value that counts if none is given, as text.
    pub default: Option<&'static str>,
    pub effect: Effect,
    /// What it is for, and why a value is refused.
    pub about: &'static str,
}

impl Parameter {
    const fn new(name: &'static str, place: Place, kind: Kind, about: &'static str) -> Self {
        Self { name, place, kind, is_required: false, default: None, effect: Effect::Honoured, about }
    }

    /// A segment of the path.
    pub const fn path(name: &'static str, about: &'static str) -> Self {
        Self { is_required: true, ..Self::new(name, Place::Path, Kind::Id, about) }
    }

    /// The id of a label as a segment of the path.
    pub const fn label_in_path(name: &'static str, about: &'static str) -> Self {
        Self { kind: Kind::LabelId, ..Self::path(name, about) }
    }

    /// An optional parameter of the query.
    pub const fn query(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self::new(name, Place::Query, kind, about)
    }

    /// An optional parameter of the body.
    pub const fn body(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self::new(name, Place::Body, kind, about)
    }

    /// An optional header.
    pub const fn header(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self::new(name, Place::Header, kind, about)
    }

    /// The same parameter, which a call must have.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The same parameter with a value that counts if none is given.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The same parameter, which is accepted without effect.
    #[must_use]
    pub const fn ignored(self) -> Self {
        Self { effect: Effect::WithoutEffect, ..self }
    }

    /// The same parameter, of which only some values are taken.
    #[must_use]
    pub const fn only(self, taken: &'static [&'static str]) -> Self {
        Self { effect: Effect::Only(taken), ..self }
    }

    /// The type in words, for the reference and for docs/api.md.
    pub fn type_words(&self) -> String {
        match self.kind {
            Kind::Id | Kind::LabelId => "string".to_owned(),
            Kind::Text { max } => format!("string, at most {max} characters"),
            Kind::Integer { min, max: i64::MAX } => format!("integer, at least {min}"),
            Kind::Integer { min, max } => format!("integer, {min} to {max}"),
            Kind::Boolean => "boolean".to_owned(),
            Kind::OneOf(values) => values.join(" | "),
            Kind::Lines { max } => format!("string of several lines, at most {max} characters"),
            Kind::Objects { max, members } => {
                let names: Vec<&str> = members.iter().map(|member| member.name).collect();
                format!("array of objects, at most {max}, each with {}", names.join(", "))
            }
            Kind::Texts { max } | Kind::Ids { max } | Kind::LabelIds { max } => {
                format!("array of strings, at most {max}, or a string with commas")
            }
        }
    }

    /// The effect in words, for the reference and for docs/api.md.
    pub fn effect_words(&self) -> String {
        match self.effect {
            Effect::Honoured => "honoured".to_owned(),
            Effect::WithoutEffect => "accepted without effect".to_owned(),
            Effect::Only([]) => "refused".to_owned(),
            Effect::Only(taken) => format!("only {}; another is refused", taken.join(", ")),
        }
    }
}

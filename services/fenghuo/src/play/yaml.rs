//! Reading YAML with places: every mistake is told with its line, its path and what was wanted.

use std::fmt;

use marked_yaml::{
    LoadError, LoaderOptions, Marker, Node, Span, parse_yaml_with_options, types::MarkedMappingNode,
};
use serde_json::{Map, Value};

/// What is wrong with a scenario file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {path}: {reason}")]
pub struct Mistake {
    /// The line, from 1; 0 if the place is not known.
    pub line: usize,
    /// The path of keys to the place.
    pub path: String,
    /// What is wrong and what was wanted.
    pub reason: String,
}

/// Reads a file. A key that stands twice in one mapping is a mistake: one of its values would be dropped in silence.
pub(super) fn load(text: &str) -> Result<Node, Mistake> {
    let options = LoaderOptions::default().error_on_duplicate_keys(true);
    parse_yaml_with_options(0, text, options).map_err(|error| {
        let line = match &error {
            LoadError::DuplicateKey(twice) => line(twice.key.span()),
            LoadError::TopLevelMustBeMapping(place)
            | LoadError::UnexpectedAnchor(place)
            | LoadError::MappingKeyMustBeScalar(place)
            | LoadError::UnexpectedTag(place)
            | LoadError::ScanError(place, _) => place.line(),
            _ => 0,
        };
        let reason = match &error {
            LoadError::DuplicateKey(twice) => format!("key {:?} stands twice", twice.key.as_str()),
            LoadError::TopLevelMustBeMapping(_) => "a mapping is wanted".to_owned(),
            LoadError::ScanError(_, why) => why.info().to_owned(),
            error => error.to_string(),
        };
        Mistake { line, path: "file".to_owned(), reason }
    })
}

fn line(span: &Span) -> usize {
    span.start().map_or(0, Marker::line)
}

/// A place in the file: a node and the path that leads to it.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) node: &'a Node,
    path: String,
}

/// A mapping whose keys are taken one by one; a key that nobody took is a mistake.
pub(super) struct Fields<'a> {
    mapping: &'a MarkedMappingNode,
    path: String,
    known: Vec<&'static str>,
}

impl<'a> Place<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    pub(super) fn mistake(&self, reason: impl fmt::Display) -> Mistake {
        let line = line(self.node.span());
        let path = if self.path.is_empty() { "file".to_owned() } else { self.path.clone() };
        Mistake { line, path, reason: reason.to_string() }
    }

    pub(super) fn text(&self) -> Result<&'a str, Mistake> {
        self.node.as_scalar().map(|scalar| scalar.as_str()).ok_or_else(|| self.mistake("a text is wanted"))
    }

    /// A text that reads itself as `T`.
    pub(super) fn parse<T: std::str::FromStr>(&self) -> Result<T, Mistake>
    where
        T::Err: fmt::Display,
    {
        self.text()?.parse().map_err(|error| self.mistake(error))
    }

    pub(super) fn list(&self) -> Result<Vec<Place<'a>>, Mistake> {
        let sequence = self.node.as_sequence().ok_or_else(|| self.mistake("a list is wanted"))?;
        let places = sequence.iter().enumerate();
        Ok(places.map(|(index, node)| Place { node, path: format!("{}[{index}]", self.path) }).collect())
    }

    pub(super) fn fields(&self) -> Result<Fields<'a>, Mistake> {
        let mapping = self.node.as_mapping().ok_or_else(|| self.mistake("a mapping is wanted"))?;
        Ok(Fields { mapping, path: self.path.clone(), known: Vec::new() })
    }

    /// Every key with its value, in the file's order.
    pub(super) fn entries(&self) -> Result<Vec<(String, Place<'a>)>, Mistake> {
        let mapping = self.node.as_mapping().ok_or_else(|| self.mistake("a mapping is wanted"))?;
        let entries = mapping.iter();
        Ok(entries.map(|(key, node)| (key.as_str().to_owned(), self.below(key.as_str(), node))).collect())
    }

    /// The value as JSON. Plain `true` and `false` are flags, `null` and `~` are nothing, all else is text:
    /// protobuf's JSON mapping reads numbers from text, and codes such as 330723 stay what they are.
    pub(super) fn json(&self) -> Value {
        json(self.node)
    }

    fn below(&self, key: &str, node: &'a Node) -> Place<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Place { node, path }
    }
}

fn json(node: &Node) -> Value {
    match node {
        Node::Scalar(scalar) => match scalar.as_str() {
            "true" if scalar.may_coerce() => Value::Bool(true),
            "false" if scalar.may_coerce() => Value::Bool(false),
            "" | "null" | "~" if scalar.may_coerce() => Value::Null,
            text => Value::String(text.to_owned()),
        },
        Node::Mapping(mapping) => {
            let fields = mapping.iter().map(|(key, node)| (key.as_str().to_owned(), json(node)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Node::Sequence(sequence) => Value::Array(sequence.iter().map(json).collect()),
    }
}

impl<'a> Fields<'a> {
    /// The value of a key, if it is there.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Place<'a>> {
        self.known.push(key);
        let node = self.mapping.get_node(key)?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(Place { node, path })
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Result<Place<'a>, Mistake> {
        self.optional(key).ok_or_else(|| self.mistake(format_args!("key {key:?} is missing")))
    }

    /// Refuses keys that nobody asked for.
    pub(super) fn done(self) -> Result<(), Mistake> {
        for (key, _) in self.mapping.iter() {
            if !self.known.contains(&key.as_str()) {
                let line = line(key.span());
                let reason = format!("unknown key {:?}; known are {}", key.as_str(), self.known.join(", "));
                return Err(Mistake { line, path: self.path_or_file(), reason });
            }
        }
        Ok(())
    }

    pub(super) fn mistake(&self, reason: impl fmt::Display) -> Mistake {
        let line = line(self.mapping.span());
        Mistake { line, path: self.path_or_file(), reason: reason.to_string() }
    }

    fn path_or_file(&self) -> String {
        if self.path.is_empty() { "file".to_owned() } else { self.path.clone() }
    }
}

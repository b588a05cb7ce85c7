//! What a document says, apart from how it is written.

use super::{Step, Value};
use crate::document::yaml::{Kind, Node};

/// A value with its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Data {
    tag: Option<String>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Scalar(Kind, String),
    List(Vec<Data>),
    Map(Vec<(Data, Data)>),
}

impl Data {
    /// What `node` says, aliases followed; how much that is was bounded when it was read.
    pub(super) fn of(node: &Node<'_>) -> Self {
        let content = match node.kind() {
            Kind::Sequence => Content::List(node.items().map(|item| Self::of(&item)).collect()),
            Kind::Mapping => {
                let entries = node.own_entries();
                let entries = entries.map(|(key, value)| (Self::of(&key), Self::of(&value)));
                Content::Map(entries.collect())
            }
            kind => Content::Scalar(kind, node.text().unwrap_or_default().to_owned()),
        };
        Self {
            tag: node.tag().map(str::to_owned),
            content,
        }
    }

    pub(super) fn nothing() -> Self {
        Content::Scalar(Kind::Null, String::new()).into()
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.content, Content::Scalar(Kind::Null, _))
    }

    /// A mapping of one entry.
    pub(super) fn entry(key: &str, value: &Value) -> Self {
        Content::Map(vec![(Self::text(key), value.into())]).into()
    }

    fn text(text: &str) -> Self {
        Content::Scalar(Kind::Text, text.to_owned()).into()
    }

    fn is_text(&self, text: &str) -> bool {
        matches!(&self.content, Content::Scalar(_, it) if it == text)
    }

    fn at(&mut self, path: &[Step<'_>]) -> Option<&mut Self> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        let child = match (step, &mut self.content) {
            (Step::Key(key), Content::Map(entries)) => {
                let entry = entries.iter_mut().find(|(it, _)| it.is_text(key))?;
                &mut entry.1
            }
            (Step::Item(number), Content::List(items)) => items.get_mut(*number)?,
            _ => return None,
        };
        child.at(rest)
    }

    pub(super) fn set(&mut self, path: &[Step<'_>], value: &Value) -> Option<()> {
        let (Step::Key(key), parents) = path.split_last()? else {
            return None;
        };
        let Content::Map(entries) = &mut self.at(parents)?.content else {
            return None;
        };
        match entries.iter_mut().find(|(it, _)| it.is_text(key)) {
            Some((_, old)) => *old = value.into(),
            None => entries.push((Self::text(key), value.into())),
        }
        Some(())
    }

    /// Puts `value` in the place of what is at `path`.
    pub(super) fn put(&mut self, path: &[Step<'_>], value: &Value) -> Option<()> {
        *self.at(path)? = value.into();
        Some(())
    }

    pub(super) fn push(&mut self, path: &[Step<'_>], item: &Value) -> Option<()> {
        let list = self.at(path)?;
        match &mut list.content {
            Content::List(items) => items.push(item.into()),
            Content::Scalar(Kind::Null, _) => *list = Content::List(vec![item.into()]).into(),
            _ => *list = Content::List(vec![list.clone(), item.into()]).into(),
        }
        Some(())
    }

    /// Removes what is at `path`; what held it alone is nothing then, if it is a block.
    pub(super) fn remove(&mut self, path: &[Step<'_>], in_block: bool) -> Option<()> {
        let (last, parents) = path.split_last()?;
        let holder = self.at(parents)?;
        let is_empty = match (last, &mut holder.content) {
            (Step::Key(key), Content::Map(entries)) => {
                entries.retain(|(it, _)| !it.is_text(key));
                entries.is_empty()
            }
            (Step::Item(number), Content::List(items)) if *number < items.len() => {
                items.remove(*number);
                items.is_empty()
            }
            _ => return None,
        };
        if is_empty && in_block {
            *holder = Self::nothing();
        }
        Some(())
    }

    pub(super) fn unlist(&mut self, path: &[Step<'_>]) -> Option<()> {
        let list = self.at(path)?;
        let Content::List(items) = &mut list.content else {
            return None;
        };
        *list = items.pop()?;
        Some(())
    }
}

impl From<Content> for Data {
    fn from(content: Content) -> Self {
        Self { tag: None, content }
    }
}

impl From<&Value> for Data {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) | Value::Noted(text, _) => Self::text(text),
            Value::Number(number) => Content::Scalar(Kind::Integer, number.to_string()).into(),
            Value::List(items) => Content::List(items.iter().map(Self::from).collect()).into(),
            Value::Map(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, value)| (Self::text(key), value.into()));
                Content::Map(entries.collect()).into()
            }
        }
    }
}

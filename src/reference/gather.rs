//! Gathers what one document names.

use std::{collections::HashSet, ops::Range};

use super::{NotEditable, Place, Reference, Spot, SpotPart, Target, version_comment};
use crate::document::{
    Source,
    yaml::{Node, Scalar, Style},
};

/// A text that may be a reference.
pub(super) struct Text<'t> {
    /// With escapes and folds undone.
    pub(super) value: &'t str,
    /// Where it is shown.
    pub(super) at: Range<usize>,
    /// Whether the bytes there are the value.
    pub(super) exact: bool,
    /// Where a comment could stand behind it.
    pub(super) end: Option<usize>,
}

/// Gathers what one document names.
pub(super) struct Gathered<'s> {
    pub(super) source: &'s Source<'s>,
    found: Vec<Reference>,
    /// Aliases and merge keys lead to the same place more than once.
    seen: HashSet<usize>,
}

impl<'s> Gathered<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    /// The text of a YAML scalar.
    pub(super) fn text<'t>(&self, scalar: &Scalar<'t>) -> Text<'t> {
        Text {
            value: scalar.value,
            at: scalar.at.clone(),
            exact: self.source.slice(scalar.at.clone()) == scalar.value,
            end: match scalar.style {
                Style::Plain => Some(scalar.at.end),
                Style::Quoted => Some(scalar.at.end + 1),
                // What follows on the line is part of the value.
                Style::Block => None,
            },
        }
    }

    /// The image that a node names.
    pub(super) fn image(&mut self, place: Place, node: &Node<'_>) {
        if let Some(scalar) = node.scalar() {
            let text = self.text(&scalar);
            self.whole_image(place, &text);
        }
    }

    /// The image behind `prefix`, which the node's text begins with.
    pub(super) fn prefixed_image(&mut self, place: Place, node: &Node<'_>, prefix: &str) {
        let Some(scalar) = node.scalar() else { return };
        let mut text = self.text(&scalar);
        if let Some(value) = text.value.strip_prefix(prefix) {
            text.value = value;
            if text.exact {
                text.at.start += prefix.len();
            }
            self.whole_image(place, &text);
        }
    }

    /// An image that is written in one text.
    pub(super) fn whole_image(&mut self, place: Place, text: &Text<'_>) {
        let target = Target::image(text.value);
        let pin = name_length(text.value);
        self.whole(place, text, target, pin);
    }

    /// The action or the reusable workflow that a node names.
    pub(super) fn action(&mut self, place: Place, node: &Node<'_>) {
        let Some(scalar) = node.scalar() else { return };
        let text = self.text(&scalar);
        let target = Target::action(text.value);
        let pin = text.value.find('@').unwrap_or(text.value.len());
        self.whole(place, &text, target, pin);
    }

    /// A reference in one text, of which the pin are the bytes from `pin` on.
    pub(super) fn whole(&mut self, place: Place, text: &Text<'_>, target: Target, pin: usize) {
        let mut comment = None;
        let mut spots = Vec::new();
        let mut obstacle = None;
        if target.name().is_none() {
            obstacle = Some(NotEditable::NoPin);
        } else if !text.exact {
            obstacle = Some(NotEditable::Escaped);
        } else {
            spots.push(self.spot(SpotPart::Reference, text.at.start + pin..text.at.end));
            if !matches!(target, Target::Image(_))
                && let Some(end) = text.end
            {
                let (found, spot, _) = version_comment::behind(self.source.text(), end);
                comment = found;
                spots.extend(spot);
            }
        }
        if text.value.trim().is_empty() || !self.seen.insert(text.at.start) {
            return;
        }
        self.found.push(Reference {
            file: self.source.file().to_owned(),
            place,
            written: text.value.to_owned(),
            span: self.source.span(&text.at),
            target,
            comment,
            spots,
            obstacle,
        });
    }

    fn spot(&self, part: SpotPart, at: Range<usize>) -> Spot {
        Spot {
            part,
            text: self.source.slice(at.clone()).to_owned(),
            at,
        }
    }

    pub(super) fn into_references(mut self) -> Vec<Reference> {
        self.found.sort_by_key(|found| found.span.start.offset);
        self.found
    }
}

/// How long the name is that the reference `text` of an image begins with.
pub(super) fn name_length(text: &str) -> usize {
    let name = text.split('@').next().unwrap_or_default();
    let slash = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[slash..].find(':') {
        Some(colon) => slash + colon,
        None => name.len(),
    }
}

//! Gathers what one document names.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    ImageName, NotEditable, Place, Reference, Spot, SpotPart, Target, VersionComment,
    version_comment,
};
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
    pub(super) is_exact: bool,
    /// Where a comment could stand behind it.
    pub(super) end: Option<usize>,
}

/// Gathers what one document names.
pub(super) struct Gathered<'s> {
    pub(super) source: &'s Source<'s>,
    found: Vec<Reference>,
    /// Aliases and merge keys lead to the same places more than once. Different texts may share one,
    /// where a value that holds them cannot be traced to the file.
    seen: HashSet<(usize, usize, String)>,
    /// The comments that stand or would stand behind the end of a flow collection.
    behind_flow: HashSet<usize>,
}

impl<'s> Gathered<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            found: Vec::new(),
            seen: HashSet::new(),
            behind_flow: HashSet::new(),
        }
    }

    /// `value`, which stands at `at` if that is what the bytes there are.
    pub(super) fn text<'t>(&self, value: &'t str, at: Range<usize>) -> Text<'t> {
        Text {
            value,
            is_exact: self.source.slice(at.clone()) == value,
            at,
            end: None,
        }
    }

    /// The text of a YAML scalar.
    pub(super) fn scalar<'t>(&self, scalar: &Scalar<'t>) -> Text<'t> {
        let at = scalar.at.clone();
        let end = match scalar.style {
            Style::Plain => Some(at.end),
            Style::Quoted => Some(at.end + 1),
            // What follows on the line is part of the value.
            Style::Block => None,
        };
        Text {
            end,
            ..self.text(scalar.value, at)
        }
    }

    /// The image that a node names.
    pub(super) fn image(&mut self, place: Place, node: &Node<'_>) {
        if let Some(scalar) = node.scalar() {
            let text = self.scalar(&scalar);
            self.whole_image(place, &text);
        }
    }

    /// The image behind `prefix`, which the node's text begins with.
    pub(super) fn prefixed_image(&mut self, place: Place, node: &Node<'_>, prefix: &str) {
        let Some(scalar) = node.scalar() else { return };
        let mut text = self.scalar(&scalar);
        if let Some(value) = text.value.strip_prefix(prefix) {
            text.value = value;
            if text.is_exact {
                text.at.start += prefix.len();
            }
            self.whole_image(place, &text);
        }
    }

    /// An image that is written in one text.
    pub(super) fn whole_image(&mut self, place: Place, text: &Text<'_>) {
        self.whole(
            place,
            text,
            Target::image(text.value),
            ImageName::length(text.value),
        );
    }

    /// The action, the reusable workflow or the component that a node names, by `target`.
    pub(super) fn versioned(&mut self, place: Place, node: &Node<'_>, target: fn(&str) -> Target) {
        if let Some(scalar) = node.scalar() {
            let text = self.scalar(&scalar);
            let pin = text.value.find('@').unwrap_or(text.value.len());
            self.whole(place, &text, target(text.value), pin);
        }
    }

    /// What a node names and no pin is for.
    pub(super) fn other(&mut self, place: Place, node: &Node<'_>, target: Target) {
        if let Some(scalar) = node.scalar() {
            let text = self.scalar(&scalar);
            self.unpinned(place, &text, target, NotEditable::NoPin);
        }
    }

    /// A reference that no edit can change.
    pub(super) fn unpinned(
        &mut self,
        place: Place,
        text: &Text<'_>,
        target: Target,
        obstacle: NotEditable,
    ) {
        let written = text.value.to_owned();
        self.add(place, written, &text.at, target, Err(obstacle));
    }

    /// A reference in one text, whose pin are the bytes of its value from `pin` on.
    fn whole(&mut self, place: Place, text: &Text<'_>, target: Target, pin: usize) {
        if target.name().is_none() {
            return self.unpinned(place, text, target, NotEditable::NoPin);
        }
        if !text.is_exact {
            return self.unpinned(place, text, target, NotEditable::Escaped);
        }
        let at = text.at.start + pin..text.at.end;
        let mut spots = vec![self.spot(SpotPart::Reference, at)];
        let mut comment = None;
        if let Some(end) = text.end.filter(|_| !matches!(target, Target::Image(_))) {
            let reference = target.reference().unwrap_or_default();
            comment = self.comment(end, reference, &mut spots);
        }
        let written = text.value.to_owned();
        self.add(place, written, &text.at, target, Ok((spots, comment)));
    }

    /// The comment behind a value that ends at byte `end` and is pinned to `pin`; its place joins
    /// `spots`.
    pub(super) fn comment(
        &mut self,
        end: usize,
        pin: &str,
        spots: &mut Vec<Spot>,
    ) -> Option<VersionComment> {
        let (comment, spot, is_flow) = version_comment::behind(self.source.text(), end, pin);
        if is_flow {
            self.behind_flow
                .extend(spot.iter().map(|spot| spot.at.start));
        }
        spots.extend(spot);
        comment
    }

    /// The value of `key`, which stands by itself.
    ///
    /// Nothing where its bytes are not its value. A value that is missing can be inserted, unless
    /// an anchor or a tag stands in its place.
    pub(super) fn value_of(
        &self,
        key: &Node<'_>,
        value: &Node<'_>,
        part: SpotPart,
    ) -> Option<Spot> {
        let text = self.source.text();
        let at = value.at();
        let scalar = value.scalar();
        if let Some(scalar) = scalar
            .as_ref()
            .filter(|scalar| scalar.style != Style::Plain)
        {
            let is_exact =
                scalar.style == Style::Quoted && self.source.slice(at.clone()) == scalar.value;
            return is_exact.then(|| self.spot(part, at));
        }
        if at.is_empty() {
            let colon = colon_behind(text, key.at().end)?;
            let line = text[colon..].split(['\n', '\r']).next().unwrap_or_default();
            let rest = line.trim_start_matches([' ', '\t']);
            let ends = rest.is_empty()
                || rest.starts_with([',', '}'])
                || (rest.starts_with('#') && rest.len() < line.len());
            return ends.then(|| Spot {
                lead: " ".to_owned(),
                is_plain: true,
                ..self.spot(part, colon..colon)
            });
        }
        if scalar.is_some_and(|scalar| self.source.slice(at.clone()) != scalar.value) {
            return None;
        }
        let gap = text.get(..at.start)?;
        let gap = gap.len() - gap.trim_end_matches([' ', '\t']).len();
        Some(Spot {
            value: at.clone(),
            is_plain: true,
            ..self.spot(part, at.start - gap..at.end)
        })
    }

    /// The bytes at `at`, all of them the value.
    pub(super) fn spot(&self, part: SpotPart, at: Range<usize>) -> Spot {
        Spot {
            part,
            text: self.source.slice(at.clone()).to_owned(),
            value: at.clone(),
            at,
            lead: String::new(),
            is_plain: false,
        }
    }

    /// A reference that is shown at `shown`, with the places of its pin or why it has none.
    pub(super) fn add(
        &mut self,
        place: Place,
        written: String,
        shown: &Range<usize>,
        target: Target,
        pin: Result<(Vec<Spot>, Option<VersionComment>), NotEditable>,
    ) {
        let (spots, comment, obstacle) = match pin {
            Ok((spots, comment)) => (spots, comment, None),
            Err(obstacle) => (Vec::new(), None, Some(obstacle)),
        };
        let first = spots.first().map_or(shown.end, |spot| spot.at.start);
        let is_new = self.seen.insert((shown.start, first, written.clone()));
        if is_new && !written.trim().is_empty() {
            self.found.push(Reference {
                file: self.source.file().to_owned(),
                place,
                written,
                span: self.source.span(shown),
                target,
                comment,
                spots,
                obstacle,
            });
        }
    }

    /// What was found, in the order of the places.
    pub(super) fn into_references(mut self) -> Vec<Reference> {
        self.found.sort_by_key(|found| found.span.start.offset);
        self.keep_flow_comments_of_one();
        self.part_shared();
        self.found
    }

    /// A comment behind the end of a flow collection is about a reference only where no other
    /// stands on its line.
    fn keep_flow_comments_of_one(&mut self) {
        if self.behind_flow.is_empty() {
            return;
        }
        let mut on_line: HashMap<usize, usize> = HashMap::new();
        for found in &self.found {
            *on_line.entry(found.span.end.line).or_default() += 1;
        }
        for found in &mut self.found {
            let is_alone = on_line.get(&found.span.end.line) == Some(&1);
            let behind_flow = |spot: &Spot| {
                self.behind_flow.contains(&spot.at.start) && spot.part != SpotPart::Reference
            };
            if !is_alone && found.spots.iter().any(behind_flow) {
                found.spots.retain(|spot| !behind_flow(spot));
                found.comment = None;
            }
        }
    }

    /// No reference can be edited whose bytes are another's as well.
    fn part_shared(&mut self) {
        let mut all: Vec<(Range<usize>, usize)> = Vec::new();
        for (number, found) in self.found.iter().enumerate() {
            all.extend(found.spots.iter().map(|spot| (spot.at.clone(), number)));
        }
        all.sort_by_key(|(at, _)| (at.start, at.end));
        let mut shared = HashSet::new();
        let mut last: Option<&(Range<usize>, usize)> = None;
        for spot in &all {
            if let Some((at, number)) = last
                && *number != spot.1
                && (spot.0.start < at.end || spot.0 == *at)
            {
                shared.extend([*number, spot.1]);
            }
            last = Some(spot);
        }
        for number in shared {
            let found = &mut self.found[number];
            found.spots.clear();
            found.obstacle = Some(NotEditable::Shared);
        }
    }
}

/// The byte behind the colon that follows a key ending at `end`.
fn colon_behind(text: &str, end: usize) -> Option<usize> {
    let rest = text.get(end..)?;
    // The closing quote of the key.
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let after = rest.trim_start_matches([' ', '\t']).strip_prefix(':')?;
    Some(text.len() - after.len())
}

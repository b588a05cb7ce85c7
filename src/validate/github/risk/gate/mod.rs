//! Conditions on who started a run: for which events they let strangers through.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::validate::github::expression::{self, Expr, ExprKind};

/// The events that strangers can cause.
const EVENTS: [&str; 12] = [
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "watch",
    "workflow_run",
];

/// Some of the events that strangers can cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events(u16);

impl Events {
    pub(super) const ALL: Self = Self((1 << EVENTS.len()) - 1);

    /// Those that `is_meant` accepts.
    pub(super) fn which(is_meant: impl Fn(&str) -> bool) -> Self {
        let meant = EVENTS.iter().enumerate().filter(|(_, it)| is_meant(it));
        Self(meant.fold(0, |all, (index, _)| all | 1 << index))
    }

    /// Those of `names` that are among them.
    pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        names.fold(Self::default(), |all, name| {
            all.or(Self::which(|it| it == name))
        })
    }

    pub(super) fn or(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    pub(super) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(super) fn also_in(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub(super) fn has(self, others: Self) -> bool {
        others.without(self) == Self::default()
    }

    /// The name of one of them.
    pub(super) fn first(self) -> Option<&'static str> {
        let mut all = EVENTS.iter().enumerate();
        all.find_map(|(index, name)| (self.0 >> index & 1 == 1).then_some(*name))
    }
}

/// What a condition can be for strangers.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    /// The events for which it can hold.
    pub(super) holds: Events,
    /// The events for which it can fail.
    pub(super) fails: Events,
}

impl Reach {
    const UNKNOWN: Self = Self {
        holds: Events::ALL,
        fails: Events::ALL,
    };
    const NEVER: Self = Self {
        holds: Events(0),
        fails: Events::ALL,
    };
    const ALWAYS: Self = Self {
        holds: Events::ALL,
        fails: Events(0),
    };

    /// What the value of `if:` says.
    pub(super) fn of(condition: &str) -> Self {
        let found = expression::find(condition);
        let inside = match found.as_slice() {
            [] => 0..condition.len(),
            [all] if condition.trim().len() == all.whole.len() => all.inside.clone(),
            // A text with expressions in it is always true.
            _ => return Self::UNKNOWN,
        };
        let tree = expression::parse(condition, inside);
        tree.map_or(Self::UNKNOWN, |tree| reach(&tree, condition))
    }

    fn not(self) -> Self {
        Self {
            holds: self.fails,
            fails: self.holds,
        }
    }

    /// Holds for `events` and for no others.
    fn only(events: Events) -> Self {
        Self {
            holds: events,
            fails: Events::ALL.without(events),
        }
    }
}

fn reach(expr: &Expr<'_>, text: &str) -> Reach {
    match &expr.kind {
        ExprKind::Not(of) => reach(of, text).not(),
        ExprKind::And(parts) => parts.iter().fold(Reach::ALWAYS, |all, part| {
            let part = reach(part, text);
            Reach {
                holds: all.holds.also_in(part.holds),
                fails: all.fails.or(part.fails),
            }
        }),
        ExprKind::Or(parts) => parts.iter().fold(Reach::NEVER, |all, part| {
            let part = reach(part, text);
            Reach {
                holds: all.holds.or(part.holds),
                fails: all.fails.also_in(part.fails),
            }
        }),
        ExprKind::Compare(left, right) => compare(left, right, text),
        ExprKind::Call(name, _, arguments) => call(name, arguments),
        ExprKind::Constant => match text.get(expr.at.clone()) {
            Some("true") => Reach::ALWAYS,
            Some("false") => Reach::NEVER,
            _ => Reach::UNKNOWN,
        },
        _ => match path(expr).as_deref() {
            Some(path) if path.rsplit('.').next() == Some("fork") => of_fork(path),
            _ => Reach::UNKNOWN,
        },
    }
}

/// A fork's pull request is a stranger's; other events know no `head`.
fn of_fork(path: &str) -> Reach {
    let events = if path.contains(".pull_request.head.repo.") {
        Events::which(|it| it.starts_with("pull_request"))
    } else if path.contains(".workflow_run.head_repository.") {
        Events::which(|it| it == "workflow_run")
    } else {
        Events::default()
    };
    Reach {
        holds: Events::ALL,
        fails: Events::ALL.without(events),
    }
}

fn compare(left: &Expr<'_>, right: &Expr<'_>, text: &str) -> Reach {
    let between = text.get(left.at.end..right.at.start).unwrap_or_default();
    let same = match between.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')')) {
        "==" => true,
        "!=" => false,
        _ => return Reach::UNKNOWN,
    };
    let equal = equals(left, right, text)
        .or_else(|| equals(right, left, text))
        .unwrap_or(Reach::UNKNOWN);
    if same { equal } else { equal.not() }
}

/// What `asked == wanted` says; nothing where the two may stand the other way round.
fn equals(asked: &Expr<'_>, wanted: &Expr<'_>, text: &str) -> Option<Reach> {
    if let (ExprKind::Constant, Some(constant)) = (&wanted.kind, text.get(wanted.at.clone())) {
        match constant {
            "true" => return Some(reach(asked, text)),
            "false" => return Some(reach(asked, text).not()),
            _ => {}
        }
    }
    let asked = path(asked)?;
    let word = literal(wanted);
    if let Some(word) = word.filter(|_| asked == "github.event_name") {
        let event = Events::which(|it| it.eq_ignore_ascii_case(word));
        return Some(Reach::only(event));
    }
    let open = |word: &str| {
        let strangers = ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR"];
        strangers.iter().any(|it| it.eq_ignore_ascii_case(word))
    };
    let tells = if asked.ends_with(".author_association") {
        !word.is_some_and(open)
    } else if asked == "github.event.label.name" {
        word.is_some()
    } else {
        // The author of an issue may comment on it, and be a stranger all the same.
        let other = path(wanted).unwrap_or_default();
        let own = !other.contains(".head") && !names_person(&other);
        own && (names_person(&asked) || names_home(&asked))
    };
    tells.then_some(Reach::NEVER)
}

fn call(name: &str, arguments: &[Expr<'_>]) -> Reach {
    let [first, second] = arguments else {
        return Reach::UNKNOWN;
    };
    let (holder, sought) = (path(first), path(second));
    if name.eq_ignore_ascii_case("startsWith") {
        let start = literal(second).map(str::to_ascii_lowercase);
        return match (holder.as_deref(), start) {
            (Some("github.event_name"), Some(start)) => {
                Reach::only(Events::which(|it| it.starts_with(&start)))
            }
            _ => Reach::UNKNOWN,
        };
    }
    if !name.eq_ignore_ascii_case("contains") {
        return Reach::UNKNOWN;
    }
    let association = |path: &Option<String>| {
        let path = path.as_deref();
        path.is_some_and(|path| path.ends_with(".author_association"))
    };
    let list = match &first.kind {
        ExprKind::Call(name, _, list) if name.eq_ignore_ascii_case("fromJSON") => list.first(),
        _ => None,
    };
    match sought.as_deref() {
        _ if association(&holder) || association(&sought) => Reach::NEVER,
        Some("github.event_name") => {
            let Some(names) = list.and_then(literal) else {
                return Reach::UNKNOWN;
            };
            let names: Vec<Cow<'_, str>> = serde_json::from_str(names).unwrap_or_default();
            Reach::only(Events::which(|event| {
                names.iter().any(|it| it.eq_ignore_ascii_case(event))
            }))
        }
        Some(path) if list.is_some() && (names_person(path) || names_home(path)) => Reach::NEVER,
        Some("github.event.label.name") if list.is_some() => Reach::NEVER,
        _ => Reach::UNKNOWN,
    }
}

/// Whether `path` is the name or the number of somebody.
fn names_person(path: &str) -> bool {
    let actors = ["github.actor", "github.actor_id", "github.triggering_actor"];
    let Some((holder, "login" | "id")) = path.rsplit_once('.') else {
        return actors.contains(&path);
    };
    // The owner of the repository itself is the same in every run.
    let of_others = ![".repository.owner", ".base.repo.owner"]
        .iter()
        .any(|it| holder.ends_with(it));
    of_others
        && [".sender", ".user", ".owner", ".actor", ".triggering_actor"]
            .iter()
            .any(|it| holder.ends_with(it))
}

/// Whether `path` is the repository that a change comes from.
fn names_home(path: &str) -> bool {
    let Some((holder, "full_name" | "id" | "node_id")) = path.rsplit_once('.') else {
        return false;
    };
    holder.ends_with(".head.repo") || holder.ends_with(".head_repository")
}

/// A path in small letters: `github.event.sender.login`.
fn path(expr: &Expr<'_>) -> Option<String> {
    let path = expr.path()?;
    let names: Vec<_> = path.iter().map(|it| it.name.unwrap_or("*")).collect();
    Some(names.join(".").to_ascii_lowercase())
}

fn literal<'t>(expr: &'t Expr<'_>) -> Option<&'t str> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    }
}

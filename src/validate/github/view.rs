//! A workflow and an action as rules see them: read once, shared by every rule.

use std::{cell::OnceCell, ops::Range, rc::Rc};

use super::{
    analysis::{self, Names},
    expression::{Expr, Found, SyntaxError},
    fault::Faults,
    grammar::{self, Walk},
    place::Place,
    risk::Agents,
};
use crate::{
    document::{
        Origin, Source,
        yaml::{Node, Scalar, Yaml},
    },
    reference::{self, FileKind, Reference},
    validate::Subject,
};

/// A workflow as rules see it.
pub(in crate::validate) struct Workflow<'a> {
    pub(super) subject: Subject<'a>,
    /// The whole file, a mapping unless something is wrong.
    pub(super) root: Node<'a>,
    /// What starts it.
    pub(super) triggers: Vec<Trigger<'a>>,
    /// `permissions:` of every job that has none.
    pub(super) permissions: Option<Node<'a>>,
    /// Its jobs, in order.
    pub(super) jobs: Vec<Job<'a>>,
    /// The actions and images that it names, in order.
    pub(super) references: Vec<Reference>,
    /// Every expression, in order; one that an alias repeats, once for each place.
    pub(super) expressions: Vec<Expression<'a>>,
    pub(super) faults: Faults,
    /// The jobs that run agents, looked for when a rule asks.
    pub(super) agents: OnceCell<Agents>,
}

/// An event that starts a workflow.
pub(super) struct Trigger<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The bytes of the name.
    pub(super) at: Range<usize>,
    /// What is said of it; nothing where it is only named.
    pub(super) config: Option<Node<'a>>,
}

/// A job of a workflow.
pub(super) struct Job<'a> {
    /// Its name among the jobs.
    pub(super) id: &'a str,
    /// The bytes of the name.
    pub(super) at: Range<usize>,
    /// Everything that is said of it.
    pub(super) node: Node<'a>,
    /// The jobs that it waits for, where they are named.
    pub(super) needs: Vec<Scalar<'a>>,
    /// Its steps, in order, those that run side by side among them.
    pub(super) steps: Vec<Step<'a>>,
}

/// A step of a job or of a composite action.
pub(super) struct Step<'a> {
    /// Everything that is said of it.
    pub(super) node: Node<'a>,
    pub(super) id: Option<Scalar<'a>>,
    pub(super) uses: Option<Scalar<'a>>,
    pub(super) run: Option<Scalar<'a>>,
}

/// An action's metadata as rules see it.
pub(in crate::validate) struct Action<'a> {
    pub(super) subject: Subject<'a>,
    /// The whole file, a mapping unless something is wrong.
    pub(super) root: Node<'a>,
    /// `runs:`.
    pub(super) runs: Option<Node<'a>>,
    /// The steps of a composite action.
    pub(super) steps: Vec<Step<'a>>,
    /// The actions and images that it names, in order.
    pub(super) references: Vec<Reference>,
    /// Every expression, in order.
    pub(super) expressions: Vec<Expression<'a>>,
    pub(super) faults: Faults,
}

/// An expression of a file, with what surrounds it.
pub(super) struct Expression<'a> {
    /// The value that holds it.
    pub(super) scalar: Scalar<'a>,
    /// Its bytes of that value.
    pub(super) found: Found,
    /// Whether it is a condition without `${{`.
    pub(super) bare: bool,
    /// What it says.
    pub(super) tree: Result<Expr<'a>, SyntaxError>,
    /// What it may use.
    pub(super) place: &'static Place,
    /// The key whose value holds it: `run`, or the name of an input or a variable.
    pub(super) key: &'a str,
    /// Which of the jobs it belongs to.
    pub(super) job: Option<usize>,
    /// Which of the job's or the action's steps it belongs to.
    pub(super) step: Option<usize>,
    pub(super) origin: Rc<OnceCell<Origin>>,
}

impl Expression<'_> {
    /// The bytes of the file as which `range` of the value is written.
    pub(super) fn range(&self, source: &Source<'_>, range: Range<usize>) -> Range<usize> {
        let origin = self.origin.get_or_init(|| self.scalar.origin(source));
        origin.range(range)
    }

    /// The bytes of the file that it takes, with `${{` and `}}`.
    pub(super) fn at(&self, source: &Source<'_>) -> Range<usize> {
        self.range(source, self.found.whole.clone())
    }
}

impl<'a> Workflow<'a> {
    /// Reads the first document of `tree`; nothing where the file holds none.
    pub(super) fn read(subject: Subject<'a>, tree: &'a Yaml) -> Option<Self> {
        let root = tree.documents().next()?;
        let Walk {
            expressions,
            mut faults,
            ..
        } = Walk::over(root, &grammar::workflow::WORKFLOW);
        let (triggers, jobs) = (triggers(root), jobs(root));
        let names = Names::of_workflow(&triggers, &jobs);
        analysis::check(subject.source, &expressions, &names, &mut faults);
        Some(Self {
            subject,
            root,
            triggers,
            permissions: root.get("permissions"),
            jobs,
            references: reference::in_tree(FileKind::GithubWorkflow, tree, subject.source),
            expressions,
            faults,
            agents: OnceCell::new(),
        })
    }

    /// What the token of `job` may do, as far as the file says.
    pub(super) fn permissions_of(&self, job: &Job<'a>) -> Option<Node<'a>> {
        job.node.get("permissions").or(self.permissions)
    }
}

impl<'a> Action<'a> {
    /// Reads the first document of `tree`; nothing where the file holds none.
    pub(super) fn read(subject: Subject<'a>, tree: &'a Yaml) -> Option<Self> {
        let root = tree.documents().next()?;
        let Walk {
            expressions,
            mut faults,
            ..
        } = Walk::over(root, grammar::action::of(&root));
        let runs = root.get("runs");
        let steps = runs.map(|runs| steps(&runs)).unwrap_or_default();
        let names = Names::of_action(root, &steps);
        analysis::check(subject.source, &expressions, &names, &mut faults);
        Some(Self {
            subject,
            root,
            runs,
            steps,
            references: reference::in_tree(FileKind::GithubAction, tree, subject.source),
            expressions,
            faults,
        })
    }
}

/// What starts the workflow `root`, in each of the three ways to write it.
pub(super) fn triggers<'a>(root: Node<'a>) -> Vec<Trigger<'a>> {
    let Some(on) = root.get("on") else {
        return Vec::new();
    };
    let named = |node: Node<'a>, config: Option<Node<'a>>| {
        let scalar = node.scalar()?;
        Some(Trigger {
            name: scalar.value,
            at: scalar.at,
            config,
        })
    };
    let alone = named(on, None).into_iter();
    let listed = on.items().filter_map(|item| named(item, None));
    let entries = on.entries().into_iter();
    let mapped = entries.filter_map(|(key, value)| named(key, Some(value)));
    alone.chain(listed).chain(mapped).collect()
}

fn jobs(root: Node<'_>) -> Vec<Job<'_>> {
    let Some(jobs) = root.get("jobs") else {
        return Vec::new();
    };
    let entries = jobs.entries().into_iter();
    entries
        .map(|(key, node)| {
            let needs = node.get("needs");
            let needs = needs.into_iter().flat_map(|needs| {
                let listed = needs.items().filter_map(|item| item.scalar());
                needs.scalar().into_iter().chain(listed)
            });
            Job {
                id: key.text().unwrap_or_default(),
                at: key.at(),
                node,
                needs: needs.collect(),
                steps: steps(&node),
            }
        })
        .collect()
}

/// The steps of `holder`, a job or `runs:`, in the order in which the walk meets them.
fn steps<'a>(holder: &Node<'a>) -> Vec<Step<'a>> {
    let mut open: Vec<Node<'a>> = listed(holder, "steps");
    let mut steps = Vec::new();
    while let Some(node) = open.pop() {
        let value = |key: &str| node.get(key).and_then(|value| value.scalar());
        steps.push(Step {
            node,
            id: value("id"),
            uses: value("uses"),
            run: value("run"),
        });
        open.extend(listed(&node, "parallel"));
    }
    steps
}

/// The items of the list at `key`, the last first.
fn listed<'a>(holder: &Node<'a>, key: &str) -> Vec<Node<'a>> {
    let list = holder.get(key);
    let mut items: Vec<_> = list.into_iter().flat_map(|list| list.items()).collect();
    items.reverse();
    items
}

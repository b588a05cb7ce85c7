//! How complex a document is, as GitLab counts: each field is one; one that asks git, another; a
//! connection costs a hundredth of what it holds more for each entry of its page.

use apollo_compiler::{
    ExecutableDocument,
    ast::Value as Written,
    executable::{Field, Selection, SelectionSet},
};
use serde_json::Value;

/// Fields that ask git.
const GIT: [&str; 7] = [
    "blobs",
    "detailedMergeStatus",
    "diffHeadSha",
    "rootRef",
    "sourceBranchExists",
    "tree",
    "lastCommit",
];
/// Connections that something is searched for.
const SEARCHED: [&str; 5] = ["blobs", "jobs", "mergeRequests", "pipelines", "projects"];

/// What a document with these variables is counted as.
pub(super) fn of(document: &ExecutableDocument, variables: &Value) -> u32 {
    let count = Count {
        document,
        variables,
    };
    let mut operations = document.operations.iter();
    let all = operations.next().map(|it| count.set(&it.selection_set));
    all.unwrap_or_default()
}

struct Count<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Value,
}

impl Count<'_> {
    fn set(&self, set: &SelectionSet) -> u32 {
        let one = |selection: &Selection| match selection {
            Selection::Field(field) => self.field(field),
            Selection::InlineFragment(inline) => self.set(&inline.selection_set),
            Selection::FragmentSpread(spread) => spread
                .fragment_def(self.document)
                .map_or(0, |it| self.set(&it.selection_set)),
        };
        set.selections.iter().map(one).sum()
    }

    fn field(&self, field: &Field) -> u32 {
        let below = self.set(&field.selection_set);
        let name = field.name.as_str();
        if name == "lastCommit" {
            return below + 10;
        }
        let git = u32::from(GIT.contains(&name));
        if !SEARCHED.contains(&name) {
            return below + 1 + git;
        }
        let sorted = u32::from(self.argument(field, "sort").is_some());
        let paths = self.argument(field, "paths");
        let paths = paths
            .and_then(|it| it.as_array().map(Vec::len))
            .unwrap_or(0);
        let one = below + 1 + sorted + u32::try_from(paths).unwrap_or(u32::MAX) + git;
        let page = self.argument(field, "first").and_then(|it| it.as_u64());
        let page = u32::try_from(page.unwrap_or(100).min(100)).unwrap_or(100);
        one + one * page / 100
    }

    /// What an argument is in the end.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let argument = field.arguments.iter().find(|it| it.name == name)?;
        let value = match &*argument.value {
            Written::Variable(name) => self.variables[name.as_str()].clone(),
            Written::Int(number) => Value::from(number.try_to_i32().unwrap_or_default()),
            Written::List(all) => Value::from(vec![Value::Null; all.len()]),
            Written::Enum(name) => Value::from(name.as_str()),
            _ => Value::Null,
        };
        Some(value).filter(|value| !value.is_null())
    }
}

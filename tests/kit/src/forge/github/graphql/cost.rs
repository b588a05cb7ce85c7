//! What a query costs of the hour: a hundredth of the requests that its pages stand for.

use apollo_compiler::{
    ExecutableDocument,
    executable::{Field, Selection, SelectionSet},
};
use serde_json::Value;

/// The points of a document.
pub(super) fn of(document: &ExecutableDocument, variables: &Value) -> u32 {
    let counting = Counting {
        document,
        variables,
    };
    let operations = document.operations.iter();
    let requests: u64 = operations
        .map(|it| counting.requests(&it.selection_set, 1))
        .sum();
    u32::try_from((requests + 50) / 100)
        .unwrap_or(u32::MAX)
        .max(1)
}

struct Counting<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Value,
}

impl Counting<'_> {
    /// How many requests these selections stand for, asked so many times.
    fn requests(&self, selections: &SelectionSet, times: u64) -> u64 {
        let one = |selection: &Selection| match selection {
            Selection::Field(field) => self.of_field(field, times),
            Selection::InlineFragment(inline) => self.requests(&inline.selection_set, times),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.fragment_name);
                fragment.map_or(0, |it| self.requests(&it.selection_set, times))
            }
        };
        selections.selections.iter().map(one).sum()
    }

    fn of_field(&self, field: &Field, times: u64) -> u64 {
        let page = ["first", "last"]
            .iter()
            .find_map(|name| self.argument(field, name));
        match page {
            Some(page) => times + self.requests(&field.selection_set, times * page),
            None => self.requests(&field.selection_set, times),
        }
    }

    fn argument(&self, field: &Field, name: &str) -> Option<u64> {
        let value = &field.arguments.iter().find(|it| it.name == name)?.value;
        match value.as_variable() {
            Some(variable) => self.variables[variable.as_str()].as_u64(),
            None => value.to_i32().and_then(|it| u64::try_from(it).ok()),
        }
    }
}

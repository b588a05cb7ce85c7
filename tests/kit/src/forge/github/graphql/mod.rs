//! GitHub's GraphQL, executed against its published schema: a query that does not fit, and an
//! answer of ours that does not, is a violation.
//!
//! Each object of the schema is a [`Thing`], which names what it is and holds nothing; `resolve`
//! in the file of its kind says what its fields are.

mod actions;
mod change;
mod connection;
mod cost;
mod git;
mod repository;
mod request;
mod root;

pub(super) use actions::conclusion;
pub(super) use change::hindrance;

use std::{cell::RefCell, collections::VecDeque};

use apollo_compiler::{
    ExecutableDocument,
    executable::OperationType,
    resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    validation::Valid,
};
use serde_json::{Map, Value, json};

use super::{contract, refuse::Fail};
use crate::forge::{Actor, Door, Left, Nature, Oid, Store, Told};

/// An object of the schema.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Query,
    Mutation,
    Owner,
    Repository(u64),
    Ref(u64, String),
    Commit(u64, Oid),
    Tree(u64, Oid),
    Blob(u64, Oid),
    Request(u64, u64),
    Workflow(u64, u64),
    Run(u64, u64),
    Suite(u64, u64),
    Check(u64, u64),
    /// One whose fields are known already, by the name of its type.
    Plain(&'static str, Vec<(&'static str, Made)>),
}

/// The value of a field.
#[derive(Clone, Debug)]
pub(super) enum Made {
    Leaf(Value),
    Object(Thing),
    List(Vec<Self>),
    /// A connection of this type, whose arguments say which page of it is meant.
    Pages(&'static str, Vec<Self>),
    /// An element of a list that may not be seen.
    Refused(Fail),
}

macro_rules! leaves {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Made {
            fn from(value: $kind) -> Self {
                Self::Leaf(value.into())
            }
        }
    )*};
}

leaves!(bool, i32, u32, u64, usize, &str, String, Value);

impl From<Thing> for Made {
    fn from(thing: Thing) -> Self {
        Self::Object(thing)
    }
}

impl From<Option<Thing>> for Made {
    fn from(thing: Option<Thing>) -> Self {
        thing.map_or_else(Self::null, Self::Object)
    }
}

impl Made {
    pub(super) fn null() -> Self {
        Self::Leaf(Value::Null)
    }
}

/// What the fields of a type are; nothing for a field that we do not know.
pub(super) type Field = Result<Option<Made>, Fail>;

/// The arguments of a field.
pub(super) struct Arguments(Value);

impl Arguments {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0[name].as_bool()
    }

    pub(super) fn value(&self, name: &str) -> &Value {
        &self.0[name]
    }
}

/// How the executor words that a text stands where an object belongs.
const IN_A_LIST: &str = "returned a leaf value but expected an object";

/// What a query is answered from.
pub(super) struct Asking<'a> {
    pub(super) store: &'a mut Store,
    pub(super) by: Actor,
    /// How their token tells what they may do.
    pub(super) told: Told,
    /// `http://127.0.0.1:PORT`.
    pub(super) base: &'a str,
    pub(super) left: Left,
    pub(super) cost: u32,
    /// Elements of lists that were refused, in their order.
    pub(super) refused: VecDeque<Fail>,
}

/// A thing in the middle of an execution.
struct Node<'a, 'b> {
    asking: &'a RefCell<Asking<'b>>,
    thing: Thing,
}

impl ObjectValue for Node<'_, '_> {
    fn type_name(&self) -> &str {
        match &self.thing {
            Thing::Query => "Query",
            Thing::Mutation => "Mutation",
            Thing::Owner if self.asking.borrow().store.owner_is_user => "User",
            Thing::Owner => "Organization",
            Thing::Repository(_) => "Repository",
            Thing::Ref(..) => "Ref",
            Thing::Commit(..) => "Commit",
            Thing::Tree(..) => "Tree",
            Thing::Blob(..) => "Blob",
            Thing::Request(..) => "PullRequest",
            Thing::Workflow(..) => "Workflow",
            Thing::Run(..) => "WorkflowRun",
            Thing::Suite(..) => "CheckSuite",
            Thing::Check(..) => "CheckRun",
            Thing::Plain(name, _) => name,
        }
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let field =
            self.asking
                .borrow_mut()
                .field(&self.thing, info.field_name(), &Arguments(arguments));
        match field {
            Ok(Some(made)) => Ok(self.resolved(made)?),
            Ok(None) => Err(self.unknown_field_error(info)),
            Err(fail) => Err(error(&fail)),
        }
    }
}

impl Node<'_, '_> {
    fn resolved(&self, made: Made) -> Result<ResolvedValue<'_>, FieldError> {
        let asking = self.asking;
        let below = move |thing| Node { asking, thing };
        Ok(match made {
            Made::Leaf(value) => ResolvedValue::leaf(serde_json_bytes(value)),
            Made::Object(thing) => ResolvedValue::object(below(thing)),
            Made::Refused(fail) => return Err(error(&fail)),
            Made::List(all) | Made::Pages(_, all) => {
                let one = move |made| match made {
                    // The executor would drop the whole list for one error. A text where an
                    // object belongs makes it drop that element alone, with an error of its own,
                    // in whose place `told` puts this one.
                    Made::Refused(fail) => {
                        asking.borrow_mut().refused.push_back(fail);
                        Ok(ResolvedValue::leaf("refused"))
                    }
                    made => self.resolved(made),
                };
                ResolvedValue::List(Box::new(all.into_iter().map(one)))
            }
        })
    }
}

fn serde_json_bytes(value: Value) -> apollo_compiler::response::JsonValue {
    value.into()
}

/// The executor knows a message alone; the kind goes before it, and comes out in [`told`].
fn error(fail: &Fail) -> FieldError {
    FieldError {
        message: format!("{}\u{1f}{}", fail.kind, fail.message),
    }
}

impl Asking<'_> {
    fn field(&mut self, thing: &Thing, field: &str, arguments: &Arguments) -> Field {
        if let (true, Some(id)) = (field == "id", super::id::of(thing)) {
            return Ok(Some(id.into()));
        }
        match thing {
            Thing::Query => self.query(field, arguments),
            Thing::Mutation => self.mutation(field, arguments),
            Thing::Owner => self.owner(field, arguments),
            Thing::Repository(id) => self.repository(*id, field, arguments),
            Thing::Ref(id, name) => self.reference(*id, name, field, arguments),
            Thing::Commit(id, oid) => self.commit(*id, *oid, field, arguments),
            Thing::Tree(id, oid) => Ok(self.tree(*id, *oid, field)),
            Thing::Blob(id, oid) => Ok(self.blob(*id, *oid, field)),
            Thing::Request(id, number) => self.request(*id, *number, field, arguments),
            Thing::Workflow(id, number) => self.workflow(*id, *number, field, arguments),
            Thing::Run(id, number) => Ok(self.run(*id, *number, field)),
            Thing::Suite(id, number) => self.suite(*id, *number, field, arguments),
            Thing::Check(id, number) => self.check(*id, *number, field, arguments),
            Thing::Plain(_, fields) => {
                let found = fields.iter().find(|(name, _)| *name == field);
                match found {
                    Some((_, Made::Pages(kind, all))) => {
                        connection::of(kind, field, arguments, all.clone()).map(Some)
                    }
                    found => Ok(found.map(|(_, made)| made.clone())),
                }
            }
        }
    }
}

/// A question, read and held against the schema.
pub(super) struct Question {
    document: Valid<ExecutableDocument>,
    variables: Value,
}

impl Question {
    /// The question of a request's body, or what is wrong with it.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let text = body["query"].as_str().ok_or("no query")?;
        let schema = &contract::graphql().schema;
        let document = ExecutableDocument::parse_and_validate(schema, text, "query.graphql");
        Ok(Self {
            document: document.map_err(|error| error.errors.to_string())?,
            variables: body["variables"].clone(),
        })
    }

    fn is_mutation(&self) -> bool {
        let mut operations = self.document.operations.iter();
        operations.any(|it| it.operation_type == OperationType::Mutation)
    }

    fn root_fields(&self) -> Vec<String> {
        let operations = self.document.operations.iter();
        let fields = operations.flat_map(|it| it.root_fields(&self.document));
        fields.map(|field| field.name.to_string()).collect()
    }

    /// What it does and costs.
    pub(super) fn nature(&self) -> Nature {
        let operations = self.root_fields();
        let changes = self.is_mutation();
        Nature {
            writes: if changes {
                u32::try_from(operations.len()).unwrap_or(u32::MAX)
            } else {
                0
            },
            creations: u32::from(changes && operations.iter().any(|it| change::makes_content(it))),
            primary: cost::of(&self.document, &self.variables),
            points: if changes { 5 } else { 1 },
            door: Door::Graphql,
            operations,
        }
    }

    /// The answer, and what is wrong with it by the schema.
    pub(super) fn answer(&self, asking: Asking<'_>) -> (Value, Vec<String>) {
        let root = if self.is_mutation() {
            Thing::Mutation
        } else {
            Thing::Query
        };
        let asking = RefCell::new(asking);
        let schema = contract::graphql();
        let Value::Object(variables) = &self.variables else {
            return self.execute(schema, &Map::new(), &asking, root);
        };
        self.execute(schema, variables, &asking, root)
    }

    fn execute(
        &self,
        schema: &contract::Graphql,
        variables: &Map<String, Value>,
        asking: &RefCell<Asking<'_>>,
        root: Thing,
    ) -> (Value, Vec<String>) {
        let variables = variables.iter();
        let variables = variables
            .map(|(name, value)| (name.as_str().into(), value.clone().into()))
            .collect();
        let execution = Execution::new(&schema.schema, &self.document)
            .implementers_map(&schema.implementers)
            .raw_variable_values(&variables);
        match execution.execute_sync(&Node {
            asking,
            thing: root,
        }) {
            Ok(done) => {
                let refused = std::mem::take(&mut asking.borrow_mut().refused);
                told(&serde_json::to_value(&done).unwrap_or_default(), refused)
            }
            Err(error) => {
                let message = error.message().to_string();
                (json!({ "errors": [{ "message": message }] }), vec![message])
            }
        }
    }
}

/// The answer with its errors as GitHub writes them; those that are no refusal of ours are faults.
fn told(done: &Value, mut refused: VecDeque<Fail>) -> (Value, Vec<String>) {
    let mut faults = Vec::new();
    let mut errors = Vec::new();
    for error in done["errors"].as_array().into_iter().flatten() {
        let message = error["message"].as_str().unwrap_or_default();
        let own = message.split_once('\u{1f}').map(|(kind, message)| {
            let kind = kind.trim_start_matches("resolver error: ");
            (kind.to_owned(), message.to_owned())
        });
        let in_a_list = || {
            let fail = message.contains(IN_A_LIST).then(|| refused.pop_front());
            fail.flatten()
                .map(|fail| (fail.kind.to_owned(), fail.message))
        };
        let Some((kind, message)) = own.or_else(in_a_list) else {
            faults.push(format!("{message} at {}", error["path"]));
            continue;
        };
        errors.push(json!({
            "type": kind,
            "path": error["path"],
            "locations": error["locations"],
            "message": message,
        }));
    }
    let mut answer = json!({ "data": done["data"] });
    if !errors.is_empty() {
        answer["errors"] = errors.into();
    }
    (answer, faults)
}

//! What an answer has to have although nobody looks at it, filled in by the description.

use serde_json::{Map, Value, json};

/// Fills in the required fields that `value` lacks.
///
/// `root` is the whole description, for references; addresses are made below `base`.
pub(super) fn filled(root: &Value, schema: &Value, value: Value, base: &str) -> Value {
    let filling = Filling { root, base };
    filling.fill(schema, value)
}

struct Filling<'a> {
    root: &'a Value,
    base: &'a str,
}

impl<'a> Filling<'a> {
    fn fill(&self, schema: &'a Value, value: Value) -> Value {
        let schema = self.variant(schema, &value);
        match value {
            Value::Object(fields) => self.object(schema, fields),
            Value::Array(all) => all
                .into_iter()
                .map(|it| self.fill(&schema["items"], it))
                .collect(),
            plain => plain,
        }
    }

    fn object(&self, schema: &'a Value, mut fields: Map<String, Value>) -> Value {
        let known = &schema["properties"];
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), self.usual(&known[name], name));
            }
        }
        for (name, value) in &mut fields {
            *value = self.fill(&known[name.as_str()], value.take());
        }
        Value::Object(fields)
    }

    /// What stands for a field without meaning here.
    fn usual(&self, schema: &'a Value, name: &str) -> Value {
        let schema = self.resolved(schema);
        if is_nullable(schema) {
            return Value::Null;
        }
        let schema = self.variant(schema, &Value::Null);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => false.into(),
            Some("integer" | "number") => 0.into(),
            Some("array") => json!([]),
            Some("object") => self.object(schema, Map::new()),
            _ if schema["format"] == "date-time" => "2024-01-01T00:00:00Z".into(),
            _ if schema["format"] == "uri" || name.ends_with("url") => {
                format!("{}/{name}", self.base).into()
            }
            _ => "".into(),
        }
    }

    /// The schema that is meant among several.
    fn variant(&self, schema: &'a Value, value: &Value) -> &'a Value {
        let schema = self.resolved(schema);
        let several = ["anyOf", "oneOf", "allOf"]
            .into_iter()
            .find_map(|name| schema[name].as_array());
        let Some(several) = several else {
            return schema;
        };
        let all = several.iter().map(|it| self.variant(it, value));
        let mut fitting = all.filter(|it| it["type"] != "null" && fits(it, value));
        fitting.next().unwrap_or(schema)
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|it| it.strip_prefix('#')) {
            Some(pointer) => self.resolved(self.root.pointer(pointer).unwrap_or(&Value::Null)),
            None => schema,
        }
    }
}

fn is_nullable(schema: &Value) -> bool {
    let any = schema["anyOf"].as_array();
    any.is_some_and(|all| all.iter().any(|it| it["type"] == "null"))
}

/// Whether a value may be meant by a schema, as far as its kind and its `type` tell.
fn fits(schema: &Value, value: &Value) -> bool {
    match value {
        Value::Array(_) => schema["type"] == "array",
        Value::Object(fields) => {
            let named = schema["properties"]["type"]["enum"].as_array();
            let is = fields.get("type");
            schema["type"] == "object" && named.zip(is).is_none_or(|(named, is)| named.contains(is))
        }
        _ => true,
    }
}

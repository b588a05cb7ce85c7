//! Single YAML values that keep their type: a text, a number, `true`, `false` or `null`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// A single value, or a list of them.
#[derive(Debug, Default)]
pub(super) struct Scalars(pub(super) Vec<Value>);

struct One(Value);

impl<'de> Deserialize<'de> for Scalars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Reader { takes_list: true })
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = deserializer.deserialize_any(Reader { takes_list: false })?;
        values
            .pop()
            .map(Self)
            .ok_or_else(|| de::Error::custom("a value is missing"))
    }
}

struct Reader {
    takes_list: bool,
}

impl<'de> Visitor<'de> for Reader {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.takes_list {
            "a single value or a list of them"
        } else {
            "a single value"
        })
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(vec![Value::Bool(value)])
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(vec![value.into()])
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(vec![value.into()])
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| {
            E::invalid_value(de::Unexpected::Float(value), &"a number that JSON has")
        })?;
        Ok(vec![Value::Number(number)])
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(vec![value.into()])
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(vec![Value::Null])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if !self.takes_list {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        let mut values = Vec::new();
        while let Some(One(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
}

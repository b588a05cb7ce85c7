//! Which call it is, whenever it is made.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fullsend_testkit::forge::Call;
use serde_json::Value;

use super::left::without_times;

/// What a call asks for. One that is made again, by another start, has the same.
pub(super) fn of(call: &Call) -> String {
    let mut body = serde_json::from_str(&call.body).unwrap_or(Value::Null);
    read(&mut body);
    format!("{} {} {body}", call.line(), call.query)
}

/// Replaces contents of files by what they say but for the time.
fn read(value: &mut Value) {
    match value {
        Value::String(text) => {
            let bytes = STANDARD.decode(text.as_bytes()).ok();
            let content = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            *text = without_times(content.as_ref().unwrap_or(text));
        }
        Value::Array(items) => items.iter_mut().for_each(read),
        Value::Object(fields) => fields.values_mut().for_each(read),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

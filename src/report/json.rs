//! Documents as they are written for programs.

use serde::Serialize;

/// `document` as JSON over several lines, with a final newline.
pub fn text(document: &impl Serialize) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}

//! Text into HTML and JSON into scripts, so that no name of a symbol can break a page.

use std::fmt::Write as _;

/// Escapes text for element content and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// JSON that may stand inside a script element: `<`, `>` and `&` are written as escapes, so no
/// closing tag can appear. `None` becomes `null`, as do numbers that are not finite.
pub fn script_json(value: &serde_json::Value) -> String {
    let json = value.to_string();
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", letter as u32);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A name that may stand in an anchor: lower case letters, digits and dashes.
pub fn anchor(text: &str) -> String {
    let mut anchor = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            anchor.push(letter.to_ascii_lowercase());
        } else if !anchor.ends_with('-') {
            anchor.push('-');
        }
    }
    anchor.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_symbol_stays_text() {
        assert_eq!(escape("<b a='\"&"), "&lt;b a=&#39;&quot;&amp;");
    }

    #[test]
    fn json_can_not_close_its_script() {
        let json = script_json(&serde_json::json!({"s": "</script><!--"}));
        assert!(!json.contains('<') && !json.contains('>'), "{json}");
        let back: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back["s"], "</script><!--");
    }

    #[test]
    fn anchors_hold_plain_letters_only() {
        assert_eq!(anchor(" Held-out: long & short "), "held-out-long-short");
    }
}

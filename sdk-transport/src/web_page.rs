//! Web pages where an API's JSON was expected: a proxy's log-in, another server, a path that is not the API's.

use crate::Error;

/// The longest title that is repeated.
const LONGEST_TITLE: usize = 120;

/// Whether an answer's body is HTML or XML.
#[must_use]
pub fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// The page's title on one line, if it has one.
#[must_use]
pub fn title(page: &str) -> Option<String> {
    // Case is folded for ASCII alone, which keeps every offset.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower.get(start..)?.find("</title>")?;
    let words: Vec<&str> = page.get(start..end)?.split_whitespace().collect();
    let title: String = words.join(" ").chars().take(LONGEST_TITLE).collect();
    (!title.is_empty()).then_some(title)
}

/// The error of a successful answer that is a web page.
pub(crate) fn error(body: &[u8]) -> Error {
    let title = title(&String::from_utf8_lossy(body))
        // Secrets are cut out later, and half of one would not be found.
        .filter(|title| title.chars().count() < LONGEST_TITLE)
        .map(|title| format!(" (\"{title}\")"))
        .unwrap_or_default();
    Error::decode(format!("a web page{title} came instead of JSON"))
        .with_hint("another server or a proxy's log-in answers here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_and_not_too_long() {
        for (page, expected) in [
            ("<html><TITLE> Log\n in </TITLE>", Some("Log in".to_owned())),
            ("<title></title>", None),
            ("<title>open", None),
            ("İ<title>ü</title>", Some("ü".to_owned())),
            (
                &format!("<title>{}</title>", "a".repeat(500)),
                Some("a".repeat(LONGEST_TITLE)),
            ),
        ] {
            assert_eq!(title(page), expected, "{page}");
        }
    }
}

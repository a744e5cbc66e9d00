//! Base URLs as users write them.

use ::url::{Host, Url};

use crate::Error;

/// Reads the URL of a server: `http` or `https`, a host, perhaps a path; no user, password, query or fragment.
/// The path of the result ends with `/`.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) says what is wrong. The URL itself is not repeated, since it may hold a password.
pub fn parse_base(text: &str) -> Result<Url, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid_input("the server's URL is empty").with_hint(
            "write it like `http://10.11.12.13:5240/MAAS` or `https://palette.example.com`",
        ));
    }
    let url = Url::parse(text).map_err(|error| match error {
        ::url::ParseError::RelativeUrlWithoutBase => {
            Error::invalid_input("the server's URL has no scheme")
                .with_hint("begin it with `http://` or `https://`")
        }
        other => Error::invalid_input(format!("the server's URL is malformed: {other}")),
    })?;
    let problem = if !matches!(url.scheme(), "http" | "https") {
        // `localhost:5240/MAAS` parses as scheme `localhost`.
        Some("the server's URL must begin with `http://` or `https://`")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("the server's URL must not hold a user or password")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("the server's URL must not have a query or a fragment")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(Error::invalid_input(problem));
    }
    let mut url = url;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_end_with_a_slash() {
        for (text, expected) in [
            ("http://h:5240/MAAS", "http://h:5240/MAAS/"),
            (" https://h ", "https://h/"),
            ("https://h/a/b/", "https://h/a/b/"),
        ] {
            assert_eq!(parse_base(text).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn bad_urls_say_what_is_wrong() {
        for (text, part) in [
            ("", "empty"),
            ("10.0.0.1:5240/MAAS", "malformed"),
            ("maas/MAAS", "no scheme"),
            ("localhost:5240/MAAS", "must begin"),
            ("ftp://h/", "must begin"),
            ("http://user:pass@h/", "user or password"),
            ("http://h/?x=1", "query"),
        ] {
            let error = parse_base(text).unwrap_err().to_string();
            assert!(
                error.contains(part) || error.contains("scheme"),
                "{text}: {error}"
            );
            assert!(!error.contains("pass@"), "{error}");
        }
    }

    #[test]
    fn loopback_is_recognised() {
        for (text, expected) in [
            ("http://127.0.0.1/", true),
            ("http://127.8.9.1/", true),
            ("http://[::1]:1/", true),
            ("http://LOCALHOST/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example.com/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}

//! The server's address as users write it.

use sdk_transport::{Error, url::parse_base};
use url::Url;

/// The base of the API, ending with `/api/2.0/`.
///
/// `/MAAS`, `/MAAS/` and `/MAAS/api/2.0/` mean the same, and so does what the browser shows (`/MAAS/r/machines`). A bare
/// host means `/MAAS`, where every MAAS serves. A path before it, as behind a proxy, is kept.
pub(crate) fn api_base(text: &str) -> Result<Url, Error> {
    let without_fragment = text.split('#').next().unwrap_or_default();
    let mut url = parse_base(without_fragment)?;
    let mut segments: Vec<String> = url
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
        .collect();
    let after_maas = |name: &str| {
        segments
            .windows(2)
            .position(|pair| pair[0] == "MAAS" && pair[1] == name)
            .map(|position| position + 1)
    };
    if let Some(position) = segments.iter().position(|segment| segment == "api") {
        let version = segments.get(position + 1).map_or("2.0", String::as_str);
        if version != "2.0" {
            return Err(Error::invalid_input(format!(
                "the server's URL names version `{version}` of the API; this client speaks 2.0"
            ))
            .with_hint("give the URL up to `/MAAS`"));
        }
        if segments.len() > position + 2 {
            return Err(
                Error::invalid_input("the server's URL names a single object of the API")
                    .with_hint("give the URL up to `/MAAS`"),
            );
        }
        segments.truncate(position);
    } else if after_maas("a").is_some() {
        return Err(
            Error::invalid_input("the server's URL names API v3; this client speaks 2.0")
                .with_hint("give the URL up to `/MAAS`"),
        );
    } else if let Some(position) = after_maas("r").or_else(|| after_maas("l")) {
        segments.truncate(position);
    }
    if segments.is_empty() {
        segments.push("MAAS".to_owned());
    }
    url.set_path(&format!("/{}/api/2.0/", segments.join("/")));
    Ok(url)
}

/// The URL to configure, made of the target of a redirect.
pub(crate) fn redirect_hint(target: &str) -> String {
    if let Some((base, _)) = target.split_once("/api/2.0/")
        && base.starts_with("http")
    {
        return format!("configure `{base}` as the server's URL");
    }
    if target.contains("?next=") || target.ends_with("/r/") || target.ends_with("/MAAS/") {
        return "this is the web page, not the API: configure the URL up to and including `/MAAS`, e.g. `http://10.11.12.13:5240/MAAS`"
            .to_owned();
    }
    format!("redirects are never followed: configure the server's own address ({target})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_write_leads_to_the_api() {
        for (text, expected) in [
            ("http://h:5240/MAAS", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240/MAAS/", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240/MAAS/api/2.0/", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240/MAAS/api/2.0", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240/MAAS/api/", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240//MAAS//", "http://h:5240/MAAS/api/2.0/"),
            ("http://h:5240", "http://h:5240/MAAS/api/2.0/"),
            (
                "https://h/lab/maas1/MAAS",
                "https://h/lab/maas1/MAAS/api/2.0/",
            ),
            ("https://h/metal", "https://h/metal/api/2.0/"),
            (
                "http://h:5240/MAAS/r/machines",
                "http://h:5240/MAAS/api/2.0/",
            ),
            (
                "http://h:5240/MAAS/l/#/machines",
                "http://h:5240/MAAS/api/2.0/",
            ),
            ("http://[::1]:5240/MAAS", "http://[::1]:5240/MAAS/api/2.0/"),
        ] {
            assert_eq!(api_base(text).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn other_apis_are_refused() {
        for (text, part) in [
            ("http://h/MAAS/api/1.0/", "`1.0`"),
            ("http://h/MAAS/api/3.0", "`3.0`"),
            ("http://h/MAAS/a/v3/zones", "v3"),
            ("http://h/MAAS/api/2.0/machines/", "single object"),
            ("h:5240/MAAS", "http://"),
        ] {
            let error = api_base(text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_redirect_says_what_to_configure() {
        for (target, part) in [
            (
                "https://maas.example.com:5443/MAAS/api/2.0/zones/",
                "`https://maas.example.com:5443/MAAS`",
            ),
            ("/MAAS/?next=%2FMAAS%2Fapi%2F3.0%2Fzones%2F", "web page"),
            (
                "https://sso.example.com/login",
                "https://sso.example.com/login",
            ),
        ] {
            assert!(redirect_hint(target).contains(part), "{target}");
        }
    }
}

//! What MAAS and Palette hold of the things that a document names.

pub(crate) mod maas;
pub(crate) mod palette;

pub(crate) use maas::MaasFacts;
pub(crate) use palette::PaletteFacts;

use std::collections::BTreeSet;

use strsim::normalized_damerau_levenshtein;

/// The known name nearest to a wrong one, if any is near.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (normalized_damerau_levenshtein(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// What to do about an unknown name: the nearest known one, else all of them.
pub(crate) fn known_names<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    if let Some(name) = nearest(wrong, known.clone()) {
        return format!("did you mean `{name}`?");
    }
    let names: BTreeSet<&str> = known.into_iter().collect();
    let names: Vec<&str> = names.into_iter().collect();
    match names.len() {
        0 => "there is none yet".to_owned(),
        1..=10 => format!("there is: {}", names.join(", ")),
        n => format!("there are {n}: {}, …", names[..10].join(", ")),
    }
}

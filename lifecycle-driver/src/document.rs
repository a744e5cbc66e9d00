//! Reading what a user wrote: YAML text into a document of the engine, with the place of every value.
//!
//! ```
//! let text = "name: demo\nsize: three\n";
//! let error = lifecycle_driver::document::read_cluster(text).unwrap_err().in_file("cluster.yaml");
//! assert!(error.to_string().contains("cluster.yaml:2:1 /size: E_UNKNOWN_FIELD: unknown field `size`"));
//! ```

mod rest;
mod yaml;

use std::fmt;

use lifecycle_core::spec::tree::{Node, Positions};
use lifecycle_core::spec::{ClusterDocument, GatewayDocument, Located};
use lifecycle_core::{Finding, Severity};

/// Everything that is wrong with a document, each with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    file: String,
    findings: Vec<Located<Finding>>,
}

impl DocumentError {
    fn new(findings: Vec<Located<Finding>>) -> Self {
        Self {
            file: "document".to_owned(),
            findings,
        }
    }

    /// Names the file that the text came from; every line of the message begins with it.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// The findings, in the order of the text.
    #[must_use]
    pub fn findings(&self) -> &[Located<Finding>] {
        &self.findings
    }
}

impl std::error::Error for DocumentError {}

/// One line per finding: `cluster.yaml:12:5 /workers/0/sise: E_UNKNOWN_FIELD: unknown field … (did you mean …?)`.
impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let Located { position, item } = finding;
            f.write_str(&self.file)?;
            if let Some(position) = position {
                write!(f, ":{position}")?;
            }
            if !item.path.is_empty() {
                write!(f, " {}", item.path)?;
            }
            write!(f, ": {}: {}", item.code, item.message)?;
            if !item.hint.is_empty() {
                write!(f, " ({})", item.hint)?;
            }
        }
        Ok(())
    }
}

/// Reads a cluster document from YAML text.
///
/// The positions find the place of any pointer into the document later, for instance of what [`ClusterDocument::check`] or a preflight says:
/// see [`locate`].
///
/// # Errors
/// All findings at once: what is no YAML, or every unknown, missing and wrong field. The text may have 1 MiB, 32 levels and 20 000 values.
pub fn read_cluster(text: &str) -> Result<(ClusterDocument, Positions), DocumentError> {
    let root = read_tree(text)?;
    let document = ClusterDocument::read(&root).map_err(DocumentError::new)?;
    Ok((document, Positions::of(&root)))
}

/// Reads a gateway document from YAML text.
///
/// # Errors
/// As [`read_cluster`].
pub fn read_gateway(text: &str) -> Result<(GatewayDocument, Positions), DocumentError> {
    let root = read_tree(text)?;
    let document = GatewayDocument::read(&root).map_err(DocumentError::new)?;
    Ok((document, Positions::of(&root)))
}

/// Reads YAML text into a tree, whatever document it holds.
///
/// # Errors
/// What is no YAML, ambiguous (a name given twice, several documents) or too large; one finding, `E_SYNTAX`, with its place.
pub fn read_tree(text: &str) -> Result<Node, DocumentError> {
    yaml::read(text).map_err(|finding| DocumentError::new(vec![finding]))
}

/// Gives each finding its place in the text.
#[must_use]
pub fn locate(findings: Vec<Finding>, positions: &Positions) -> Vec<Located<Finding>> {
    findings
        .into_iter()
        .map(|item| Located {
            position: positions.locate(&item.path),
            item,
        })
        .collect()
}

/// Reads a cluster document and [checks](ClusterDocument::check) it: the document with its warnings, or all of its errors.
///
/// # Errors
/// As [`read_cluster`], and every error in what the document says (its warnings with them), all at once and in the order of the text: what can
/// be read is checked, whatever else is wrong.
pub fn read_checked_cluster(
    text: &str,
) -> Result<(ClusterDocument, Positions, Vec<Located<Finding>>), DocumentError> {
    read_checked(text, ClusterDocument::read, ClusterDocument::check)
}

/// Reads a gateway document and [checks](GatewayDocument::check) it.
///
/// # Errors
/// As [`read_checked_cluster`].
pub fn read_checked_gateway(
    text: &str,
) -> Result<(GatewayDocument, Positions, Vec<Located<Finding>>), DocumentError> {
    read_checked(text, GatewayDocument::read, GatewayDocument::check)
}

fn read_checked<D>(
    text: &str,
    read: fn(&Node) -> Result<D, Vec<Located<Finding>>>,
    check: fn(&D) -> Vec<Finding>,
) -> Result<(D, Positions, Vec<Located<Finding>>), DocumentError> {
    let root = read_tree(text)?;
    let positions = Positions::of(&root);
    let (document, mut findings) = match read(&root) {
        Ok(document) => {
            let findings = check(&document);
            (Some(document), locate(findings, &positions))
        }
        Err(mut faults) => {
            let rest = rest::findings(&root, &faults, read, check);
            faults.extend(locate(rest, &positions));
            (None, faults)
        }
    };
    match document {
        Some(document) if !findings.iter().any(|f| f.item.severity == Severity::Error) => {
            Ok((document, positions, findings))
        }
        _ => {
            findings.sort_by_key(|f| f.position);
            Err(DocumentError::new(findings))
        }
    }
}

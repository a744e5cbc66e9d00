//! Findings, refusals and their stable codes.
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::defaults::is_default;
use super::table::{Table, arg_text};
use crate::prelude::*;
use crate::{Args, Desired};

macro_rules! codes {
    ($($variant:ident $text:literal $meaning:literal)*) => {
        /// The stable code of a refusal (`E_…`) or a warning (`W_…`); the same in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// `E_…` or `W_…`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// What it means, in one line.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

codes! {
    CpSizeEven "E_CP_SIZE_EVEN" "The control-plane size is even; use 1, 3, 5 or 7."
    CpSizeZero "E_CP_SIZE_ZERO" "The control-plane size is 0; use 1, 3, 5 or 7."
    CpSizeTooLarge "E_CP_SIZE_TOO_LARGE" "The control-plane size is above 7, or 7 managed by Palette without allow_large_control_plane."
    CpContractSingle "E_CP_CONTRACT_SINGLE" "Contract First needs at least 3 control-plane nodes."
    CpStrategy "E_CP_STRATEGY" "A control plane takes Expand First or Contract First, one node at a time."
    CpMultiStepLoss "E_CP_MULTI_STEP_LOSS" "A control plane with an unhealthy member cannot be made smaller."
    NoSpareSingleNode "E_NO_SPARE_SINGLE_NODE" "A single node can only be replaced Expand First, and no machine fits."
    SurgeAndUnavailableZero "E_SURGE_AND_UNAVAILABLE_ZERO" "Max Surge and Max Unavailable cannot both be 0."
    ContractWouldLoseCapacity "E_CONTRACT_WOULD_LOSE_CAPACITY" "No machine, the node's own included, fits the pool's new minimums."
    Capacity "E_CAPACITY" "Not enough fitting machines for what was asked."
    DeleteNotProvisioned "E_DELETE_NOT_PROVISIONED" "The cluster is still being provisioned; use Abort."
    AbortAlreadyProvisioned "E_ABORT_ALREADY_PROVISIONED" "The cluster is provisioned; use Delete, or Pause or Rollback for an update."
    ForceNotDeleting "E_FORCE_NOT_DELETING" "Only a cluster that is Deleting or Aborting can be force-deleted."
    ForceTooEarly "E_FORCE_TOO_EARLY" "Force delete is available 15 minutes after deletion or abort began."
    ForbiddenRole "E_FORBIDDEN_ROLE" "Only tenant and project administrators may do this."
    UpdateWhileProvisioning "E_UPDATE_WHILE_PROVISIONING" "The cluster is still being provisioned."
    Terminating "E_TERMINATING" "The cluster is being deleted or aborted."
    Deleted "E_DELETED" "The cluster is deleted."
    RepaveNotApproved "E_REPAVE_NOT_APPROVED" "There is no change waiting for approval."
    PcgInUse "E_PCG_IN_USE" "Clusters still need this gateway."
    PcgShrink "E_PCG_SHRINK" "A gateway cannot be made smaller."
    PcgSize "E_PCG_SIZE" "A gateway has 1 or 3 nodes."
    PcgResizeBusy "E_PCG_RESIZE_BUSY" "The gateway is being upgraded or resized."
    PcgUnhealthy "E_PCG_UNHEALTHY" "The gateway has no quorum or is not ready."
    PcgMissing "E_PCG_MISSING" "The gateway is unknown or deleted."
    VersionSkew "E_VERSION_SKEW" "Workers must not be newer than the control plane, nor more than 3 minor versions behind."
    VersionSkip "E_VERSION_SKIP" "Only one minor version at a time."
    Downgrade "E_DOWNGRADE" "The control plane cannot go back to an earlier minor version."
    IpShort "E_IP_SHORT" "The subnet has too few free addresses."
    CidrOverlap "E_CIDR_OVERLAP" "Two address ranges overlap."
    CidrTooSmall "E_CIDR_TOO_SMALL" "An address range is too small for the nodes or services."
    CidrNotCanonical "E_CIDR_NOT_CANONICAL" "An address range has host bits set."
    VipInCidr "E_VIP_IN_CIDR" "The endpoint address lies in the pod or service range."
    VipOutsideSubnet "E_VIP_OUTSIDE_SUBNET" "The endpoint address lies outside the machine subnet."
    StaleInput "E_STALE_INPUT" "The observation is too old to judge the request."
    PoolLastCp "E_POOL_LAST_CP" "A cluster cannot lose its only control plane."
    PoolDuplicate "E_POOL_DUPLICATE" "Two pools of one cluster have the same name."
    AzUnknown "E_AZ_UNKNOWN" "No machine is in this zone."
    TaintEffect "E_TAINT_EFFECT" "A taint's effect is NoSchedule, PreferNoSchedule or NoExecute."
    LabelSyntax "E_LABEL_SYNTAX" "A label or taint is not written as Kubernetes demands."
    NameTaken "E_NAME_TAKEN" "A cluster or gateway of this name exists."
    NotFound "E_NOT_FOUND" "There is no such cluster, gateway or pool."
    Limit "E_LIMIT" "A limit of the policy is exceeded."
    Unsupported "E_UNSUPPORTED" "This field is not supported yet."
    UnknownField "E_UNKNOWN_FIELD" "There is no such field."
    DuplicateField "E_DUPLICATE_FIELD" "A field is given twice."
    Required "E_REQUIRED" "A field that must be there is missing."
    Type "E_TYPE" "A value is of the wrong kind: text for a number, a list for text."
    Syntax "E_SYNTAX" "The text cannot be read as a document."
    Invalid "E_INVALID" "A value is not of the form that the field demands."
    NoSpare "W_NO_SPARE" "No spare machine fits: Expand First will wait."
    IpPeak "W_IP_PEAK" "The subnet has too few free addresses for rolling."
    IpHeadroom "W_IP_HEADROOM" "The subnet has no address left over."
    PodsShared "W_PODS_SHARED" "Two clusters use the same pod range."
    MaasDefaultSubnet "W_MAAS_DEFAULT_SUBNET" "The default pod range 192.168.0.0/16 meets a machine subnet."
    Orphans "W_ORPHANS" "A force delete leaves machines behind that must be cleaned up by hand."
    CustomRoundedToZero "W_CUSTOM_ROUNDED_TO_ZERO" "Max Surge and Max Unavailable both round to 0; 1 unavailable is used."
    ToleranceZero "W_TOLERANCE_ZERO" "etcd tolerates no failure for a while."
    BelowFloor "W_BELOW_FLOOR" "A pool has fewer nodes available than its size for a while."
    WouldWait "W_WOULD_WAIT" "The engine would have waited here; Cluster API goes on."
    MaxSteps "E_MAX_STEPS" "The simulation did not come to an end within max_steps."
    Stuck "E_STUCK" "The simulation came to a halt before everything was as desired."
}

impl Code {
    /// Whether it is a warning (`W_…`).
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.as_str().starts_with('W')
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::ALL
            .iter()
            .copied()
            .find(|c| c.as_str() == text)
            .ok_or_else(|| de::Error::custom(format!("unknown code {text:?}")))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Code {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Code".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let all: Vec<&str> = Self::ALL.iter().map(|c| c.as_str()).collect();
        schemars::json_schema!({"description": "The stable code of a refusal or a warning.", "enum": all})
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Must be mended.
    Error,
    /// Should be known.
    Warning,
}

/// One thing to say about a document or a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// Where: a JSON pointer, empty for the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The values in the message.
    #[serde(default, skip_serializing_if = "is_default")]
    pub args: Args,
}

impl Finding {
    /// A finding whose severity follows from its code.
    pub fn new(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        let severity = if code.is_warning() {
            Severity::Warning
        } else {
            Severity::Error
        };
        Self {
            code,
            severity,
            path: path.into(),
            message: message.into(),
            hint: String::new(),
            args: Args::new(),
        }
    }

    /// With this hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With this argument.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// Why a request was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Code.
    pub code: Code,
    /// What is the matter.
    pub message: String,
    /// The values in the message.
    #[serde(default, skip_serializing_if = "is_default")]
    pub args: Args,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The same request may be accepted after this many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            args: Args::new(),
            hint: String::new(),
            retry_after_ms: None,
        }
    }

    /// With this hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With this argument.
    #[must_use]
    pub fn arg(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// Worth repeating after this many milliseconds.
    #[must_use]
    pub const fn retry_after_ms(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }
}

/// An aligned table: code, message, hint, the time to wait, each argument.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.code, self.message)?;
        let mut rows = Table::default();
        if !self.hint.is_empty() {
            rows.row(["  hint", &self.hint]);
        }
        if let Some(ms) = self.retry_after_ms {
            rows.row(["  retry after", &crate::clock_text(ms)]);
        }
        for (name, value) in &self.args {
            rows.row([format!("  {name}"), arg_text(name, value)]);
        }
        f.write_str(rows.to_string().trim_end())
    }
}

/// An accepted request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Admission {
    /// What is wanted now.
    pub desired: Desired,
    /// What should be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
}

/// `accepted`, and a line for each warning.
impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("accepted")?;
        self.warnings.iter().try_for_each(|w| write!(f, "\n  {w}"))
    }
}

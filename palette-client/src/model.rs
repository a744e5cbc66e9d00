//! What the server sends.

/// Declares what the server sends: `field: Type`, or `field: Type => "wireName"` where the wire name is not the
/// field's in camel case. Every field may be absent, and unknown ones are kept in `extra`; `null` is removed before
/// (see `reading`).
macro_rules! model {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $ty:ty $(=> $wire:literal)?),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* $(#[serde(rename = $wire)])? pub $field: $ty,)*
            /// What this version has no field for, as it came.
            #[serde(flatten)]
            pub extra: ::serde_json::Map<String, ::serde_json::Value>,
        }
    };
}
pub(crate) use model;

//! Enums that keep values they do not know.

/// Declares an enum of wire strings with an `Other(String)` arm, so that a server newer than the client can be read.
///
/// It implements `as_str`, `Display`, `FromStr` (never fails), `From<&str>`, `Serialize` and `Deserialize`.
///
/// ```
/// sdk_transport::open_enum! {
///     /// A zone's mood.
///     pub enum Mood {
///         /// All is well.
///         Calm = "calm",
///     }
/// }
/// assert_eq!(Mood::from("calm"), Mood::Calm);
/// assert_eq!(Mood::from("wild").as_str(), "wild");
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A value that this version does not know.
            Other(String),
        }

        impl $name {
            /// The wire name.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($wire => Self::$variant,)*
                    _ => Self::Other(name.to_owned()),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(name))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str> as $crate::__serde::Deserialize>::deserialize(deserializer)
                    .map(|name| Self::from(name.as_ref()))
            }
        }
    };
}

//! Node binding of palette-maas.
//!
//! Everything here is private to the npm package: the TypeScript facade in `ts/` is what users see. Arguments and
//! results cross the border as JSON text, which V8 parses faster than a native module can build objects, and which
//! keeps one definition of each model and of each options struct for all languages.

mod call;
mod client_options;
pub mod lifecycle;
mod maas;
mod testbed;

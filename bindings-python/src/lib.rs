//! The native module of the Python package `palette-maas`.
//!
//! The pattern, one file each:
//! * [`convert`], [`model`](mod@model), [`list`]: Rust values as frozen Python classes;
//! * [`options`]: keyword arguments through serde into the clients' options;
//! * [`call`], [`runtime`]: blocking and awaiting, cancelling, forks;
//! * [`operations`](mod@operations), [`client`](mod@client): the macros by which a noun is added, see `docs/adding-a-noun.md`;
//! * [`error`]: one exception class per kind of error;
//! * [`logging`]: what calls trace, told to Python's `logging`;
//! * [`response`]: answers as they came;
//! * `stubs`: the type stubs, made from the same definitions.

mod call;
mod client;
mod convert;
mod error;
mod lifecycle;
mod list;
mod logging;
mod maas;
mod model;
mod operations;
mod options;
mod response;
mod runtime;
#[cfg(debug_assertions)]
mod stubs;
mod testbed;
mod wait;

use pyo3::prelude::*;

/// Everything that is native in `palette_maas`.
#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    error::register(module)?;
    lifecycle::register(module)?;
    testbed::register(module)?;
    module.add_class::<list::List>()?;
    module.add_class::<wait::WaitProgress>()?;
    module.add_class::<call::AwaitedCall>()?;
    module.add_class::<response::Response>()?;
    module.add_class::<response::ResponseLog>()?;
    module.add_class::<response::ResponseMeta>()?;
    submodule(module, "maas", maas::register)?;
    #[cfg(debug_assertions)]
    module.add_function(wrap_pyfunction!(_stubs, module)?)?;
    // What users may import is said by the Python modules.
    module.dict().del_item("__all__")
}

/// Adds the module of one API, importable by its name.
fn submodule(
    parent: &Bound<'_, PyModule>,
    name: &str,
    register: impl FnOnce(&Bound<'_, PyModule>) -> PyResult<()>,
) -> PyResult<()> {
    let py = parent.py();
    let module = PyModule::new(py, &format!("palette_maas._native.{name}"))?;
    register(&module)?;
    parent.add(name, &module)?;
    py.import("sys")?
        .getattr("modules")?
        .set_item(module.name()?, module)
}

/// The type stubs: file name and text. Only in debug builds.
#[cfg(debug_assertions)]
#[pyfunction]
fn _stubs(py: Python<'_>) -> Vec<(&'static str, String)> {
    vec![
        (
            "_native.pyi",
            format!("{}\n{}", stubs::NATIVE, error::stub(py)),
        ),
        ("maas.pyi", stubs::module(&maas::stub())),
    ]
}

//! The list that calls return: its elements become Python objects when they are looked at.

use std::sync::Arc;

use crate::{
    convert::{IntoPython, Model},
    error::exception,
};
use pyo3::{
    exceptions::PyIndexError,
    prelude::*,
    types::{PyList, PySlice, PyTuple, PyType},
};

trait Items: Send + Sync {
    fn len(&self) -> usize;
    fn get<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>>;
    fn name(&self) -> &'static str;
}

impl<T: Model> Items for Vec<Arc<T>> {
    fn len(&self) -> usize {
        self.len()
    }

    fn get<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        match <[Arc<T>]>::get(self, index) {
            Some(item) => T::wrap(py, Arc::clone(item)),
            None => Err(PyIndexError::new_err("list index out of range")),
        }
    }

    fn name(&self) -> &'static str {
        T::NAME
    }
}

/// What a call that lists returned: a sequence.
///
/// Elements that could not be read are in `unreadable`, with their place and reason; the others are there.
#[pyclass(frozen, sequence, module = "palette_maas")]
pub(crate) struct List {
    items: Arc<dyn Items>,
    unreadable: Py<PyList>,
}

impl<T: Model> IntoPython for sdk_transport::List<T> {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let unreadable = PyList::empty(py);
        for error in self.unreadable() {
            unreadable.append(exception(py, error)?)?;
        }
        let items: Vec<Arc<T>> = self.into_items().into_iter().map(Arc::new).collect();
        Ok(Bound::new(
            py,
            List {
                items: Arc::new(items),
                unreadable: unreadable.unbind(),
            },
        )?
        .into_any())
    }

    #[cfg(debug_assertions)]
    fn type_name() -> String {
        format!("List[{}]", T::NAME)
    }
}

#[pymethods]
impl List {
    fn __len__(&self) -> usize {
        self.items.len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let len = isize::try_from(self.items.len())?;
        if let Ok(slice) = index.cast::<PySlice>() {
            let range = slice.indices(len)?;
            let list = PyList::empty(py);
            let mut at = range.start;
            for _ in 0..range.slicelength {
                list.append(self.items.get(py, usize::try_from(at)?)?)?;
                at += range.step;
            }
            return Ok(list.into_any());
        }
        let at: isize = index.extract()?;
        let at = if at < 0 { at + len } else { at };
        match usize::try_from(at) {
            Ok(at) => self.items.get(py, at),
            Err(_) => Err(PyIndexError::new_err("list index out of range")),
        }
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<ListIterator> {
        Ok(ListIterator {
            items: Arc::clone(&slf.get().items),
            next: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> PyResult<bool> {
        slf.get().to_list(slf.py())?.contains(item)
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = match other.cast::<Self>() {
            Ok(other) => other.get().to_list(slf.py())?,
            Err(_) => match other.cast::<PyList>() {
                Ok(list) => list.clone(),
                Err(_) => return Ok(false),
            },
        };
        slf.get().to_list(slf.py())?.eq(other)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let unreadable = match self.unreadable.bind(py).len() {
            0 => String::new(),
            count => format!(", {count} unreadable"),
        };
        format!(
            "<List of {} {}{unreadable}>",
            self.items.len(),
            self.items.name()
        )
    }

    /// The place of the first element that equals this one.
    fn index(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        slf.get().to_list(slf.py())?.index(value)
    }

    /// How many elements equal this one.
    fn count(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        slf.get()
            .to_list(slf.py())?
            .call_method1("count", (value,))?
            .extract()
    }

    /// The errors of the elements that could not be read.
    #[getter]
    fn unreadable<'py>(&self, py: Python<'py>) -> Bound<'py, PyList> {
        self.unreadable.bind(py).clone()
    }

    /// Pickles as a plain list of its elements.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((
            py.get_type::<PyList>(),
            PyTuple::new(py, [self.to_list(py)?])?,
        ))
    }

    #[classmethod]
    #[pyo3(signature = (item, /))]
    fn __class_getitem__(cls: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let alias = cls.py().import("types")?.getattr("GenericAlias")?;
        Ok(alias.call1((cls, item))?.unbind())
    }
}

impl List {
    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for index in 0..self.items.len() {
            list.append(self.items.get(py, index)?)?;
        }
        Ok(list)
    }
}

/// An iterator over a list.
#[pyclass(frozen, module = "palette_maas._native")]
pub(crate) struct ListIterator {
    items: Arc<dyn Items>,
    next: std::sync::atomic::AtomicUsize,
}

#[pymethods]
impl ListIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let index = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if index < self.items.len() {
            self.items.get(py, index).map(Some)
        } else {
            Ok(None)
        }
    }
}

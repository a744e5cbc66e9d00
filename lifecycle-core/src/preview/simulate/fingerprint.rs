//! What makes two simulations alike: everything that is read, moments as distances from now.
use core::fmt::{Error, Result as Done};
use core::hash::{Hash, Hasher};

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::Millis;

/// No duration or size is that large, and every moment since 1973 is larger.
const MOMENT: i64 = 100_000_000_000;
/// The largest deadline: a rollout without progress is frozen after 3 × Σp90 = 9360 s.
const PAST: Millis = 9_360_000;
/// Quarantines and back-offs end within a day.
const FUTURE: Millis = 86_400_000;

/// Feeds a value to a hasher as serde shows it.
pub(super) struct Digest<'h, H> {
    pub(super) to: &'h mut H,
    pub(super) now: Millis,
}

impl<H: Hasher> Digest<'_, H> {
    pub(super) fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(self)
    }

    fn put(&mut self, value: impl Hash) -> Done {
        value.hash(self.to);
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
        self.put(key)?;
        self.add(value)
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, v: $type) -> Done {
            self.put(v)
        })*
    };
}

impl<H: Hasher> Serializer for &mut Digest<'_, H> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    plain! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8]
    }

    fn serialize_i64(self, v: i64) -> Done {
        if v > MOMENT {
            self.put(v.saturating_sub(self.now).clamp(-PAST, FUTURE))
        } else {
            self.put(v)
        }
    }

    fn serialize_f32(self, v: f32) -> Done {
        self.put(v.to_bits())
    }

    fn serialize_f64(self, v: f64) -> Done {
        self.put(v.to_bits())
    }

    fn serialize_none(self) -> Done {
        self.put(0_u8)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.put(1_u8)?;
        self.add(value)
    }

    fn serialize_unit(self) -> Done {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Done {
        self.put(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        self.add(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Done {
        self.put(index)?;
        self.add(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.put(index)?;
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.put(index)?;
        Ok(self)
    }
}

macro_rules! elements {
    ($($kind:ident $method:ident),*) => {
        $(impl<H: Hasher> $kind for &mut Digest<'_, H> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.put(1_u8)?;
                self.add(value)
            }

            // Lists of different length differ: each element has a mark, and the end another.
            fn end(self) -> Done {
                self.put(0_u8)
            }
        })*
    };
}
elements! {
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($kind:ident),*) => {
        $(impl<H: Hasher> $kind for &mut Digest<'_, H> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
                self.field(key, value)
            }

            fn end(self) -> Done {
                self.put(0_u8)
            }
        })*
    };
}
fields! { SerializeStruct, SerializeStructVariant }

impl<H: Hasher> SerializeMap for &mut Digest<'_, H> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.add(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.add(value)
    }

    fn end(self) -> Done {
        self.put(0_u8)
    }
}

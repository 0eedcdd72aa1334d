//! Claims to JSON, for signing.
//!
//! Everything is written into a buffer of the caller's as if no string needed an escape, and the
//! quotes, backslashes and control characters are counted once at the end: where there are more
//! than were put there on purpose, a string needed one. Then, and in every other case that claims
//! hardly ever are, the caller asks the ordinary serializer. Looking for escapes in each string by
//! itself, and growing a buffer, took most of the time that a MAC left.

use std::fmt;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    SerializeTupleStruct, Serializer,
};

use crate::json::marks;

/// Most claims sets fit.
pub(crate) type Room = [u8; 1024];

/// The value as JSON, byte for byte as `serde_json` writes it; `None` where that must be asked.
#[inline]
pub(crate) fn write<'a>(value: &impl Serialize, room: &'a mut Room) -> Option<&'a [u8]> {
    let mut writer = Writer { room, len: 0, marks: 0 };
    value.serialize(&mut writer).ok()?;
    let Writer { room, len, marks: expected } = writer;
    room.get(..len).filter(|text| marks::count(text) == expected)
}

struct Writer<'a> {
    room: &'a mut Room,
    len: usize,
    /// How many quotes were put into the text on purpose.
    marks: usize,
}

/// This is for the ordinary serializer.
#[derive(Debug)]
struct Unusual;

impl<'b> Writer<'b> {
    /// Takes the next bytes of the buffer.
    #[inline]
    fn piece(&mut self, length: usize) -> Result<&mut [u8], Unusual> {
        let piece = self.room.get_mut(self.len..self.len + length).ok_or(Unusual)?;
        self.len += length;
        Ok(piece)
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> Result<(), Unusual> {
        self.piece(1)?.fill(byte);
        Ok(())
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unusual> {
        self.piece(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn string(&mut self, value: &str) -> Result<(), Unusual> {
        if let [first, text @ .., last] = self.piece(value.len() + 2)? {
            (*first, *last) = (b'"', b'"');
            copy(value.as_bytes(), text);
        }
        self.marks += 2;
        Ok(())
    }

    /// The name of a field, with what stands before it and the colon behind it, in one piece.
    #[inline]
    fn name(&mut self, before: u8, name: &str) -> Result<(), Unusual> {
        if let [first, quote, text @ .., last, colon] = self.piece(name.len() + 4)? {
            (*first, *quote, *last, *colon) = (before, b'"', b'"', b':');
            copy(name.as_bytes(), text);
        }
        self.marks += 2;
        Ok(())
    }

    #[inline]
    fn open(&mut self, opening: u8, closing: u8) -> Result<Compound<'_, 'b>, Unusual> {
        Ok(Compound { writer: self, before: opening, closing })
    }
}

/// Copies between equal lengths, short ones without a call.
#[inline]
fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        0..8 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        8..=16 => copy_ends::<8>(from, to),
        17..=32 => copy_ends::<16>(from, to),
        33..=64 => copy_ends::<32>(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Copies `N` to twice as many bytes: the first ones and the last ones.
#[inline]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(start)) = (from.first_chunk::<N>(), to.first_chunk_mut()) {
        *start = *first;
    }
    if let (Some(last), Some(end)) = (from.last_chunk::<N>(), to.last_chunk_mut()) {
        *end = *last;
    }
}

/// Numbers and truth values, in which nothing is ever escaped.
macro_rules! plain {
    ($($method:ident($type:ty);)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<(), Unusual> {
            let mut rest = self.room.get_mut(self.len..).ok_or(Unusual)?;
            let left = rest.len();
            serde_json::Serializer::new(&mut rest).$method(value).map_err(|_| Unusual)?;
            self.len += left - rest.len();
            Ok(())
        }
    )*};
}

/// What claims hardly ever are.
macro_rules! unusual {
    ($($method:ident($($type:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$result, Unusual> {
            Err(Unusual)
        }
    )*};
}

impl<'a, 'b> Serializer for &'a mut Writer<'b> {
    type Ok = ();
    type Error = Unusual;
    type SerializeSeq = Compound<'a, 'b>;
    type SerializeTuple = Compound<'a, 'b>;
    type SerializeTupleStruct = Compound<'a, 'b>;
    type SerializeTupleVariant = Impossible<(), Unusual>;
    type SerializeMap = Compound<'a, 'b>;
    type SerializeStruct = Compound<'a, 'b>;
    type SerializeStructVariant = Impossible<(), Unusual>;

    plain! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
    }

    unusual! {
        serialize_bytes(&[u8]) -> ();
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Impossible<(), Unusual>;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Impossible<(), Unusual>;
    }

    fn serialize_char(self, value: char) -> Result<(), Unusual> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Unusual> {
        self.string(value)
    }

    fn serialize_none(self) -> Result<(), Unusual> {
        self.bytes(b"null")
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unusual> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unusual> {
        self.bytes(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unusual> {
        self.bytes(b"null")
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unusual> {
        self.string(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unusual> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unusual> {
        Err(Unusual)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a, 'b>, Unusual> {
        self.open(b'[', b']')
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a, 'b>, Unusual> {
        self.open(b'[', b']')
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Compound<'a, 'b>, Unusual> {
        self.open(b'[', b']')
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a, 'b>, Unusual> {
        self.open(b'{', b'}')
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a, 'b>, Unusual> {
        // Under such a name `serde_json` hands itself text to be copied as it is.
        if name.starts_with('$') {
            return Err(Unusual);
        }
        self.open(b'{', b'}')
    }
}

/// An array or an object that is being written.
struct Compound<'a, 'b> {
    writer: &'a mut Writer<'b>,
    /// What stands before the next element: the opening bracket, later a comma.
    before: u8,
    closing: u8,
}

impl Compound<'_, '_> {
    #[inline]
    fn next(&mut self) -> u8 {
        std::mem::replace(&mut self.before, b',')
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unusual> {
        let before = self.next();
        self.writer.byte(before)?;
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn close(mut self) -> Result<(), Unusual> {
        let before = self.next();
        if before != b',' {
            self.writer.byte(before)?;
        }
        self.writer.byte(self.closing)
    }
}

impl SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Unusual;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unusual> {
        let before = self.next();
        self.writer.name(before, name)?;
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn end(self) -> Result<(), Unusual> {
        self.close()
    }
}

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Unusual;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unusual> {
        let before = self.next();
        self.writer.byte(before)?;
        let start = self.writer.len;
        key.serialize(&mut *self.writer)?;
        // A number is written as a string where it is a key.
        if self.writer.room.get(start) == Some(&b'"') { Ok(()) } else { Err(Unusual) }
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unusual> {
        self.writer.byte(b':')?;
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn end(self) -> Result<(), Unusual> {
        self.close()
    }
}

/// What is written one by one, under whatever name serde calls it.
macro_rules! array {
    ($($trait:ident :: $method:ident;)*) => {$(
        impl $trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Unusual;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unusual> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<(), Unusual> {
                self.close()
            }
        }
    )*};
}

array! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
}

impl Error for Unusual {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl std::error::Error for Unusual {}

impl fmt::Display for Unusual {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the ordinary serializer is needed")
    }
}

#[cfg(test)]
mod tests;

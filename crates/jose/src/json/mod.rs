//! JSON as a token may contain it: one parser for headers, claims and keys.

mod marks;
mod name;
pub(crate) mod strict;
mod text;
mod value;
mod write;

pub(crate) use self::name::{Name, tag};
pub(crate) use self::text::{Text, quote};
pub(crate) use self::value::{Kind, Value};
pub(crate) use self::write::write;

//! JSON as a token may contain it: one parser for headers, claims and keys.

pub(crate) mod strict;
mod text;

pub(crate) use self::text::{Text, quote};

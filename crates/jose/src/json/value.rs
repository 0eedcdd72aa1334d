//! A scanned value: which kind it is and where it stands in the document.

use std::borrow::Cow;

use crate::json::Text;

/// The kinds of values that need to be told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    EscapedString,
    Array,
    Object,
}

/// A value of a document that the scanner has been over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) document: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
}

impl<'a> Value<'a> {
    /// The value as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or("")
    }

    #[inline(always)]
    pub(crate) fn as_text(self) -> Option<Text<'a>> {
        let escaped = match self.kind {
            Kind::String => false,
            Kind::EscapedString => true,
            _ => return None,
        };
        let start = self.start + 1;
        let raw = self.document.get(start..self.end - 1)?;
        Some(Text { raw, start, escaped })
    }

    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        self.as_text().map(Text::value)
    }

    pub(crate) fn as_number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then(|| self.raw())
    }

    pub(crate) fn as_array(self) -> Option<Self> {
        (self.kind == Kind::Array).then_some(self)
    }
}

//! A node of a parsed file, and the ways from it.

use std::{fmt, iter};

use super::syntax::{Entry, Syntax};
use crate::doctor::Place;

/// A node. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Node<'s> {
    syntax: &'s Syntax,
    index: usize,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({})", self.kind(), self.text())
    }
}

impl<'s> Node<'s> {
    pub(super) fn new(syntax: &'s Syntax, index: usize) -> Self {
        Self { syntax, index }
    }

    fn entry(self) -> Option<&'s Entry> {
        self.syntax.entry(self.index)
    }

    /// What it is, in the grammar's words.
    pub(crate) fn kind(self) -> &'static str {
        self.entry().map_or("", |entry| entry.kind)
    }

    /// Whether it is one of this kind.
    pub(crate) fn is(self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// Its source.
    pub(crate) fn text(self) -> &'s str {
        self.entry().map_or("", |entry| self.syntax.slice(entry.start, entry.end))
    }

    /// Where it stands.
    pub(crate) fn place(self) -> Place {
        let (start, end) = self.entry().map_or((0, 0), |entry| (entry.start, entry.end));
        self.syntax.place(start, end)
    }

    /// The offset of its first byte: for order.
    pub(crate) fn start(self) -> usize {
        self.entry().map_or(0, |entry| entry.start)
    }

    fn after(self) -> usize {
        self.entry().map_or(self.index, |entry| entry.after)
    }

    /// Its number and the number behind its subtree, in source order.
    pub(super) fn span(self) -> std::ops::Range<usize> {
        self.index..self.after()
    }

    /// The node around it.
    pub(crate) fn parent(self) -> Option<Self> {
        let parent = self.entry()?.parent;
        (self.index != 0).then_some(Self { syntax: self.syntax, index: parent })
    }

    /// The nodes around it, the nearest first.
    pub(crate) fn ancestors(self) -> impl Iterator<Item = Self> {
        iter::successors(self.parent(), |node| node.parent())
    }

    /// The nearest node of this kind around it.
    pub(crate) fn within(self, kind: &str) -> Option<Self> {
        self.ancestors().find(|node| node.is(kind))
    }

    /// Whether `other` stands in it, or is it.
    pub(crate) fn holds(self, other: Self) -> bool {
        (self.index..self.after()).contains(&other.index)
    }

    /// The nodes directly in it.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let (syntax, end) = (self.syntax, self.after());
        let child = move |index: usize| (index < end).then_some(Self { syntax, index });
        iter::successors(child(self.index + 1), move |node| child(node.after()))
    }

    /// The node in this field of it.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        self.fields(name).next()
    }

    /// The nodes in this field of it.
    pub(crate) fn fields<'n>(self, name: &'n str) -> impl Iterator<Item = Self> + use<'s, 'n> {
        self.children().filter(move |node| node.entry().and_then(|entry| entry.field) == Some(name))
    }

    /// Everything in it, in source order.
    pub(crate) fn descendants(self) -> impl Iterator<Item = Self> {
        let syntax = self.syntax;
        (self.index + 1..self.after()).map(move |index| Self { syntax, index })
    }

    /// It and everything in it.
    pub(crate) fn all(self) -> impl Iterator<Item = Self> {
        iter::once(self).chain(self.descendants())
    }

    /// The expression without the brackets around it.
    pub(crate) fn bare(self) -> Self {
        let mut node = self;
        while node.is("parenthesized_expression") || node.is("await") {
            let Some(inner) = node.children().find(|child| !child.is("comment")) else { break };
            node = inner;
        }
        node
    }

    /// `a.b.c` when it is only names and dots; none otherwise.
    pub(crate) fn dotted(self) -> Option<String> {
        match self.kind() {
            "identifier" => Some(self.text().to_owned()),
            "attribute" => {
                let (object, attribute) = (self.field("object")?, self.field("attribute")?);
                Some(format!("{}.{}", object.dotted()?, attribute.text()))
            }
            _ => None,
        }
    }

    /// Whether a remark says that this rule is broken there on purpose.
    pub(crate) fn allows(self, id: &str) -> bool {
        self.syntax.allows(id, self.start())
    }
}

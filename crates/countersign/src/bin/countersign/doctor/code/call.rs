//! A call: what is called, and with what.

use super::{imports::Imports, node::Node, values::literal};

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call<'s> {
    /// The whole of it.
    pub(crate) node: Node<'s>,
    /// What is called, spelled out as it was imported; empty when it is no plain name.
    pub(crate) name: String,
}

impl<'s> Call<'s> {
    pub(super) fn of(node: Node<'s>, imports: &Imports) -> Option<Self> {
        if !node.is("call") {
            return None;
        }
        let callee = node.field("function")?;
        let name = callee.dotted().map(|name| imports.resolve(&name)).unwrap_or_default();
        Some(Self { node, name })
    }

    fn callee(&self) -> Option<Node<'s>> {
        self.node.field("function")
    }

    /// The last part of what is called: `get` of `request.headers.get`.
    pub(crate) fn method(&self) -> &'s str {
        let callee = self.callee();
        let last = callee.and_then(|callee| callee.field("attribute").or(Some(callee)));
        last.filter(|last| last.is("identifier")).map_or("", Node::text)
    }

    /// What a method is called on.
    pub(crate) fn object(&self) -> Option<Node<'s>> {
        self.callee()?.field("object")
    }

    /// The arguments, named ones too, without comments.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = Node<'s>> {
        let list = self.node.field("arguments").filter(|list| list.is("argument_list"));
        list.into_iter().flat_map(Node::children).filter(|argument| !argument.is("comment"))
    }

    /// Whether there are arguments that cannot be seen: `*args`, `**kwargs`.
    pub(crate) fn has_splat(&self) -> bool {
        self.arguments()
            .any(|argument| argument.is("dictionary_splat") || argument.is("list_splat"))
    }

    /// The argument of this name.
    pub(crate) fn keyword(&self, name: &str) -> Option<Node<'s>> {
        self.arguments()
            .filter(|argument| argument.is("keyword_argument"))
            .find(|argument| argument.field("name").is_some_and(|found| found.text() == name))
            .and_then(|argument| argument.field("value"))
    }

    /// The argument at this place, from 0.
    pub(crate) fn positional(&self, place: usize) -> Option<Node<'s>> {
        self.arguments().filter(|argument| !argument.is("keyword_argument")).nth(place)
    }

    /// The argument at this place or of this name.
    pub(crate) fn argument(&self, place: usize, name: &str) -> Option<Node<'s>> {
        self.keyword(name).or_else(|| self.positional(place))
    }

    /// The first argument, when it is a text.
    pub(crate) fn first_text(&self) -> Option<String> {
        literal(self.positional(0)?)
    }

    /// Whether what is called ends in this: `jwt.decode` is also `jose.jwt.decode`.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name
            .strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

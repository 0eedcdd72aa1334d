//! What is known of a value without running anything: texts, and names that stand for one text.

use super::{module::Module, node::Node};

/// A text that stands in the source.
#[derive(Clone, Debug)]
pub(crate) struct Literal<'s> {
    /// Where it stands.
    pub(crate) node: Node<'s>,
    /// What it says.
    pub(crate) text: String,
}

/// The text that a string literal, or several in a row, spell; none for an f-string with something
/// in it. `b"..."` counts as text.
pub(crate) fn literal(node: Node<'_>) -> Option<String> {
    let node = node.bare();
    match node.kind() {
        "string" => {
            let raw = node
                .children()
                .find(|child| child.is("string_start"))
                .is_some_and(|start| start.text().contains(['r', 'R']));
            let mut text = String::new();
            for part in node.children() {
                match part.kind() {
                    "interpolation" => return None,
                    "string_content" if raw => text.push_str(part.text()),
                    "string_content" => text.push_str(&unescaped(part.text())),
                    _ => {}
                }
            }
            Some(text)
        }
        "concatenated_string" => {
            node.children().filter(|part| part.is("string")).map(literal).collect()
        }
        _ => None,
    }
}

/// The escapes of one character; others keep their backslash, which only lengthens the text.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some(same @ ('\\' | '\'' | '"')) => plain.push(same),
            Some('\n') | None => {}
            Some(other) => plain.extend(['\\', other]),
        }
    }
    plain
}

impl<'s> Module<'s> {
    /// The text that an expression stands for: itself, what its name was once given, or what
    /// `os.environ.get("NAME", "text")` falls back to.
    pub(crate) fn text_of(&self, node: Node<'s>) -> Option<Literal<'s>> {
        self.text_within(node, 4)
    }

    fn text_within(&self, node: Node<'s>, steps: u32) -> Option<Literal<'s>> {
        let steps = steps.checked_sub(1)?;
        let node = node.bare();
        if let Some(text) = literal(node) {
            return Some(Literal { node, text });
        }
        if node.is("call") {
            let call = self.call(node)?;
            // Text to bytes is the same text.
            if matches!(call.method(), "encode") && call.arguments().count() == 0 {
                return self.text_within(call.object()?, steps);
            }
            return self.text_within(self.environment_default(node)?, steps);
        }
        if node.is("boolean_operator") {
            // `os.getenv("SECRET") or "text"`
            return self.text_within(node.field("right")?, steps);
        }
        let name = node.dotted()?;
        let mut values = self.values_of(&name, node);
        let value = values.next()?;
        // Two values: which one it is cannot be said.
        if values.next().is_some() { None } else { self.text_within(value, steps) }
    }

    /// What is used when a variable of the environment is not set.
    pub(crate) fn environment_default(&self, node: Node<'s>) -> Option<Node<'s>> {
        let call = self.call(node)?;
        let reads = ["os.environ.get", "os.getenv", "environ.get", "getenv", "config", "env"];
        let named = reads.contains(&call.name.as_str()) || call.method() == "environ_get";
        if named { call.argument(1, "default") } else { None }
    }
}

/// Whether an expression reads the environment or a secret store rather than holding a text.
pub(crate) fn is_text(node: Node<'_>) -> bool {
    matches!(node.bare().kind(), "string" | "concatenated_string")
}

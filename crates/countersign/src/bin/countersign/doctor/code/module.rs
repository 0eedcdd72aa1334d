//! What a file has in it, gathered once for all rules.

use std::{borrow::Cow, collections::HashMap};

use super::{
    call::Call, claims::Claims, function::Function, imports::Imports, node::Node, project::Project,
    syntax::Syntax, tokens::Encode, values::literal,
};

/// So many values of one name are looked at.
const MOST_VALUES: usize = 64;
/// So many places that make tokens are looked at.
const MOST_TOKENS: usize = 512;
/// A longer text is no name of a setting or a header.
const LONGEST_WORD: usize = 64;

/// A value that is given to a name.
#[derive(Clone, Debug)]
pub(crate) struct Assignment<'s> {
    /// What it is given to: a name, an attribute, `config["KEY"]`, a parameter.
    pub(crate) target: Node<'s>,
    /// The target as a dotted name; the key of a subscript.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: Node<'s>,
}

/// A file, and what stands in it.
#[derive(Debug)]
pub(crate) struct Module<'s> {
    /// The file.
    pub(crate) syntax: &'s Syntax,
    /// What it imports.
    pub(crate) imports: Imports,
    /// Every function, methods and inner ones too.
    pub(crate) functions: Vec<Function<'s>>,
    /// Every call.
    pub(crate) calls: Vec<Call<'s>>,
    /// Every value that is given to a name.
    pub(crate) assignments: Vec<Assignment<'s>>,
    index: Index<'s>,
    /// What tokens carry, by the node that says it: several rules ask.
    claims: HashMap<usize, Claims<'s>>,
}

/// What is looked up by a name, so that no file costs the square of its size.
#[derive(Debug, Default)]
struct Index<'s> {
    functions: HashMap<&'s str, Vec<usize>>,
    assignments: HashMap<String, Vec<usize>>,
    /// `name["key"] = value`, by the name.
    items: HashMap<&'s str, Vec<usize>>,
    /// `a.method()`, by the method.
    calls: HashMap<&'s str, Vec<usize>>,
    /// `name.method()`, by the name.
    calls_on: HashMap<&'s str, Vec<usize>>,
    identifiers: HashMap<&'s str, Vec<Node<'s>>>,
    words: HashMap<Cow<'s, str>, u32>,
}

impl<'s> Module<'s> {
    /// Gathers a file.
    pub(crate) fn of(syntax: &'s Syntax) -> Self {
        let imports = Imports::of(syntax);
        let (mut functions, mut calls, mut assignments) = (Vec::new(), Vec::new(), Vec::new());
        for node in syntax.nodes() {
            match node.kind() {
                "function_definition" => functions.push(Function::of(node, &imports)),
                "call" => calls.extend(Call::of(node, &imports)),
                _ => assignments.extend(assigned(node)),
            }
        }
        let mut module = Self {
            syntax,
            imports,
            functions,
            calls,
            assignments,
            index: Index::default(),
            claims: HashMap::new(),
        };
        module.index = module.indexed();
        module
    }

    fn indexed(&self) -> Index<'s> {
        let mut index = Index::default();
        for (place, function) in self.functions.iter().enumerate() {
            index.functions.entry(function.name).or_default().push(place);
        }
        for (place, given) in self.assignments.iter().enumerate() {
            let known = index.assignments.entry(given.name.clone()).or_default();
            if known.len() < MOST_VALUES {
                known.push(place);
            }
            if let Some(object) =
                given.target.field("value").filter(|_| given.target.is("subscript"))
            {
                index.items.entry(object.text()).or_default().push(place);
            }
        }
        for (place, call) in self.calls.iter().enumerate() {
            index.calls.entry(call.method()).or_default().push(place);
            if let Some(object) = call.object().filter(|object| object.is("identifier")) {
                index.calls_on.entry(object.text()).or_default().push(place);
            }
        }
        for node in self.syntax.nodes().filter(|node| node.is("identifier")) {
            index.identifiers.entry(node.text()).or_default().push(node);
        }
        for word in words(self.syntax) {
            *index.words.entry(word).or_default() += 1;
        }
        index
    }

    /// The call that a node is.
    pub(crate) fn call(&self, node: Node<'s>) -> Option<Call<'s>> {
        Call::of(node.bare(), &self.imports)
    }

    /// Reads what the tokens carry that are made here.
    pub(crate) fn read_claims(&mut self, project: &Project) {
        let given = self.encodes().filter_map(|encode| encode.claims);
        let given: Vec<_> = given.take(MOST_TOKENS).collect();
        for node in given {
            let claims = Claims::of(self, project, node);
            self.claims.insert(node.span().start, claims);
        }
    }

    /// What a token carries that is made here.
    pub(crate) fn claims(&self, encode: &Encode<'_, 's>) -> Option<&Claims<'s>> {
        self.claims.get(&encode.claims?.span().start)
    }

    /// The calls in a node.
    pub(crate) fn calls_in(&self, node: Node<'s>) -> impl Iterator<Item = &Call<'s>> {
        let span = node.span();
        let first = self.calls.partition_point(|call| call.node.span().start < span.start);
        let rest = self.calls.get(first..).unwrap_or_default();
        rest.iter().take_while(move |call| call.node.span().start < span.end)
    }

    /// The function that a node stands in.
    pub(crate) fn function_around(&self, node: Node<'s>) -> Option<&Function<'s>> {
        let around = node.within("function_definition")?.span().start;
        let place =
            self.functions.binary_search_by_key(&around, |one| one.node.span().start).ok()?;
        self.functions.get(place)
    }

    /// The functions of this name.
    pub(crate) fn functions_named<'n>(
        &'n self,
        name: &'n str,
    ) -> impl Iterator<Item = &'n Function<'s>> {
        picked(&self.functions, self.index.functions.get(name))
    }

    /// What a name is given, anywhere in the file.
    pub(crate) fn assignments_named(&self, name: &str) -> impl Iterator<Item = &Assignment<'s>> {
        picked(&self.assignments, self.index.assignments.get(name))
    }

    /// What the items of a name are given: `name["key"] = value`.
    pub(crate) fn items_of(&self, name: &str) -> impl Iterator<Item = &Assignment<'s>> {
        picked(&self.assignments, self.index.items.get(name))
    }

    /// The calls of this function or method, whosever it is.
    pub(crate) fn calls_of(&self, method: &str) -> impl Iterator<Item = &Call<'s>> {
        picked(&self.calls, self.index.calls.get(method))
    }

    /// The calls of a name's methods.
    pub(crate) fn calls_on(&self, name: &str) -> impl Iterator<Item = &Call<'s>> {
        picked(&self.calls, self.index.calls_on.get(name))
    }

    /// Every place where a name is written, as a part of another, too.
    pub(crate) fn identifiers(&self, name: &str) -> impl Iterator<Item = Node<'s>> {
        self.index.identifiers.get(name).into_iter().flatten().copied()
    }

    /// Names and short texts, and how often they occur.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.index.words.iter().map(|(word, count)| (word.as_ref(), *count))
    }

    /// How often a name or a short text occurs.
    pub(crate) fn count(&self, word: &str) -> u32 {
        self.index.words.get(word).copied().unwrap_or_default()
    }

    /// The values that a name may have where it is used: those of the nearest function around that
    /// gives it any, otherwise those of the module. `self.x` has those of every method.
    pub(crate) fn values_of(&self, name: &str, used: Node<'s>) -> impl Iterator<Item = Node<'s>> {
        let scope =
            used.ancestors().filter(|around| around.is("function_definition")).find(|around| {
                self.assignments_named(name).any(|given| scope_of(given.target) == Some(*around))
            });
        let member = name.contains('.');
        self.assignments_named(name)
            .filter(move |given| member || scope_of(given.target) == scope)
            .map(|given| given.value)
    }
}

fn picked<'m, T>(all: &'m [T], places: Option<&'m Vec<usize>>) -> impl Iterator<Item = &'m T> {
    places.into_iter().flatten().filter_map(|place| all.get(*place))
}

/// Names, and texts that could be the name of a setting or a header.
fn words(syntax: &Syntax) -> impl Iterator<Item = Cow<'_, str>> {
    syntax.nodes().filter_map(|node| match node.kind() {
        "identifier" => Some(node.text().into()),
        "string" if node.text().len() <= LONGEST_WORD => literal(node).map(Into::into),
        _ => None,
    })
}

/// The function whose name it is; none at the module's level, where classes' names count too.
fn scope_of(target: Node<'_>) -> Option<Node<'_>> {
    target.within("function_definition")
}

/// What a node gives to names.
fn assigned<'s>(node: Node<'s>) -> Option<Assignment<'s>> {
    let (target, value) = match node.kind() {
        "assignment" => (node.field("left")?, node.field("right")?),
        "named_expression" | "default_parameter" | "typed_default_parameter" => {
            (node.field("name")?, node.field("value")?)
        }
        _ => return None,
    };
    let name = if target.is("subscript") {
        literal(target.field("subscript")?)?
    } else {
        target.dotted()?
    };
    // `a = b = value`
    let mut value = value;
    while value.is("assignment") {
        value = value.field("right")?;
    }
    Some(Assignment { target, name, value })
}

//! What stands in a token that the code makes: followed through names, `update`, copies, and the
//! callers of the function that makes it.

use super::{
    call::Call, function::Function, module::Module, node::Node, project::Project, tokens::returned,
    values::literal,
};

/// More steps no code of people takes, and no code shall make us take.
const STEPS: u32 = 12;
const MOST_READ: u32 = 128;
const MOST_CLAIMS: usize = 512;
/// So many changes of one name, and callers of one function, are looked at; beyond that anything may
/// be in the token.
const MOST_LATER: usize = 64;

/// The claims of a token.
#[derive(Debug, Default)]
pub(crate) struct Claims<'s> {
    /// Their names, and where each is given.
    named: Vec<(String, Node<'s>)>,
    /// There may be others that cannot be seen.
    pub(crate) open: bool,
}

impl<'s> Claims<'s> {
    /// What `node` puts into a token.
    pub(crate) fn of(module: &Module<'s>, project: &Project, node: Node<'s>) -> Self {
        let mut claims = Self::default();
        Reader { module, project, claims: &mut claims, left: MOST_READ }.read(node, STEPS);
        claims
    }

    /// Whether a claim is certainly not there.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        !self.open && !self.has(name)
    }

    /// Whether a claim is there, perhaps only sometimes.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named.iter().any(|(found, _)| found == name)
    }

    /// The names, and where they are given.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Node<'s>)> {
        self.named.iter().map(|(name, node)| (name.as_str(), *node))
    }

    fn add(&mut self, name: String, node: Node<'s>) {
        let known = self.named.iter().any(|(found, at)| *found == name && *at == node);
        if !known && self.named.len() < MOST_CLAIMS {
            self.named.push((name, node));
        }
    }
}

struct Reader<'r, 's> {
    module: &'r Module<'s>,
    project: &'r Project,
    claims: &'r mut Claims<'s>,
    left: u32,
}

impl<'r, 's> Reader<'r, 's> {
    fn read(&mut self, node: Node<'s>, steps: u32) {
        let (Some(steps), Some(left)) = (steps.checked_sub(1), self.left.checked_sub(1)) else {
            self.claims.open = true;
            return;
        };
        self.left = left;
        let node = node.bare();
        match node.kind() {
            "dictionary" => self.dictionary(node, steps),
            "call" => self.call(node, steps),
            "identifier" => self.name(node, steps),
            "binary_operator" => {
                for side in [node.field("left"), node.field("right")].into_iter().flatten() {
                    self.read(side, steps);
                }
            }
            // `additional_claims=None`
            "none" => {}
            _ => self.claims.open = true,
        }
    }

    fn dictionary(&mut self, node: Node<'s>, steps: u32) {
        for part in node.children() {
            match part.kind() {
                "pair" => match part.field("key").and_then(literal) {
                    Some(name) => self.claims.add(name, part),
                    None => self.claims.open = true,
                },
                "dictionary_splat" => {
                    if let Some(inner) = part.children().next() {
                        self.read(inner, steps);
                    }
                }
                "comment" => {}
                _ => self.claims.open = true,
            }
        }
    }

    fn call(&mut self, node: Node<'s>, steps: u32) {
        let Some(call) = self.module.call(node) else { return };
        let name = call.method();
        if name == "dict" && call.object().is_none() {
            self.arguments(&call, steps);
        } else if matches!(name, "copy" | "deepcopy") {
            let copied = call.positional(0).or(call.object());
            copied.into_iter().for_each(|copied| self.read(copied, steps));
        } else if let Some(function) = self.own_function(&call) {
            returned(function).for_each(|value| self.read(value, steps));
        } else {
            self.claims.open = true;
        }
    }

    /// What `dict(...)` and `update(...)` are given.
    fn arguments(&mut self, call: &Call<'s>, steps: u32) {
        for argument in call.arguments() {
            match (argument.kind(), argument.field("name")) {
                ("keyword_argument", Some(name)) => {
                    self.claims.add(name.text().to_owned(), argument);
                }
                ("dictionary_splat", _) => {
                    argument.children().for_each(|inner| self.read(inner, steps));
                }
                _ => self.read(argument, steps),
            }
        }
    }

    fn own_function(&self, call: &Call<'s>) -> Option<&'r Function<'s>> {
        let mut functions = self.module.functions_named(call.method());
        let function = functions.next()?;
        if functions.next().is_some() { None } else { Some(function) }
    }

    /// A name: what it was given, what was put into it later, and what callers give a parameter.
    fn name(&mut self, node: Node<'s>, steps: u32) {
        let name = node.text();
        self.later(node, steps);
        let known;
        let module = self.module;
        let function = module.function_around(node);
        let parameter = function.and_then(|function| {
            function.parameters().position(|parameter| parameter.name == name)
        });
        if let (Some(function), Some(place)) = (function, parameter) {
            known = self.callers(function, place, name, steps);
        } else {
            let values: Vec<_> = self.module.values_of(name, node).collect();
            known = !values.is_empty();
            values.into_iter().for_each(|value| self.read(value, steps));
        }
        if !known {
            self.claims.open = true;
        }
    }

    /// `name["claim"] = ...`, `name.update(...)`, `name.setdefault("claim", ...)`.
    fn later(&mut self, node: Node<'s>, steps: u32) {
        let (module, name) = (self.module, node.text());
        let scope = node.within("function_definition");
        let here = |other: Node<'s>| other.within("function_definition") == scope;
        for item in module.items_of(name).take(MOST_LATER).filter(|item| here(item.target)) {
            self.claims.add(item.name.clone(), item.target);
        }
        for call in module.calls_on(name).take(MOST_LATER).filter(|call| here(call.node)) {
            match (call.method(), call.first_text()) {
                ("update", _) => self.arguments(call, steps),
                ("setdefault", Some(claim)) => self.claims.add(claim, call.node),
                _ => {}
            }
        }
        let more = module.items_of(name).nth(MOST_LATER).is_some();
        self.claims.open |= more || module.calls_on(name).nth(MOST_LATER).is_some();
    }

    /// What the callers in this file give a parameter. Callers elsewhere are not seen.
    fn callers(&mut self, function: &Function<'s>, place: usize, name: &str, steps: u32) -> bool {
        let module = self.module;
        let place = if function.is_method() { place.saturating_sub(1) } else { place };
        let mut known = false;
        for call in module.calls_of(function.name).take(MOST_LATER) {
            if self.left == 0 {
                break;
            }
            if let Some(argument) = call.argument(place, name) {
                known = true;
                self.read(argument, steps);
            }
        }
        let more = module.calls_of(function.name).nth(MOST_LATER).is_some();
        if more || self.project.is_used_elsewhere(module, function.name) {
            self.claims.open = true;
        }
        known
    }
}

//! Where a file makes tokens and where it checks them, by PyJWT, python-jose, Authlib,
//! Flask-JWT-Extended, and what has their API.

use super::{call::Call, function::Function, module::Module, node::Node};

/// So many ways are followed at each step.
const FANS_OUT: usize = 8;

/// How a library's functions take their arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Library {
    /// `encode(claims, key, algorithm)`, `decode(token, key, algorithms)`.
    PyJwt,
    /// `encode(header, claims, key)`, `decode(token, key)` and `validate()` after it.
    Authlib,
    /// `create_access_token(identity, additional_claims=...)`.
    FlaskJwtExtended,
}

/// A call that makes a token.
#[derive(Clone, Debug)]
pub(crate) struct Encode<'m, 's> {
    /// The call.
    pub(crate) call: &'m Call<'s>,
    /// Whose it is.
    pub(crate) library: Library,
    /// The claims, those that are added to the library's own.
    pub(crate) claims: Option<Node<'s>>,
    /// The key.
    pub(crate) key: Option<Node<'s>>,
}

/// A call that checks a token.
#[derive(Clone, Debug)]
pub(crate) struct Decode<'m, 's> {
    /// The call.
    pub(crate) call: &'m Call<'s>,
    /// Whose it is.
    pub(crate) library: Library,
    /// The token.
    pub(crate) token: Option<Node<'s>>,
    /// The key.
    pub(crate) key: Option<Node<'s>>,
}

impl<'s> Module<'s> {
    /// The calls that make tokens.
    pub(crate) fn encodes(&self) -> impl Iterator<Item = Encode<'_, 's>> {
        self.calls.iter().filter_map(|call| self.encode(call))
    }

    /// The call as one that makes a token.
    pub(crate) fn encode<'m>(&self, call: &'m Call<'s>) -> Option<Encode<'m, 's>> {
        if call.is_named("create_access_token") && self.uses_extension(call) {
            let claims = call.keyword("additional_claims").or(call.keyword("user_claims"));
            return Some(Encode { call, library: Library::FlaskJwtExtended, claims, key: None });
        }
        if !call.is_named("jwt.encode") || !self.is_library(call) {
            return None;
        }
        let library = library(call);
        let (claims, key) = match library {
            Library::Authlib => (call.argument(1, "payload"), call.argument(2, "key")),
            _ => {
                let claims = call.argument(0, "payload").or(call.keyword("claims"));
                (claims, call.argument(1, "key"))
            }
        };
        Some(Encode { call, library, claims, key })
    }

    /// The calls that check tokens.
    pub(crate) fn decodes(&self) -> impl Iterator<Item = Decode<'_, 's>> {
        self.calls.iter().filter(|call| self.is_decode(call)).map(|call| Decode {
            call,
            library: library(call),
            token: call.positional(0).or(call.keyword("jwt")).or(call.keyword("token")),
            key: call.argument(1, "key"),
        })
    }

    /// Whether a call checks a token.
    pub(crate) fn is_decode(&self, call: &Call<'s>) -> bool {
        call.is_named("jwt.decode") && self.is_library(call)
    }

    /// Whether `jwt` is the library, and no value of that name.
    fn is_library(&self, call: &Call<'s>) -> bool {
        let root = call.node.text().split(['.', '(']).next().unwrap_or_default().trim();
        let parameter = self
            .function_around(call.node)
            .is_some_and(|function| function.parameters().any(|one| one.name == root));
        let given = self.values_of(root, call.node).next().is_some();
        !parameter && (self.imports.binds(root) || !given)
    }

    /// Flask-JWT-Extended's function, not one of the file's own that has its name.
    fn uses_extension(&self, call: &Call<'s>) -> bool {
        call.name.contains("flask_jwt_extended")
            || (self.imports.has("flask_jwt_extended")
                && self.functions_named(call.method()).next().is_none())
    }

    /// Whether the file has to do with tokens.
    pub(crate) fn is_about_tokens(&self) -> bool {
        ["jwt", "jose", "authlib", "joserfc", "flask_jwt_extended", "countersign"]
            .iter()
            .any(|module| self.imports.has(module))
            || self.encodes().next().is_some()
            || self.decodes().next().is_some()
    }

    /// The calls in a function that make a token, by itself or by a function of this file.
    pub(crate) fn issues<'m>(
        &'m self,
        function: &'m Function<'s>,
    ) -> impl Iterator<Item = &'m Call<'s>> {
        self.calls_in(function.body()).filter(|call| self.makes_token(call))
    }

    /// Whether a call makes a token, by itself or by a function of this file.
    pub(crate) fn makes_token(&self, call: &Call<'s>) -> bool {
        if self.encode(call).is_some() || call.is_named("create_refresh_token") {
            return true;
        }
        let name = call.method();
        let own = self.functions_named(name);
        own.into_iter().any(|function| {
            function.route.is_none()
                && self.calls_in(function.body()).any(|call| self.encode(call).is_some())
        })
    }

    /// Whether an expression is a token that was made just before: the call itself, a name that was
    /// given it, or a function of this file that returns it.
    pub(crate) fn is_token(&self, node: Node<'s>) -> bool {
        self.is_token_within(node, 4)
    }

    fn is_token_within(&self, node: Node<'s>, steps: u32) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let node = node.bare();
        if let Some(call) = self.call(node) {
            // Authlib answers bytes, which are decoded with good reason.
            if let Some(encode) = self.encode(&call) {
                return encode.library != Library::Authlib;
            }
            return self.functions_named(call.method()).take(FANS_OUT).any(|function| {
                returned(function).take(FANS_OUT).any(|value| self.is_token_within(value, steps))
            });
        }
        let Some(name) = node.dotted() else { return false };
        self.values_of(&name, node).take(FANS_OUT).any(|value| self.is_token_within(value, steps))
    }
}

/// What a function returns, inner functions left out.
pub(crate) fn returned<'s>(function: &Function<'s>) -> impl Iterator<Item = Node<'s>> {
    let whole = function.node;
    function
        .body()
        .descendants()
        .filter(|node| node.is("return_statement"))
        .filter(move |node| node.within("function_definition") == Some(whole))
        .filter_map(|node| node.children().find(|child| !child.is("comment")))
}

fn library(call: &Call<'_>) -> Library {
    let authlib = ["authlib.", "joserfc."].iter().any(|prefix| call.name.starts_with(prefix));
    if authlib { Library::Authlib } else { Library::PyJwt }
}

impl<'s> Decode<'_, 's> {
    /// An entry of the `options` that stand in the call.
    pub(crate) fn option(&self, name: &str) -> Option<Node<'s>> {
        let options = self.call.keyword("options")?.bare();
        options
            .children()
            .filter(|pair| pair.is("pair"))
            .find(|pair| {
                let key = pair.field("key").and_then(super::values::literal);
                key.as_deref() == Some(name)
            })
            .and_then(|pair| pair.field("value"))
    }

    /// Whether an option is switched off.
    pub(crate) fn switches_off(&self, name: &str) -> bool {
        self.option(name).is_some_and(|value| value.is("false"))
    }

    /// Whether nothing of the token is checked here.
    pub(crate) fn checks_nothing(&self) -> bool {
        self.switches_off("verify_signature")
            || self.call.keyword("verify").is_some_and(|value| value.is("false"))
    }
}

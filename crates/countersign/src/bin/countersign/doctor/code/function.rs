//! A function: its decorators, its parameters, and the route that it answers.

use super::{call::Call, imports::Imports, node::Node, values::literal};

/// A decorator.
#[derive(Clone, Debug)]
pub(crate) struct Decorator<'s> {
    /// The whole of it.
    pub(crate) node: Node<'s>,
    /// The last part of its name.
    pub(crate) method: String,
    /// Its arguments, when it has any.
    pub(crate) call: Option<Call<'s>>,
}

/// A function.
#[derive(Clone, Debug)]
pub(crate) struct Function<'s> {
    /// The definition.
    pub(crate) node: Node<'s>,
    /// Its name.
    pub(crate) name: &'s str,
    /// The outermost first.
    pub(crate) decorators: Vec<Decorator<'s>>,
    /// The route that it answers.
    pub(crate) route: Option<Route>,
}

/// A route of Flask or FastAPI.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The path.
    pub(crate) path: String,
    /// The methods in capitals; Flask answers GET when nothing is said.
    pub(crate) methods: Vec<String>,
}

impl<'s> Function<'s> {
    pub(super) fn of(node: Node<'s>, imports: &Imports) -> Self {
        let decorated = node.parent().filter(|parent| parent.is("decorated_definition"));
        let decorators: Vec<_> = decorated
            .into_iter()
            .flat_map(Node::children)
            .filter(|child| child.is("decorator"))
            .filter_map(|decorator| Decorator::of(decorator, imports))
            .collect();
        let route = decorators.iter().find_map(Route::of);
        let name = node.field("name").map_or("", Node::text);
        Self { node, name, decorators, route }
    }

    /// What it does.
    pub(crate) fn body(&self) -> Node<'s> {
        self.node.field("body").unwrap_or(self.node)
    }

    /// Its name, to point at.
    pub(crate) fn title(&self) -> Node<'s> {
        self.node.field("name").unwrap_or(self.node)
    }

    /// Its parameters.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = Parameter<'s>> {
        let list = self.node.field("parameters");
        list.into_iter().flat_map(Node::children).filter_map(Parameter::of)
    }

    /// Whether it stands directly in a class.
    pub(crate) fn is_method(&self) -> bool {
        let around = |node: &Node<'_>| {
            node.is("function_definition") || node.is("class_definition") || node.is("lambda")
        };
        self.node.ancestors().find(around).is_some_and(|node| node.is("class_definition"))
    }

    /// Whether a decorator of this name, or last part of a name, is on it.
    pub(crate) fn has_decorator(&self, name: &str) -> bool {
        self.decorators.iter().any(|decorator| decorator.method == name)
    }

    /// Whether it answers log-ins.
    pub(crate) fn is_login(&self) -> bool {
        let named = ["login", "log_in", "signin", "sign_in"].contains(&self.name);
        self.route.as_ref().is_some_and(|route| named || route.is_login())
    }

    /// Whether it answers refreshes.
    pub(crate) fn is_refresh(&self) -> bool {
        self.route
            .as_ref()
            .is_some_and(|route| self.name.contains("refresh") || route.path.contains("refresh"))
    }
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<'s> {
    /// Its name.
    pub(crate) name: &'s str,
    /// Its annotation.
    pub(crate) annotation: Option<Node<'s>>,
    /// Its default.
    pub(crate) default: Option<Node<'s>>,
    /// Where it stands.
    pub(crate) node: Node<'s>,
}

impl<'s> Parameter<'s> {
    fn of(node: Node<'s>) -> Option<Self> {
        let name = match node.kind() {
            "identifier" => node,
            "typed_parameter" => node.children().find(|child| child.is("identifier"))?,
            _ => node.field("name")?,
        };
        let (annotation, default) = (node.field("type"), node.field("value"));
        Some(Self { name: name.text(), annotation, default, node })
    }

    /// Whether its annotation or its default mentions this name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let parts = [self.annotation, self.default].into_iter().flatten();
        parts.flat_map(Node::all).any(|node| node.is("identifier") && node.text() == name)
    }
}

impl<'s> Decorator<'s> {
    fn of(node: Node<'s>, imports: &Imports) -> Option<Self> {
        let expression = node.children().find(|child| !child.is("comment"))?;
        let call = Call::of(expression, imports);
        let named = call.as_ref().and_then(|call| call.node.field("function"));
        let callee = named.unwrap_or(expression);
        let last = callee.field("attribute").unwrap_or(callee);
        Some(Self { node, method: last.text().to_owned(), call })
    }
}

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "options", "head"];

impl Route {
    fn of(decorator: &Decorator<'_>) -> Option<Self> {
        let call = decorator.call.as_ref()?;
        // A method of an application, a blueprint or a router.
        call.object()?;
        let method = decorator.method.as_str();
        let methods = if METHODS.contains(&method) {
            vec![method.to_ascii_uppercase()]
        } else if matches!(method, "route" | "api_route") {
            listed(call.keyword("methods"))
        } else {
            return None;
        };
        let path =
            call.positional(0).or_else(|| call.keyword("path")).or_else(|| call.keyword("rule"));
        let path = literal(path?)?;
        path.starts_with('/').then_some(Self { path, methods })
    }

    /// Whether the path is one of those that log-ins have.
    fn is_login(&self) -> bool {
        let last = self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let asks = self.methods.iter().any(|method| method == "POST");
        match last.to_ascii_lowercase().as_str() {
            "login" | "log-in" | "log_in" | "signin" | "sign-in" | "sign_in" => true,
            "token" | "auth" | "authenticate" => asks,
            _ => false,
        }
    }
}

fn listed(methods: Option<Node<'_>>) -> Vec<String> {
    let given: Vec<_> = methods
        .into_iter()
        .flat_map(Node::all)
        .filter_map(literal)
        .map(|method| method.to_ascii_uppercase())
        .collect();
    if given.is_empty() { vec!["GET".to_owned()] } else { given }
}

#[cfg(test)]
mod tests {
    use super::super::{module::Module, syntax::Syntax};

    #[test]
    fn routes_and_parameters_are_read() {
        let text = "\
@app.route('/login', methods=['POST', 'GET'])\n@limiter.limit('5 per minute')\n\
def enter(user, password='x', *, form: Form = Depends()):\n    pass\n\
@router.post(path='/token')\nasync def t(): pass\n\
@app.get('/token')\ndef seen(): pass\n\
@property\ndef login(self): pass\n";
        let syntax = Syntax::parse("a.py", text.to_owned()).unwrap();
        let module = Module::of(&syntax);
        let [enter, token, seen, login] = module.functions.as_slice() else { panic!() };
        assert_eq!(enter.route.as_ref().unwrap().methods, ["POST", "GET"]);
        assert!(enter.is_login() && enter.has_decorator("limit"));
        let names: Vec<_> = enter.parameters().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["user", "password", "form"]);
        assert!(enter.parameters().any(|parameter| parameter.mentions("Depends")));
        assert!(token.is_login() && !seen.is_login() && !login.is_login());
    }
}

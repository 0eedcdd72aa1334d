"""The engine's OpenAPI document merged into an application's. Dictionaries in, dictionaries out.

Merging what is merged already changes nothing: an application may keep the result and hand it out
again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from countersign.exceptions import ConfigurationError
from countersign.fastapi._conditions import is_exempt, is_optional, without_conditions
from countersign.fastapi._scheme import BEARER, SCHEME, names

Json = dict[str, Any]
"""An object of a document."""

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def merged(document: Mapping[str, Any], ours: Mapping[str, Any], scheme: Json) -> Json:
    """The application's document with our operations and schemes; neither argument is changed.

    Args:
        document: The application's.
        ours: The engine's, with its paths as they are served.
        scheme: What `cs.principal` is described by, with the URL that this client logs in at.

    Raises:
        ConfigurationError: The application has a security scheme of one of our names.
    """
    renamed = names(ours, password="flows" in scheme)
    bearer = BEARER if BEARER in renamed.values() else None
    result = dict(document)
    result["paths"] = _paths(
        {path: _cleaned_item(path, item, bearer) for path, item in document["paths"].items()},
        {path: _renamed_item(item, renamed) for path, item in ours["paths"].items()},
    )
    schemes = _schemes(ours, renamed, scheme, _used_scopes(result["paths"]))
    result["components"] = _components(document.get("components") or {}, schemes)
    if tags := document.get("tags"):
        # Pages show the declared tags first. Those of an application that declares none would
        # come after ours, so then ours are not declared, either.
        result["tags"] = _tags(tags, ours.get("tags") or [])
    return result


def _paths(theirs: Mapping[str, Json], ours: Mapping[str, Json]) -> Json:
    """Both; where a path and a method are in both, ours is what is served."""
    merged = {path: {**theirs.get(path, {}), **item} for path, item in ours.items()}
    return {**theirs, **merged}


def _cleaned_item(path: str, item: Json, bearer: str | None) -> Json:
    """The item with what the pseudo scopes of its operations mean in place of them."""
    return {
        name: _cleaned(path, member, bearer) if _is_secured(name, member) else member
        for name, member in item.items()
    }


def _is_secured(name: str, member: Any) -> bool:
    return name in _METHODS and "security" in member


def _cleaned(path: str, operation: Json, bearer: str | None) -> Json:
    security: list[Json] = []
    optional = False
    for requirement in operation["security"]:
        scopes = requirement.get(SCHEME)
        if scopes is None:
            security.append(requirement)
            continue
        real = without_conditions(scopes)
        optional = optional or is_optional(scopes)
        if real or not is_exempt(scopes, path):
            security += _alternatives({**requirement, SCHEME: real}, bearer)
    if optional:
        # An empty requirement: it goes without (OpenAPI 3.1, 4.8.10).
        security.append({})
    rest = {name: member for name, member in operation.items() if name != "security"}
    return {**rest, "security": _distinct(security)} if security else rest


def _alternatives(requirement: Json, bearer: str | None) -> list[Json]:
    """A token that was got elsewhere does as well."""
    if bearer is None or len(requirement) > 1:
        return [requirement]
    return [requirement, {bearer: requirement[SCHEME]}]


def _distinct(security: list[Json]) -> list[Json]:
    return [given for at, given in enumerate(security) if given not in security[:at]]


def _renamed_item(item: Json, names: Mapping[str, str]) -> Json:
    """Our operations with the names that our schemes have here, and the application's server."""
    return {name: _renamed(member, names) for name, member in item.items() if name in _METHODS}


def _renamed(operation: Json, names: Mapping[str, str]) -> Json:
    if "security" not in operation:
        return operation
    security = [
        {names[name]: scopes for name, scopes in requirement.items()}
        for requirement in operation["security"]
        # Without the routes that log in there is no password scheme.
        if requirement.keys() <= names.keys()
    ]
    # Who logs in at the application's own route has a token, too.
    bearers = [given[BEARER] for given in security if BEARER in given]
    security += [{SCHEME: scopes} for scopes in bearers]
    return {**operation, "security": _distinct(security)}


def _used_scopes(paths: Mapping[str, Json]) -> list[str]:
    """What the operations ask for of our scheme, in the order in which they stand."""
    requirements = (
        requirement
        for item in paths.values()
        for name, operation in item.items()
        if name in _METHODS
        for requirement in operation.get("security", ())
    )
    scopes = (scope for requirement in requirements for scope in requirement.get(SCHEME, ()))
    return list(dict.fromkeys(scopes))


def _schemes(
    ours: Mapping[str, Any], names: Mapping[str, str], scheme: Json, used: Iterable[str]
) -> Json:
    described = ours.get("components", {}).get("securitySchemes", {})
    schemes = {names[name]: described[name] for name in described}
    password = scheme.get("flows", {}).get("password")
    if password is not None:
        # The box of the Authorize button offers only what the flow names.
        scopes = {**dict.fromkeys(used, ""), **password["scopes"]}
        scheme = {**scheme, "flows": {"password": {**password, "scopes": scopes}}}
    return {**schemes, SCHEME: scheme}


def _components(theirs: Mapping[str, Any], schemes: Json) -> Json:
    existing = theirs.get("securitySchemes") or {}
    for name, scheme in schemes.items():
        if name in existing and _identity(existing[name]) != _identity(scheme):
            raise ConfigurationError(
                f"the application has a security scheme of its own that is called {name!r}: "
                "give it another scheme_name"
            )
    return {**theirs, "securitySchemes": {**existing, **schemes}}


def _identity(scheme: Any) -> Any:
    """What makes a scheme ours, whatever the URL and the scopes of this rendering are."""
    if not isinstance(scheme, Mapping):
        return scheme
    flows = sorted(scheme.get("flows") or ())
    return {name: member for name, member in scheme.items() if name != "flows"} | {"flows": flows}


def _tags(theirs: list[Json], ours: list[Json]) -> list[Json]:
    names = {tag.get("name") for tag in theirs}
    return [*theirs, *(tag for tag in ours if tag["name"] not in names)]

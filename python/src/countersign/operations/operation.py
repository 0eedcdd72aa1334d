"""What an operation is, and how one description becomes two methods."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from countersign._native import Principal
from countersign.exceptions import ConfigurationError
from countersign.models import Origin

__all__ = ["Operation", "Runner", "awaitable", "blocking", "given", "nothing"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[_T]):
    """One operation with its arguments, ready to be run."""

    name: str
    read: Callable[[Any], _T]
    """Makes the answer of what the engine answers."""
    # Passwords and tokens are among them.
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    principal: Principal | None = None
    """Who asks; the program itself if nobody."""
    origin: Origin | None = None


class Runner(Protocol):
    """Who runs operations, in both worlds."""

    def _run(self, operation: Operation[_T], /) -> _T:
        """Runs it and waits."""
        ...

    def _arun(self, operation: Operation[_T], /) -> Awaitable[_T]:
        """Runs it for an asyncio loop."""
        ...


def blocking(describe: Callable[_P, Operation[_T]]) -> Callable[Concatenate[Runner, _P], _T]:
    """Makes the method that runs an operation and waits for it."""

    @functools.wraps(describe)
    def method(self: Runner, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return self._run(describe(*args, **kwargs))

    return _signed(method, describe.__name__)


def awaitable(
    describe: Callable[_P, Operation[_T]],
) -> Callable[Concatenate[Runner, _P], Coroutine[Any, Any, _T]]:
    """Makes the coroutine method that runs the same operation."""

    @functools.wraps(describe)
    async def method(self: Runner, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self._arun(describe(*args, **kwargs))

    return _signed(method, f"a{describe.__name__}")


_Method = TypeVar("_Method", bound=Callable[..., Any])


def _signed(method: _Method, name: str) -> _Method:
    """Shows the method as if it had been written out: its name, `self`, and what it answers."""
    signature = inspect.signature(method)
    answer = signature.return_annotation.removeprefix("Operation[").removesuffix("]")
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [itself, *signature.parameters.values()]
    written: Any = method
    written.__signature__ = signature.replace(parameters=parameters, return_annotation=answer)
    written.__annotations__ = {**method.__annotations__, "return": answer}
    written.__name__, written.__qualname__ = name, f"Countersign.{name}"
    return method


def given(**arguments: Any) -> dict[str, Any]:
    """The arguments that were given; sets and tuples become lists, as JSON has them."""
    return {name: _plain(value) for name, value in arguments.items() if value is not None}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (set, frozenset, tuple)) else value


def names(argument: str, value: Collection[str]) -> list[str]:
    """Roles, scopes or the like. One text is no collection of its letters.

    Raises:
        ConfigurationError: it is no collection.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Collection):
        raise ConfigurationError(f'{argument}: write a list, such as {argument}=["reports:read"]')
    return [_name(argument, item) for item in value]


def _name(argument: str, item: Any) -> str:
    try:
        # A lone surrogate cannot be written as JSON.
        str.encode(item)
    except (TypeError, UnicodeEncodeError) as error:
        raise ConfigurationError(f"{argument}: one is no text") from error
    return item  # type: ignore[no-any-return]


def names_if_given(argument: str, value: Collection[str] | None) -> list[str] | None:
    """The same for what may be left out."""
    return None if value is None else names(argument, value)


def nothing(_: Any) -> None:
    """Reads an answer that says nothing."""

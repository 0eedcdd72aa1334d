"""Running a check before a view, whatever kind of function the view is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

View = TypeVar("View", bound=Callable[..., Any])


def run_before(view: View, check: Callable[[], object], name: str) -> View:
    """The view behind the check. Checks do not wait, so an async view's may run in its loop.

    Raises:
        TypeError: it is no function.
    """
    if inspect.isclass(view):
        raise TypeError(
            f"{name} is for functions: write decorators = [{name}] in {view.__name__}, or put it"
            " on its methods"
        )
    return cast(
        View, _async(view, check) if inspect.iscoroutinefunction(view) else _plain(view, check)
    )


def _plain(view: Callable[..., Any], check: Callable[[], object]) -> Callable[..., Any]:
    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check()
        return view(*args, **kwargs)

    return checked


def _async(view: Callable[..., Any], check: Callable[[], object]) -> Callable[..., Any]:
    @functools.wraps(view)
    async def checked(*args: Any, **kwargs: Any) -> Any:
        check()
        return await view(*args, **kwargs)

    return checked

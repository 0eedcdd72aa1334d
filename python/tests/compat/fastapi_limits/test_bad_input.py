"""What cannot be meant is an error where it is written; it names the thing and the mend."""

from collections.abc import Callable
from typing import Any

import pytest

from countersign.compat.fastapi_limits import Limiter
from countersign.exceptions import ConfigurationError


def _limit(*arguments: Any, **options: Any) -> Callable[[], object]:
    return lambda: Limiter().limit(*arguments, **options)


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "rates": (_limit("5/sec"), "did you mean second"),
    "no text": (_limit(5), "5 is no rate, but int"),
    "empty": (_limit(""), "write '5 per minute'"),
    "default": (lambda: Limiter(default_limits=["5/sec"]), "did you mean second"),
    "text for a list": (lambda: Limiter(default_limits="5/day"), "write a list, ['5/day']"),
    "application": (lambda: Limiter(application_limits=["x"]), "'x' is no rate"),
    "key": (lambda: Limiter("ip"), "key='ip': write 'address', 'user', 'both', or a function"),  # type: ignore[arg-type]
    "key of limit": (_limit("5/day", key="ip"), "key='ip': write 'address'"),
    "no users": (lambda: Limiter("user"), "give the Limiter auth=, a Countersign, or user="),
    "no users in limit": (_limit("5/day", key="both"), "give the Limiter auth="),
    "auth": (lambda: Limiter(auth="x"), "auth='x': pass the Countersign"),  # type: ignore[arg-type]
    "user": (lambda: Limiter(user="x"), "user='x': write a function"),  # type: ignore[arg-type]
    "strategy": (lambda: Limiter(strategy="moving"), "did you mean 'moving-window'?"),
    "storage": (lambda: Limiter(storage_uri="redis://:pw@h"), "the storage redis:// is not"),
    "option": (lambda: Limiter(storage_options={"ssl": 1}), "memory:// has no option 'ssl'"),
    "header": (lambda: Limiter(header_name_mapping={"X": "Y"}), "has 'X': write one of Header"),  # type: ignore[dict-item]
    "cost": (_limit("5/day", cost=0), "cost=0: write a whole number from 1 on"),
    "methods": (_limit("5/day", methods="GET"), "write a list, ['GET']"),
    "condition": (_limit("5/day", exempt_when=True), "exempt_when=True: write a function"),
    "deduction": (_limit("5/day", deduct_when=True), "deduct_when=True: write a function that"),
    "breach": (_limit("5/day", on_breach="x"), "on_breach='x': write a function that takes the"),
    "breach of all": (lambda: Limiter(on_breach="x"), "on_breach='x': write a function"),  # type: ignore[arg-type]
    "meta breach": (lambda: Limiter(on_meta_breach=1), "on_meta_breach=1: write a function"),  # type: ignore[arg-type]
    "meta": (lambda: Limiter(meta_limits="1/day"), "meta_limits='1/day': write a list, ['1/day']"),
    "meta of limit": (_limit("5/day", meta_limits=["x"]), "'x' is no rate"),
    "called": (lambda: Limiter().limit("5/day")(), "write Depends(limiter.limit(...))"),
    "text decorated": (lambda: Limiter().limit("5/day")("x"), "or @limiter.limit(...) above"),
    "class decorated": (lambda: Limiter().limit("5/day")(str), "stands above a function"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    make, message = MISTAKES[name]
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert message in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [
        "swallow_errors",
        "fail_on_first_breach",
        "in_memory_fallback",
        "in_memory_fallback_enabled",
        "retry_after",
        "request_identifier",
    ],
)
def test_an_option_of_flask_limiter_that_is_not_offered_is_named(option: str) -> None:
    options: dict[str, Any] = {option: True}
    with pytest.raises(TypeError, match=f"'{option}'"):
        Limiter(**options)

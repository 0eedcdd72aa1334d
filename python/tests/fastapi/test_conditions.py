"""The pseudo scopes by which optional authentication and exempt paths are said."""

import pytest

from countersign.fastapi._conditions import (
    OPTIONAL,
    Exempt,
    is_exempt,
    is_optional,
    without_conditions,
)


def test_they_are_told_from_scopes() -> None:
    exempt = Exempt({"/health"})
    scopes = ["reports:read", OPTIONAL, exempt, "countersign:admin"]
    assert without_conditions(scopes) == ["reports:read", "countersign:admin"]
    assert is_optional(scopes)
    assert not is_optional(["reports:read"])


def test_equal_texts_mean_equal_conditions() -> None:
    assert Exempt({"/a", "/b"}) == Exempt(["/b", "/a"])
    assert Exempt({"/a"}) != Exempt({"/b"})


def test_a_document_keeps_only_the_text() -> None:
    text = str(Exempt({"/health", "/pages/{name}", "/public/*"}))
    assert is_exempt([text], "/pages/{name}")
    assert is_exempt([text], "/public/{name}")
    assert not is_exempt([text], "/other")
    assert not is_exempt(["reports:read"], "/health")


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("/health", True),
        ("/health/", False),
        ("/healthy", False),
        ("/pages/about", True),
        ("/pages/about/edit", False),
        ("/pages/", False),
        ("/public/a/b", True),
        ("/public", False),
    ],
)
def test_what_an_exemption_covers(path: str, covered: bool) -> None:
    assert Exempt({"/health", "/pages/{name}", "/public/*"}).covers(path) is covered

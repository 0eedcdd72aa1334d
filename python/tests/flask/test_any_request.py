"""Whatever arrives is answered, and never with a 500."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

# What WSGI has: bytes, as the characters of latin-1 (PEP 3333).
BYTES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30)
NAMES = st.sampled_from(
    ["HTTP_AUTHORIZATION", "HTTP_X_FORWARDED_FOR", "HTTP_USER_AGENT", "HTTP_X_REQUEST_ID",
     "HTTP_ORIGIN", "HTTP_IDEMPOTENCY_KEY", "HTTP_HOST", "CONTENT_TYPE", "REMOTE_ADDR",
     "CONTENT_LENGTH", "HTTP_EXPECT", "HTTP_X_É"]
)  # fmt: skip
PATHS = st.sampled_from(
    ["/login", "/token", "/users/me", "/users/me/sessions/", "/revocations", "/introspect"]
)
METHODS = st.sampled_from(
    ["GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS", "PUT", "TRACE", "x"]
)


@pytest.mark.usefixtures("cs")
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    method=METHODS,
    path=PATHS,
    rest=BYTES,
    query=BYTES,
    fields=st.dictionaries(NAMES, BYTES, max_size=4),
    body=st.binary(max_size=60),
)
def test_is_answered(
    app: Flask,
    method: str,
    path: str,
    rest: str,
    query: str,
    fields: dict[str, str],
    body: bytes,
) -> None:
    app.testing = False
    environ = EnvironBuilder("/").get_environ()
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path + rest, "QUERY_STRING": query}
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **fields}
    _, status, _ = run_wsgi_app(app, environ)
    assert int(status[:3]) < 500, (status, environ)

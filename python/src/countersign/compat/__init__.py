"""Keep the code that you wrote for another package, and change its import.

- `countersign.compat.fastapi_limits`: Flask-Limiter's way of limiting, for FastAPI.
- `countersign.compat.flask_jwt_extended`: the interface of Flask-JWT-Extended 4.7; it needs Flask.
- `countersign.compat.flask_limiter`: the interface of Flask-Limiter 4.1; it needs Flask.
- `countersign.compat.limits`: the part of `limits` 5.8 that Flask-Limiter shows to its users.
- `countersign.compat.python_jose`: the interface of python-jose 3.5, without its known holes.

Signatures and encodings are the engine's. Nothing of the original packages is imported, and they
need not be installed.
"""

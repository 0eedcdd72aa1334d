"""Keep the code that you wrote for another package, and change its import.

- `countersign.compat.flask_jwt_extended`: the interface of Flask-JWT-Extended 4.7; it needs Flask.
- `countersign.compat.python_jose`: the interface of python-jose 3.5, without its known holes.

Both stand on `countersign.jwt`, so signatures and encodings are the engine's. Nothing of the two
original packages is imported, and they need not be installed.
"""

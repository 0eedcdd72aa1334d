"""One route left open, and one behind each way to check a token."""

import os

import redis
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, create_access_token, get_jwt, jwt_required

from countersign import Countersign, Key
from countersign.flask import CountersignFlask

ALGORITHM = os.environ["ALGORITHM"]
ISSUER, AUDIENCE = "https://issuer.example", "api"

auth = Countersign(
    f"sqlite:///{os.environ['DATABASE']}",
    issuer=ISSUER,
    audience=AUDIENCE,
    tokens_algorithm=ALGORITHM,
)
app = Flask(__name__)
cs = CountersignFlask(app, auth)

key = Key.generate(ALGORITHM)
app.config.update(
    JWT_ALGORITHM=ALGORITHM,
    JWT_DECODE_AUDIENCE=AUDIENCE,
    JWT_DECODE_ISSUER=ISSUER,
    JWT_ENCODE_AUDIENCE=AUDIENCE,
    JWT_ENCODE_ISSUER=ISSUER,
)
if key.is_symmetric:
    app.config["JWT_SECRET_KEY"] = key.to_secret()
else:
    app.config.update(JWT_PRIVATE_KEY=key.to_pem(private=True), JWT_PUBLIC_KEY=key.to_pem())
manager = JWTManager(app)
blocked = redis.Redis.from_url(os.environ["REDIS"]) if "REDIS" in os.environ else None


@app.get("/open")
def left_open() -> object:
    return jsonify(hello="world")


@app.get("/countersign")
@cs.required
def by_countersign() -> object:
    return jsonify(hello="world")


@app.get("/flask-jwt-extended")
@jwt_required()
def by_flask_jwt_extended() -> object:
    return jsonify(hello="world")


@app.get("/flask-jwt-extended-redis")
@jwt_required()
def with_a_block_list() -> object:
    if blocked.get(get_jwt()["jti"]) is not None:
        return jsonify(msg="Token has been revoked"), 401
    return jsonify(hello="world")


@app.get("/tokens")
def tokens() -> object:
    """What each route is to be asked with."""
    ours = auth.start_session("user-1", scopes=["reports:read"]).access_token
    theirs = create_access_token("user-1", additional_claims={"scope": "reports:read"})
    # What an open route costs is asked with the same request: a server reads long headers slowly.
    asked = {"/open": ours, "/countersign": ours, "/flask-jwt-extended": theirs}
    if blocked is not None:
        asked["/flask-jwt-extended-redis"] = theirs
    return jsonify(asked)

"""What a verification costs with argon2-cffi at the same parameters (19 MiB, t=2, p=1)."""

import json
import time
from importlib.metadata import version

from argon2 import PasswordHasher

ROUNDS = 50

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
encoded = hasher.hash("a password of some length")
hasher.verify(encoded, "a password of some length")
began = time.process_time()
for _ in range(ROUNDS):
    hasher.verify(encoded, "a password of some length")
millis = (time.process_time() - began) * 1_000 / ROUNDS
print(json.dumps({"id": "argon2/argon2-cffi", "value": millis, "unit": "ms"}))
print(json.dumps({"name": "argon2-cffi", "text": version("argon2-cffi")}))

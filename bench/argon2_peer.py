"""Verifications with argon2-cffi at the engine's parameters (19 MiB, t=2, p=1).

Each line of standard input says how many; the answer is the CPU time that one of them took.
"""

import json
import sys
import time
from importlib.metadata import version

from argon2 import PasswordHasher

PASSWORD = "a password of some length"

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
encoded = hasher.hash(PASSWORD)
print(json.dumps({"name": "argon2-cffi", "text": version("argon2-cffi")}), flush=True)
for line in sys.stdin:
    calls = int(line)
    began = time.process_time()
    for _ in range(calls):
        hasher.verify(encoded, PASSWORD)
    milliseconds = (time.process_time() - began) * 1_000 / calls
    print(json.dumps({"milliseconds": milliseconds}), flush=True)

"""What a verification costs with argon2-cffi at the same parameters (19 MiB, t=2, p=1)."""

import time

from argon2 import PasswordHasher

ROUNDS = 50

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
encoded = hasher.hash("a password of some length")
hasher.verify(encoded, "a password of some length")
began = time.process_time()
for _ in range(ROUNDS):
    hasher.verify(encoded, "a password of some length")
millis = (time.process_time() - began) * 1_000 / ROUNDS
print(f"the same with argon2-cffi                      {millis:>8.2f} ms")

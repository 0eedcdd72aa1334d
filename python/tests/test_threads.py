"""One verifier for all threads, and an interpreter that ends while they work."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from countersign import InvalidSignatureError, Key, Signer, Verifier
from tests.support import claims, make_verifier


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_threads_share_a_verifier(algorithm: str) -> None:
    key = Key.generate(algorithm)
    verifier = make_verifier(key)
    signer = Signer(key)
    stranger = Signer(Key.generate(algorithm).with_kid(key.kid)).sign(claims())

    def work(number: int) -> None:
        for turn in range(100):
            subject = f"user-{number}-{turn}"
            verified = verifier.verify(signer.sign(claims(sub=subject)))
            assert (verified.sub, verified["sub"]) == (subject, subject)
            with pytest.raises(InvalidSignatureError):
                verifier.verify(stranger)

    with ThreadPoolExecutor(8) as pool:
        for outcome in [pool.submit(work, number) for number in range(8)]:
            outcome.result()


def test_a_slow_signature_lets_other_threads_run() -> None:
    key = Key.generate("RS512")
    signer, stop, ticks = Signer(key), threading.Event(), 0

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0)

    thread = threading.Thread(target=tick)
    previous = sys.getswitchinterval()
    sys.setswitchinterval(100)  # nobody is asked to let go
    try:
        thread.start()
        for _ in range(50):
            signer.sign(claims())
        seen = ticks
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(previous)
    assert seen > 1


def test_one_mapping_is_read_by_many_threads(verifier: Verifier, signer: Signer) -> None:
    verified = verifier.verify(signer.sign(claims(deep=[{"a": [1, 2, 3]}] * 50)))
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: verified["deep"], range(200)))
    assert all(outcome is outcomes[0] for outcome in outcomes)


WORKING = """
import threading, time
from countersign import Key, Signer, Verifier
key = Key.generate("ES256")
verifier = Verifier(keys=key, algorithms=["ES256"], issuer="i", audience="a")
signer = Signer(key)
def work():
    while True:
        verifier.verify(signer.sign({"iss": "i", "aud": "a", "exp": time.time() + 60}))
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
"""

LATE = """
import atexit
from countersign import Key, TokenError, Verifier
key = Key.generate("HS256")
verifier = Verifier(keys=key, algorithms=["HS256"], issuer="i", audience="a")
class Late:
    def __init__(self):
        self.say, self.verifier, self.refusal = print, verifier, TokenError
    def __del__(self):
        try:
            self.verifier.verify("x.y.z")
        except self.refusal as refusal:
            self.say(refusal.code)
keep = Late()
atexit.register(Late().__del__)
"""


@pytest.mark.parametrize("script", [WORKING] * 5 + [LATE])
def test_the_interpreter_ends_cleanly(script: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(ended.stdout.split()) == (set() if script == WORKING else {"malformed_base64"})


def test_a_fork_verifies_and_signs() -> None:
    script = """
import os, time
from countersign import Key, Signer, Verifier
key = Key.generate("ES256")
verifier = Verifier(keys=key, algorithms=["ES256"], issuer="i", audience="a")
claims = {"iss": "i", "aud": "a", "exp": int(time.time()) + 60}
verifier.verify(Signer(key).sign(claims))
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        for _ in range(50):
            verifier.verify(Signer(key).sign(claims))
            Key.generate("ES256")
        os._exit(0)
    children.append(child)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_forks_do_not_share_randomness() -> None:
    script = """
import os
from countersign import Key
Key.generate("HS256")
for _ in range(8):
    if os.fork() == 0:
        os.write(1, Key.generate("HS256").to_secret().hex().encode() + b"\\n")
        os._exit(0)
for _ in range(8):
    os.wait()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=60, capture_output=True, text=True
    )
    assert len(set(ended.stdout.split())) == 8

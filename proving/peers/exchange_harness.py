"""A `trimtab exchange` of its own, a listener to its streams, and a count of what holds.

The arguments are those of the script that imports it: BINARY HOME.
"""

import atexit
import json
import os
import queue
import secrets
import subprocess
import sys
import threading

import requests
from alpaca.common.exceptions import APIError

BINARY, HOME = sys.argv[1], sys.argv[2]
KEY, SECRET = "PKPROVING", secrets.token_hex(20)
WAIT = 20
failures, passed = [], []


def check(what, holds, shown=""):
    (passed if holds else failures).append(what)
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f'  {shown}'}", flush=True)


def refused(what, status, code, words, ask):
    try:
        found = ask()
    except APIError as error:
        body = json.loads(str(error))
        fits = error.status_code == status and body["code"] == code and words in body["message"]
        check(what, fits, f"{error.status_code} {body}")
    else:
        check(what, False, f"was not refused: {found}")


class Server:
    def __init__(self, *words):
        environment = dict(os.environ, TRIMTAB_EXCHANGE_KEY=KEY, TRIMTAB_EXCHANGE_SECRET=SECRET)
        command = [BINARY, "--home", HOME, "--json", "exchange", "--listen", "127.0.0.1:0", *words]
        self.errors = open(os.path.join(HOME, "errors.txt"), "a")
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        # A script that breaks leaves no server behind.
        atexit.register(self.process.kill)
        said = ""
        for line in self.process.stdout:
            said += line
            if line.startswith("}"):
                break
        self.said = said
        self.url = json.loads(said)["url"]
        self.host = self.url.removeprefix("http://")

    def control(self, words):
        headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}
        answer = requests.post(f"{self.url}/control/{words}", headers=headers, timeout=WAIT)
        answer.raise_for_status()
        return answer.json()

    def step(self, bars=1):
        return self.control(f"step?bars={bars}")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Heard:
    """Runs a stream in a thread and keeps what it brought."""

    def __init__(self, stream):
        self.stream, self.inbox = stream, queue.Queue()
        self.thread = threading.Thread(target=stream.run, daemon=True)

    async def hear(self, message):
        self.inbox.put(message)

    def until(self, fits):
        seen = []
        try:
            while True:
                message = self.inbox.get(timeout=WAIT)
                seen.append(message)
                if fits(message):
                    return seen
        except queue.Empty:
            return seen

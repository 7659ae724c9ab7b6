"""Protects a service in Python with Latchkey, by the standard library alone (Python 3.8 or later).

`Latchkey.verify` asks Latchkey about each token (RFC 7662) and keeps nothing: a token is refused from the first request
after its session has ended. Without an answer within the deadline the request is refused with 503, never accepted.

    LATCHKEY_URL=http://localhost:3000 LATCHKEY_CLIENT_ID=orders LATCHKEY_CLIENT_SECRET=... PORT=4000 python3 verify.py
"""

import base64
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE_SECONDS = 1.0
MAX_CALLS = 32  # at the same time; the deadline includes the wait for a turn


class NotSignedIn(Exception):
    """No token, or one that is not valid now: 401."""


class Unavailable(Exception):
    """Latchkey did not say whether the session is alive: 503."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the secret of this service to another address."""

    def redirect_request(self, *args):
        return None


class Latchkey:
    def __init__(self, url, client_id, client_secret):
        self._address = url.rstrip("/") + "/api/auth/introspect"
        credentials = f"{client_id}:{client_secret}".encode()
        self._authorization = "Basic " + base64.b64encode(credentials).decode()
        self._opener = urllib.request.build_opener(NoRedirect)
        self._calls = ThreadPoolExecutor(MAX_CALLS)

    def verify(self, authorization):
        """Returns the claims of the token in a header field `Authorization`: `sub`, `sid`, `scope` (the role), ...

        Raises NotSignedIn or Unavailable.
        """
        found = re.fullmatch(r"Bearer +(\S+)", authorization or "", re.IGNORECASE)
        if not found:
            raise NotSignedIn
        call = self._calls.submit(self._introspect, found.group(1))
        try:
            # The timeout of a socket counts from byte to byte; this one counts for the whole call.
            answer = call.result(DEADLINE_SECONDS)
        except (DeadlineError, OSError, http.client.HTTPException, ValueError) as error:
            call.cancel()
            raise Unavailable from error
        active = answer.get("active") if isinstance(answer, dict) else None
        if active is True:
            return answer
        if active is False:
            raise NotSignedIn
        raise Unavailable

    def _introspect(self, token):
        request = urllib.request.Request(
            self._address,
            data=urllib.parse.urlencode({"token": token}).encode(),
            headers={"Authorization": self._authorization, "Accept": "application/json"},
        )
        # Every status but 2xx raises an error, which is an OSError.
        with self._opener.open(request, timeout=DEADLINE_SECONDS) as response:
            return json.load(response)


class Orders(BaseHTTPRequestHandler):
    """A service: GET of any path answers whose orders these are."""

    latchkey = None

    def do_GET(self):
        try:
            claims = self.latchkey.verify(self.headers.get("Authorization"))
        except NotSignedIn:
            self._answer(401, {"code": "token_invalid"}, {"WWW-Authenticate": "Bearer"})
        except Unavailable:
            self._answer(503, {"code": "dependency_unavailable"}, {"Retry-After": "1"})
        else:
            self._answer(200, {"service": "Python", "ordersOf": claims["sub"]}, {})

    def _answer(self, status, body, headers):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Logs nothing."""


if __name__ == "__main__":
    Orders.latchkey = Latchkey(
        os.environ["LATCHKEY_URL"],
        os.environ["LATCHKEY_CLIENT_ID"],
        os.environ["LATCHKEY_CLIENT_SECRET"],
    )
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Orders).serve_forever()

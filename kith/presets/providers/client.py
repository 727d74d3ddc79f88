"""A small client of the JSON API and of the public pages, on the standard library alone."""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin

TIMEOUT_SECONDS = 20.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


class Refused(Exception):
    """The installation answered with an error; `status` is HTTP's, `code` the API's."""

    def __init__(self, what: str, status: int, body: str) -> None:
        try:
            answer = json.loads(body)
            self.code, sentence = str(answer.get("code", "")), str(answer.get("message", ""))
            fields = answer.get("details", {}).get("fields", {})
        except (ValueError, AttributeError):
            self.code, sentence, fields = "", body[:200], {}
        details = "; ".join(f"{name}: {remedy}" for name, remedy in fields.items())
        super().__init__(f"{what} answered {status} {self.code}: {sentence} {details}".rstrip())
        self.status = status


class Unreachable(Exception):
    """Nobody answers at that address."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Do not go where a redirect points: where it points is what we want to know."""

    def redirect_request(self, *_: Any) -> None:
        """None: the redirect is the answer."""


class Client:
    """One caller: signed in after `sign_in`, and with a browser's cookies on pages."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._access = self._refresh = ""
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._staying = urllib.request.build_opener(cookies, _Stay())

    def sign_in(self, username: str, password: str, tenant: str) -> "Client":
        """Get tokens. Raises Refused, Unreachable."""
        self._keep(self.post("/auth/token", {"username": username, "password": password, "tenant": tenant}))
        return self

    def get(self, path: str) -> Any:
        """The `data` of an answer of `/api/v1`. Raises Refused, Unreachable."""
        return self._data("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The `data` of the answer. Raises Refused, Unreachable."""
        return self._data("POST", path, json.dumps(body).encode())

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """The `data` of the answer. Raises Refused, Unreachable."""
        return self._data("PUT", path, json.dumps(body).encode())

    def upload(self, path: str, fields: Mapping[str, str], filename: str, content: bytes) -> Any:
        """Send a file with form fields. Raises Refused, Unreachable."""
        boundary = secrets.token_hex(16)
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                 for name, value in fields.items()]  # fmt: skip
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        parts.append(
            f"{head}Content-Type: text/csv\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        )
        return self._data("POST", path, b"".join(parts), f"multipart/form-data; boundary={boundary}")

    def download(self, path: str) -> bytes:
        """The bytes of a file. Raises Refused, Unreachable."""
        return self._signed("GET", path, None, "")

    def follow(self, url: str) -> str:
        """Where a link leads, as a whole address, without going there. Raises Refused, Unreachable."""
        request = urllib.request.Request(url, headers={"User-Agent": BROWSER})  # noqa: S310 - http from the caller
        try:
            with self._staying.open(request, timeout=TIMEOUT_SECONDS) as answer:
                raise Refused(url, answer.status, "not a redirect")
        except urllib.error.HTTPError as answer:
            if answer.code not in (301, 302, 303, 307) or "Location" not in answer.headers:
                raise Refused(url, answer.code, answer.read().decode(errors="replace")) from None
            return urljoin(url, str(answer.headers["Location"]))
        except OSError as error:
            raise Unreachable(f"{url}: {error}") from None

    def submit(self, url: str, fields: Mapping[str, str]) -> str:
        """Fill in the form of a page and send it, hidden fields included; the address of the page that follows.

        Raises Refused when the form is shown again, Unreachable.
        """
        page, _address = self._page(url, None)
        form = _Form()
        form.feed(page)
        sent = urlencode({**form.hidden, **fields}).encode()
        return self._page(urljoin(url, form.action or url), sent)[1]

    def _page(self, url: str, body: bytes | None) -> tuple[str, str]:
        headers = {"User-Agent": BROWSER, "Referer": url}
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - http from the caller
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.read().decode(), answer.url
        except urllib.error.HTTPError as answer:
            raise Refused(url, answer.code, answer.read().decode(errors="replace")) from None
        except OSError as error:
            raise Unreachable(f"{url}: {error}") from None

    def _data(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        return json.loads(self._signed(method, path, body, kind))["data"]

    def _signed(self, method: str, path: str, body: bytes | None, kind: str) -> bytes:
        try:
            return self._send(method, path, body, kind)
        except Refused as refusal:
            if refusal.status != 401 or not self._refresh:
                raise
        token, self._refresh, self._access = self._refresh, "", ""
        self._keep(self.post("/auth/refresh", {"refresh_token": token}))
        return self._send(method, path, body, kind)

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> bytes:
        headers = {"Accept-Language": "en"}
        if body is not None:
            headers["Content-Type"] = kind
        if self._access:
            headers["Authorization"] = f"Bearer {self._access}"
        url = f"{self.url}/api/v1{path}"
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - http from the caller
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as answer:
            raise Refused(f"{method} {path}", answer.code, answer.read().decode(errors="replace")) from None
        except OSError as error:
            raise Unreachable(f"{self.url}: {error}") from None

    def _keep(self, pair: Mapping[str, str]) -> None:
        self._access, self._refresh = pair["access_token"], pair["refresh_token"]


class _Form(HTMLParser):
    """The first form of a page that is sent with POST: where it goes and what it carries unseen."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.hidden = "", dict[str, str]()
        self._inside = self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form and its hidden fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._done and given.get("method", "").lower() == "post":
            if "language" not in given.get("action", "") and "theme" not in given.get("action", ""):
                self._inside, self.action = True, given.get("action", "")
        elif tag == "input" and self._inside and given.get("type") == "hidden" and given.get("name"):
            self.hidden[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Stop at the end of the form."""
        if tag == "form" and self._inside:
            self._inside, self._done = False, True

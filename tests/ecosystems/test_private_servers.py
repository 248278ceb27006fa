"""Private indexes as real servers inside the network: a password for one, a token for the other."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from packamal.ecosystems import ECOSYSTEMS
from packamal.errors import FetchError, NotFoundError
from packamal.http.access import Access
from packamal.targets import parse_target

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CONTENT = b"a private file"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = "sha512-" + base64.b64encode(hashlib.sha512(CONTENT).digest()).decode()
BASIC = "Basic " + base64.b64encode(b"fred:s3cret").decode()
JSON_PAGE = "application/vnd.pypi.simple.v1+json"


class Index:
    """A server that gives its pages for one Authorization header and remembers every header it saw."""

    def __init__(self, wanted: str) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.seen: list[str] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sent = self.headers.get("Authorization", "")
                owner.seen.append(sent)
                kind, body = owner.pages.get(self.path, ("", b""))
                self.send_response(401 if sent != wanted else 200 if kind else 404)
                body = body if sent == wanted else b""
                for name, value in (("Content-Type", kind), ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def serve():
    started = []

    def start(wanted=""):
        started.append(Index(wanted))
        return started[-1]

    yield start
    for index in started:
        index.close()


@pytest.fixture
def access(home):
    def make(**environ):
        base = {"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null", "PATH": "", "PREFIX": str(home)}
        return Access({**base, **environ}, home, timeout_s=5.0)

    return make


def judge(text, access):
    purl = parse_target(text).purl
    ecosystem = ECOSYSTEMS[purl.type](access)
    release = ecosystem.resolve(purl)
    return release, [ecosystem.fetch(file) for file in release.files]


@pytest.fixture
def pypi_pair(serve):
    """An index with a password, and the file host it links to."""
    index, files = serve(BASIC), serve()
    entry = {"filename": "tool-1.0.tar.gz", "url": f"http://{files.host}/tool-1.0.tar.gz", "hashes": {"sha256": SHA256}}
    index.pages["/simple/tool/"] = (JSON_PAGE, json.dumps({"name": "tool", "files": [entry]}).encode())
    files.pages["/tool-1.0.tar.gz"] = ("application/gzip", CONTENT)
    return index, files


def test_a_python_index_gets_its_password_and_its_file_host_does_not(access, pypi_pair, caplog):
    caplog.set_level(logging.DEBUG)
    index, files = pypi_pair
    release, contents = judge("pkg:pypi/tool", access(PIP_INDEX_URL=f"http://fred:s3cret@{index.host}/simple"))
    assert contents == [CONTENT]
    assert set(index.seen) == {BASIC} and files.seen == [""]
    told = caplog.text + repr(release)
    assert "s3cret" not in told and BASIC.split()[1] not in told


def test_without_its_password_it_says_where_to_put_it(access, pypi_pair):
    with pytest.raises(FetchError, match=r"401.*put them into pip's index-url"):
        judge("pkg:pypi/tool", access(PIP_INDEX_URL=f"http://{pypi_pair[0].host}/simple"))


def test_an_npm_registry_gets_its_token(access, serve, home, caplog):
    caplog.set_level(logging.DEBUG)
    registry = serve("Bearer t0ken")
    dist = {"tarball": f"http://{registry.host}/npm/it/-/it-1.0.0.tgz", "integrity": SHA512}
    document = {"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"dist": dist}}}
    registry.pages["/npm/@corp%2Fit"] = ("application/json", json.dumps(document).encode())
    registry.pages["/npm/it/-/it-1.0.0.tgz"] = ("application/octet-stream", CONTENT)
    (home / ".npmrc").write_text(
        f"@corp:registry=http://{registry.host}/npm/\n//{registry.host}/npm/:_authToken=${{CORP_TOKEN}}\n"
    )
    release, contents = judge("pkg:npm/%40corp/it", access(CORP_TOKEN="t0ken"))
    assert contents == [CONTENT] and set(registry.seen) == {"Bearer t0ken"}
    assert "t0ken" not in caplog.text + repr(release)
    with pytest.raises(FetchError, match=r"401.*put them into \.npmrc") as caught:
        judge("pkg:npm/%40corp/it", access(CORP_TOKEN="wr0ng"))
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize("text", ["pkg:pypi/tool", "pkg:npm/tool"])
def test_an_inner_host_that_only_a_purl_names_is_never_asked(access, serve, text):
    index, inner = serve(), serve()
    named = f"{text}?repository_url=http%3A%2F%2F{inner.host}%2F"
    settings = {"PIP_INDEX_URL": f"http://{index.host}/simple", "npm_config_registry": f"http://{index.host}/"}
    with pytest.raises(NotFoundError, match=f"names the registry http://{inner.host}/"):
        judge(named, access(**settings))
    assert inner.seen == index.seen == []

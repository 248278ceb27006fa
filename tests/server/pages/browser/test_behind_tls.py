"""The real program behind a real nginx that ends TLS: headers, cookies, signing in with a provider."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import itertools
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fullset.folder import free_ports, user
from fullset.frontend import CONFIGURATION
from services import Postgres, find

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.skipif(os.environ.get("PACKAMAL_TEST_DATABASE") != "postgresql", reason="runs with PostgreSQL"),
]
PASSWORD = "correct horse battery"
START_S = 60
PROGRAM = [sys.executable, "-m", "packamal"]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookies(self) -> str:
        return "\n".join(self.headers.get_all("Set-Cookie") or [])


class Door:
    """nginx with our file, on a port with TLS, a plain one, and one for a proxy that it believes."""

    def __init__(self, folder: Path, corp_of, postgres) -> None:
        self.folder, self.children, self.callers = folder, [], itertools.count(1)
        self.tls, self.plain, self.proxied, self.web = free_ports(4)
        self.corp = corp_of(f"https://127.0.0.1:{self.tls}/sign-in/provider/back")
        said = {
            "SHAPE": "full",
            "DATA_DIR": str(folder / "data"),
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": f"unix://{folder}/no-redis.sock",
            "ALLOWED_HOSTS": "127.0.0.1",
            "PUBLIC_URL": f"https://127.0.0.1:{self.tls}",
            "SECURE": "yes",
            "OIDC_ISSUER": self.corp.issuer,
            "OIDC_CLIENT_ID": "packamal",
            "OIDC_CLIENT_SECRET": self.corp.secret,
            "OIDC_ROLES": "Packamal.Analyst=analyst",
            "OIDC_LABEL": "Sign in with Corp",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PACKAMAL_", "DJANGO_"))}
        self.environment = kept | {f"PACKAMAL_SERVER_{name}": value for name, value in said.items()}
        self.run("admin", "prepare")
        (folder / "password").write_text(PASSWORD)
        self.run("admin", "add-user", "ada", "--password-file", str(folder / "password"))
        self._start([*PROGRAM, "web", "--bind", f"127.0.0.1:{self.web}", "--processes", "1"], env=self.environment)
        self._start(self._nginx())
        self._wait()

    def run(self, *words: str) -> None:
        done = subprocess.run([*PROGRAM, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def ask(self, path="/sign-in", *, port=0, method="GET", body=None, headers=None) -> Answer:
        port = port or self.tls
        unchecked = ssl._create_unverified_context()
        kind = {"context": unchecked} if port == self.tls else {}
        made = http.client.HTTPSConnection if port == self.tls else http.client.HTTPConnection
        with contextlib.closing(made("127.0.0.1", port, timeout=30, **kind)) as connection:
            who = {"X-From-Proxy": f"198.51.100.{next(self.callers)}"} if port == self.tls else {}
            connection.request(method, path, body, {**who, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))

    def close(self) -> None:
        for child in reversed(self.children):
            child.terminate()
            child.wait(20)
        self.corp.stop()

    def _nginx(self) -> list[str]:
        place = self.folder / "nginx"
        (place / "tmp").mkdir(parents=True)
        (place / "static").symlink_to(self.folder / "data/static")
        certificate(place)
        shutil.copyfile(CONFIGURATION, place / "nginx.conf")
        (place / "listen.conf").write_text(
            f"listen 127.0.0.1:{self.tls} ssl;\nlisten 127.0.0.1:{self.plain};\nlisten 127.0.0.1:{self.proxied};\n"
            f"ssl_certificate {place}/cert.pem;\nssl_certificate_key {place}/key.pem;\n"
            "set_real_ip_from 127.0.0.1;\nreal_ip_header X-From-Proxy;\n"
        )
        (place / "upstream.conf").write_text(f"upstream packamal_web {{\n    server 127.0.0.1:{self.web};\n}}\n")
        if owner := user():
            for path in (place, place / "tmp"):
                shutil.chown(path, owner)
        return [str(find("nginx")), "-p", f"{place}/", "-c", str(place / "nginx.conf")]

    def _start(self, command, **more) -> None:
        with (self.folder / f"{len(self.children)}.log").open("wb") as log:
            self.children.append(subprocess.Popen(command, stdout=log, stderr=log, **more))

    def _wait(self) -> None:
        ends = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError):
                if self.ask().status == 200:
                    return
            logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log"))
            assert time.monotonic() < ends, logs
            time.sleep(0.1)


def certificate(place: Path) -> None:
    """One that nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    there = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(there, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (place / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))


@pytest.fixture(scope="module")
def door(new_corp):
    if find("nginx") is None:
        pytest.skip("not run: nginx is not installed")
    folder = Path(tempfile.mkdtemp(prefix="packamal-door-", dir="/tmp"))
    for path in (folder, folder / "data"):
        path.mkdir(exist_ok=True)
        path.chmod(0o711)  # nginx runs as somebody else
    postgres = Postgres()
    started = None
    try:
        started = Door(folder, new_corp, postgres)
        yield started
    finally:
        if started:
            started.close()
        postgres.stop()
        shutil.rmtree(folder)


@pytest.fixture
def page(door, tab_at):
    return tab_at(f"https://127.0.0.1:{door.tls}")


def test_over_tls_the_browser_is_told_to_stay_there(door):
    answer = door.ask()
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*|data:", policy)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/v1/analyses", "/nothing", "/sign-in/provider/back"])
def test_every_answer_carries_the_headers(door, path):
    headers = door.ask(path).headers
    for name in ("Strict-Transport-Security", "X-Content-Type-Options", "Content-Security-Policy", "X-Request-ID"):
        assert headers.get(name), (path, name)
    assert len(headers.get_all("X-Content-Type-Options")) == 1


def test_without_tls_everybody_is_sent_there(door):
    for path in ("/", "/sign-in", "/api/v1/analyses", "/sign-in/provider"):
        answer = door.ask(path, port=door.plain)
        assert answer.status == 301
        assert answer.headers["Location"].startswith("https://127.0.0.1")
        assert answer.cookies == ""


def test_nobody_says_that_there_was_tls_but_a_proxy_that_is_believed(door):
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1"}
    assert door.ask(port=door.plain, headers=forged).status == 301
    assert door.ask(port=door.proxied, headers={**forged, "X-From-Proxy": "203.0.113.7"}).status == 200
    assert door.ask(port=door.proxied, headers={"X-From-Proxy": "203.0.113.7"}).status == 301


def test_cookies_go_over_tls_alone_to_this_host_alone(door):
    cookies = door.ask().cookies
    assert cookies.startswith("__Host-csrftoken=")
    assert "HttpOnly" in cookies and "Secure" in cookies and "SameSite=Lax" in cookies
    assert "Domain" not in cookies


def test_a_form_from_another_site_is_refused(door):
    first = door.ask()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', first.text)[1]
    cookie = first.cookies.partition(";")[0]
    body = f"csrfmiddlewaretoken={token}&username=ada&password={PASSWORD.replace(' ', '+')}"
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, "Referer": door.corp.issuer}
    assert door.ask(method="POST", body=body, headers={**sent, "Origin": "https://evil.example"}).status == 403
    assert door.ask(method="POST", body=body, headers={**sent, "Origin": "null"}).status == 403
    assert door.ask(method="POST", body=body, headers=sent).status == 403
    here = {**sent, "Origin": f"https://127.0.0.1:{door.tls}"}
    answer = door.ask(method="POST", body=body, headers=here)
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    assert "__Host-sessionid=" in answer.cookies


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "localhost"])
def test_another_host_name_is_refused(door, host):
    answer = door.ask(headers={"Host": host})
    assert answer.status == 400
    assert "evil" not in answer.text


def test_wrong_passwords_are_counted_by_the_address_that_the_proxy_names(door):
    def try_from(address, name):
        first = door.ask()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', first.text)[1]
        sent = {
            "Content-Type": "application/x-www-form-urlencoded", "Cookie": first.cookies.partition(";")[0],
            "Origin": f"https://127.0.0.1:{door.tls}", "X-From-Proxy": address, "X-Forwarded-For": "198.51.100.99",
        }  # fmt: skip
        return door.ask(method="POST", body=f"csrfmiddlewaretoken={token}&username={name}&password=x", headers=sent)

    statuses = [try_from("203.0.113.50", "guessed").status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert try_from("203.0.113.51", "guessed").status == 429
    assert try_from("203.0.113.50", "other").status == 200


def test_a_person_signs_in_with_the_provider_in_a_browser_and_out(door, page):
    page.open("/rules")
    page.until("location.pathname === '/sign-in'")
    assert page.value("document.querySelector('#provider').textContent") == "Sign in with Corp"
    page.value("document.querySelector('#provider').click(); 1")
    page.until("document.querySelector('#continue') !== null")
    page.value("document.querySelector('#continue').click(); 1")
    page.until("location.pathname === '/rules' && document.readyState === 'complete'")
    assert "ada@corp.example" in page.value("document.documentElement.outerHTML")
    assert page.value("document.cookie") == ""
    kept = page.call("Network.getCookies")["cookies"]
    session = next(one for one in kept if one["name"] == "__Host-sessionid")
    assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Lax")
    page.value("document.querySelector('form[action=\"/sign-out\"] button').click(); 1")
    page.until("location.pathname === '/sign-in'")
    page.call("Network.setCookie", name="__Host-sessionid", value=session["value"], url=page.address, secure=True)
    page.open("/rules")
    page.until("location.pathname === '/sign-in'")
    assert page.complaints == []


def test_the_policy_holds_in_a_browser(door, page):
    page.open("/sign-in")
    page.value("window.ran = 0; const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
               "document.body.append(s); 1")  # fmt: skip
    page.value("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 2\">'); 1")
    page.value("setTimeout('window.ran = 3', 0); 1")
    page.value(f"fetch('{door.corp.issuer}/keys').catch(() => window.stopped = 1); 1")
    page.until("window.stopped === 1")
    assert page.value("window.ran") == 0
    assert len([one for one in page.complaints if "Content Security Policy" in one]) >= 3


def test_another_site_cannot_frame_it(door, page):
    page.call("Page.navigate", url=f"{door.corp.issuer}/framed?of=https://127.0.0.1:{door.tls}/sign-in")
    page.until("document.readyState === 'complete' && location.href.includes('/framed')")
    page.value(f"document.body.innerHTML = '<iframe src=\"https://127.0.0.1:{door.tls}/sign-in\"></iframe>'; 1")
    page.until("document.querySelector('iframe').contentDocument === null")
    page.value("new Promise(done => setTimeout(() => done(1), 1000))")
    assert any("frame" in one.lower() for one in page.complaints), page.complaints

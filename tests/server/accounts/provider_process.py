"""An OpenID Connect provider as a program of its own, on authlib's server side: `provider_process.py ADDRESS SECRET`.

It says its issuer on standard output and serves until its input ends. It keeps the protocol (redirect addresses, client
secret, PKCE, codes that are good once); `POST /orders` makes it do one thing wrong, or answer for somebody else.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

TENANT = "/0f6b/v2.0"
CLIENT = "packamal"
ADA = {"sub": "ada-1", "preferred_username": "ada@corp.example", "roles": ["Packamal.Analyst"], "tid": "0f6b"}
PAGE = (
    '<!doctype html><title>Corp</title><link rel="icon" href="data:,">'
    '<form method="post" action="{}"><button id="continue">Go on</button></form>'
)


class Request(OAuth2Request):
    def __init__(self, method, url, form, headers):
        super().__init__(method, url, headers=headers)
        self.fields = form
        self.query = dict(parse_qsl(urlsplit(url).query))
        self.payload = BasicOAuth2Payload({**self.query, **form})

    @property
    def form(self):
        return self.fields

    @property
    def args(self):
        return self.query


class Client:
    def __init__(self, redirect, secret):
        self.redirect, self.secret = redirect, secret

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return self.redirect

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, given):
        return given == self.redirect

    def check_client_secret(self, given):
        return given == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_post", "client_secret_basic")

    def check_response_type(self, given):
        return given == "code"

    def check_grant_type(self, given):
        return given == "authorization_code"


class Code(SimpleNamespace):
    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return None


class Grant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "client_secret_basic")

    def save_authorization_code(self, code, request):
        given = request.payload.data
        self.server.codes[code] = Code(
            code=code,
            user=request.user,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            nonce=given.get("nonce"),
            code_challenge=given.get("code_challenge"),
            code_challenge_method=given.get("code_challenge_method"),
        )

    def query_authorization_code(self, code, client):
        return self.server.codes.get(code)

    def delete_authorization_code(self, code):
        del self.server.codes[code.code]

    def authenticate_user(self, code):
        return code.user


class Tokens(OpenIDCode):
    def __init__(self, server):
        super().__init__(require_nonce=True)
        self.server = server

    def exists_nonce(self, nonce, request):
        return False

    def resolve_client_private_key(self, client):
        return self.server.key

    def get_client_algorithm(self, client):
        return "ES256" if isinstance(self.server.key, ECKey) else "RS256"

    def get_encode_header(self, client):
        return {"alg": self.get_client_algorithm(client), "kid": self.server.key.kid}

    def get_client_claims(self, client):
        return {"iss": self.server.issuer, "aud": CLIENT}

    def generate_user_info(self, user, scope):
        return user

    def encode_id_token(self, token, request):
        good = super().encode_id_token(token, request)
        return self.server.spoilt(good)


class Server(AuthorizationServer):
    def __init__(self, issuer, redirect, secret):
        super().__init__(["openid", "profile", "email"])
        self.issuer, self.client = issuer, Client(redirect, secret)
        self.codes, self.orders, self.asked = {}, {}, []
        self.key = self.old_key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.register_token_generator(
            "default", BearerTokenGenerator(lambda **_: base64.b32encode(os.urandom(20)).decode())
        )
        self.register_grant(Grant, [CodeChallenge(required=True), Tokens(self)])

    def query_client(self, client_id):
        return self.client if client_id == CLIENT else None

    def save_token(self, token, request):
        pass

    def send_signal(self, name, *args, **kwargs):
        pass

    def create_oauth2_request(self, request):
        return request

    def handle_response(self, status, body, headers):
        return status, body, headers

    def order(self, orders):
        """What is done from now on; nothing of what was ordered before."""
        self.orders, self.key = orders, self.old_key
        if kind := orders.get("new_key"):
            made = ECKey.generate_key("P-256", {"kid": kind, "use": "sig"}) if kind == "ec" else None
            self.key = made or RSAKey.generate_key(2048, {"kid": kind, "use": "sig"})

    def spoilt(self, token):
        head, body, signature = token.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))
        changed = {
            name: value for name, value in {**claims, **self.orders.get("claims", {})}.items() if value is not None
        }
        header = {
            name: value for name, value in {**header, **self.orders.get("header", {})}.items() if value is not None
        }
        how = self.orders.get("sign", "")
        if how == "altered body":
            return f"{head}.{packed({**claims, 'sub': 'somebody else'})}.{signature}"
        if how == "altered signature":
            return f"{head}.{body}.{'A' if signature[9] != 'A' else 'B'}{signature[1:]}"
        if how == "none":
            return f"{packed({'alg': 'none', 'kid': header['kid']})}.{packed(changed)}."
        if how == "public key as secret":
            signed = f"{packed({**header, 'alg': 'HS256'})}.{packed(changed)}"
            made = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"
        if how == "another key":
            return jwt.encode(header, changed, RSAKey.generate_key(2048), ["RS256"])
        if "crit" in header:  # which our library does not sign
            signed = f"{packed(header)}.{packed(changed)}"
            made = self.key.private_key.sign(signed.encode(), PKCS1v15(), SHA256())
            return f"{signed}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"
        if how == "no token":
            return how
        return jwt.encode(header, changed, self.key, [header["alg"]])

    def document(self):
        more = self.orders.get("metadata", {})
        made = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            **more,
        }
        return {name: value for name, value in made.items() if value is not None}

    def answer(self, method, url, form, headers):
        path = urlsplit(url).path.removeprefix(TENANT)
        if path == "/orders":
            return 200, self.order(json.loads(form["orders"])) or {}, []
        if path == "/asked":
            return 200, {"paths": self.asked}, []
        self.asked.append(path)
        if path in (broken := self.orders.get("broken", {})):
            time.sleep(broken[path].get("wait_s", 0))
            return broken[path].get("status", 200), broken[path].get("body", "{}"), broken[path].get("headers", [])
        if path == "/.well-known/openid-configuration":
            return 200, self.document(), []
        if path == "/keys":
            keys = [self.key, ECKey.generate_key("P-256", {"kid": "other"})][: 1 + self.orders.get("two_keys", 0)]
            return 200, {"keys": [{"kty": "pq", "kid": "later"}, *(key.as_dict(private=False) for key in keys)]}, []
        request = Request(method, url, form, headers)
        if path == "/token":
            return self.create_token_response(request)
        if path == "/authorize" and method == "GET":
            self.get_consent_grant(request)
            return 200, PAGE.format(url), []
        if path == "/authorize":
            who = {**ADA, **self.orders.get("person", {})}
            grant = self.get_consent_grant(request, who)
            return self.create_authorization_response(request, grant_user=who, grant=grant)
        return 404, {}, []


def packed(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Handler(BaseHTTPRequestHandler):
    provider: Server

    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        form = dict(parse_qsl(self.rfile.read(size).decode()))
        url = f"http://{self.headers['Host']}{self.path}"
        status, body, headers = self.provider.answer(self.command, url, form, dict(self.headers))
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        kinds = {"Content-Type": "text/html" if content.startswith(b"<") else "application/json", **dict(headers)}
        self.send_response(status)
        for name, value in {**kinds, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, format, *args):
        pass


if __name__ == "__main__":
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    Handler.provider = Server(f"http://127.0.0.1:{listening.server_address[1]}{TENANT}", *sys.argv[1:])
    print(Handler.provider.issuer, flush=True)
    import threading

    threading.Thread(target=listening.serve_forever, daemon=True).start()
    sys.stdin.read()

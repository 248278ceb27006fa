"""Signing in with a real provider over HTTP: who gets in, as whom, and everything that is not believed."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from packamal.server.accounts.models import AuditEvent, ExternalIdentity, Role, User
from packamal.server.accounts.oidc import client as provider_client
from packamal.server.operations import administration

pytestmark = [pytest.mark.django_db, pytest.mark.allow_hosts(["127.0.0.1"])]


def refused(answer, text, status=403):
    assert answer.status_code == status, answer
    assert text in answer.text
    assert User.objects.filter(last_login__isnull=False).count() == 0
    return True


def reason():
    return AuditEvent.objects.filter(action="session.refuse").order_by("pk").last().detail["reason"]


def changed(url, **more):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | more
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value})).geturl()


def test_somebody_signs_in_reads_a_page_and_signs_out(corp, visitor, through, is_signed_in):
    assert visitor.get("/sign-in?next=/rules").text.count('href="/sign-in/provider?next=%2Frules"') == 1
    answer = through(visitor, "/sign-in/provider?next=%2Frules")
    assert (answer.status_code, answer["Location"]) == (302, "/rules")
    assert is_signed_in(visitor)
    user = User.objects.get()
    assert (user.username, user.role, user.has_usable_password()) == ("ada@corp.example", Role.ANALYST, False)
    assert ExternalIdentity.objects.get().subject == "ada-1"
    events = list(AuditEvent.objects.order_by("pk").values_list("actor", "action", "subject"))
    assert events == [
        ("system", "user.add", "ada@corp.example"),
        ("user:ada@corp.example", "session.start", "ada@corp.example"),
    ]
    visitor.post("/sign-out")
    assert not is_signed_in(visitor)


def test_the_browser_is_sent_with_a_challenge_a_state_and_a_nonce_and_no_secret(corp, visitor):
    places = [visitor.get("/sign-in/provider")["Location"] for _ in range(2)]
    asked = [{name: values[0] for name, values in parse_qs(urlsplit(place).query).items()} for place in places]
    for one in asked:
        assert (one["response_type"], one["code_challenge_method"]) == ("code", "S256")
        assert one["redirect_uri"] == "http://testserver/sign-in/provider/back"
        assert len(one["code_challenge"]) == 43
        assert corp.secret not in str(one)
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name]) >= 43


def test_the_second_visit_is_the_same_account_whatever_its_name_is_by_then(corp, visitor, through):
    through(visitor)
    corp.order(person={"preferred_username": "somebody.else", "email": "other@corp.example"})
    through(Client())
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["boss", "BOSS", "ｂｏｓｓ"])
def test_nobody_gets_an_account_by_its_name_or_mail(corp, visitor, through, person, name):
    person("boss", Role.ADMIN)
    User.objects.update(email="boss@corp.example")
    corp.order(person={"preferred_username": name, "email": "boss@corp.example", "email_verified": True})
    through(visitor)
    user = User.objects.get(pk=visitor.session["_auth_user_id"])
    assert re.fullmatch(r"(boss|BOSS)-[0-9a-f]{12}", user.username)
    assert user.role == Role.ANALYST


def test_another_subject_of_the_same_name_is_another_account(corp, visitor, through):
    through(visitor)
    corp.order(person={"sub": "ada-2"})
    through(Client())
    assert sorted(User.objects.values_list("identities__subject", flat=True)) == ["ada-1", "ada-2"]


def test_a_name_that_could_pass_for_another_is_made_plain(corp, visitor, through):
    corp.order(person={"preferred_username": "\u202ead\x1ba <script>\0" + "x" * 500})
    through(visitor)
    assert re.fullmatch(r"adascriptx+", User.objects.get().username)
    assert len(User.objects.get().username) <= 100


EXPIRED = {"exp": int(time.time()) - 3600}
WRONG_TOKENS = {
    "nonce of another": {"claims": {"nonce": "x" * 43}},
    "no nonce": {"claims": {"nonce": None}},
    "audience of another": {"claims": {"aud": "another"}},
    "several audiences and no party": {"claims": {"aud": ["packamal", "another"]}},
    "party of another": {"claims": {"aud": ["packamal", "another"], "azp": "another"}},
    "no audience": {"claims": {"aud": None}},
    "issuer of another": {"claims": {"iss": "https://login.example/other"}},
    "no issuer": {"claims": {"iss": None}},
    "expired": {"claims": EXPIRED},
    "never expires": {"claims": {"exp": None}},
    "expires with text": {"claims": {"exp": "9999999999"}},
    "from the future": {"claims": {"iat": int(time.time()) + 3600}},
    "not yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "subject of 300": {"claims": {"sub": "x" * 300}},
    "subject as a number": {"claims": {"sub": 7}},
    "unsigned": {"sign": "none"},
    "signed with the public key": {"sign": "public key as secret"},
    "signed with another key": {"sign": "another key"},
    "altered body": {"sign": "altered body"},
    "altered signature": {"sign": "altered signature"},
    "key that there is not": {"header": {"kid": "unknown"}},
    "no key named of several": {"header": {"kid": None}, "two_keys": 1},
    "header that must be understood": {"header": {"crit": ["exp"], "exp": 1}},
    "no token": {"sign": "no token"},
}


@pytest.mark.parametrize("orders", [pytest.param(orders, id=name) for name, orders in WRONG_TOKENS.items()])
def test_a_token_that_does_not_hold_lets_nobody_in(corp, visitor, through, is_signed_in, orders):
    corp.order(**orders)
    assert refused(through(visitor), "could not be believed")
    assert reason() == "token"
    assert not is_signed_in(visitor)
    assert User.objects.count() == 0
    corp.order()
    assert through(visitor).status_code == 302


def test_clocks_may_be_a_little_apart(corp, visitor, through):
    now = int(time.time())
    corp.order(claims={"exp": now - 30, "iat": now + 30, "nbf": now + 30})
    assert through(visitor).status_code == 302


def test_an_audience_among_several_holds_when_the_party_is_ours(corp, visitor, through):
    corp.order(claims={"aud": ["another", "packamal"], "azp": "packamal"})
    assert through(visitor).status_code == 302


def test_a_state_that_was_not_begun_here_is_refused(corp, visitor, through, is_signed_in):
    for spoil in (lambda url: changed(url, state="x" * 43), lambda url: changed(url, state="")):
        assert refused(through(visitor, spoil=spoil), "begun elsewhere")
    other = Client()
    there = other.get("/sign-in/provider")["Location"]
    assert refused(visitor.get(corp.let_in(there).removeprefix("http://testserver")), "begun elsewhere")
    assert not is_signed_in(visitor)
    assert "/token" not in corp.asked[-3:]


def test_a_state_is_good_once(corp, visitor, through):
    seen = []
    through(visitor, spoil=lambda url: seen.append(url) or url)
    visitor.post("/sign-out")
    User.objects.update(last_login=None)
    assert refused(visitor.get(seen[0].removeprefix("http://testserver")), "begun elsewhere")


def test_a_state_is_good_for_a_while(corp, visitor, through, monkeypatch):
    there = visitor.get("/sign-in/provider")["Location"]
    session = visitor.session
    (state, (nonce, verifier, path, at_s)) = next(iter(session["provider"].items()))
    session["provider"] = {state: [nonce, verifier, path, at_s - 601]}
    session.save()
    assert refused(visitor.get(corp.let_in(there).removeprefix("http://testserver")), "too long ago")


def test_a_code_without_its_verifier_is_worth_nothing(corp, visitor, through):
    there = visitor.get("/sign-in/provider")["Location"]
    session = visitor.session
    (state, (nonce, _, path, at_s)) = next(iter(session["provider"].items()))
    session["provider"] = {state: [nonce, "v" * 43, path, at_s]}
    session.save()
    assert refused(visitor.get(corp.let_in(there).removeprefix("http://testserver")), "could not be believed")


def test_several_tabs_at_a_time_are_few(corp, visitor):
    for _ in range(8):
        visitor.get("/sign-in/provider")
    assert len(visitor.session["provider"]) == 5
    assert visitor.session.get_expiry_age() <= 600


def test_who_signs_in_has_a_new_session_of_full_length(corp, visitor, through):
    visitor.get("/sign-in/provider")
    before = visitor.cookies["sessionid"].value
    through(visitor)
    assert visitor.cookies["sessionid"].value != before
    assert visitor.session.get_expiry_age() > 3600
    assert "provider" not in visitor.session


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"error": "access_denied", "error_description": "<script>alert(1)</script>"}, "did not let you in"),
        ({"code": ""}, "could not be believed"),
        ({"code": "x" * 9000}, "could not be believed"),
        ({"code": "made-up"}, "could not be believed"),
        ({"iss": "https://login.example/other"}, "could not be believed"),
    ],
)
def test_a_way_back_that_does_not_hold_lets_nobody_in(corp, visitor, through, given, text):
    answer = through(visitor, spoil=lambda url: changed(url, **given))
    assert refused(answer, text)
    assert "alert(1)" not in answer.text


def test_a_provider_that_names_itself_must_do_so(corp, visitor, through):
    corp.order(metadata={"authorization_response_iss_parameter_supported": True})
    assert refused(through(visitor), "could not be believed")
    assert through(visitor, spoil=lambda url: changed(url, iss=corp.issuer)).status_code == 302


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["Packamal.Admin", "Packamal.Viewer"], Role.ADMIN),
        (["Other.Admin", "Packamal.Viewer"], Role.VIEWER),
        ("Packamal.Analyst", Role.ANALYST),
    ],
)
def test_the_claim_gives_the_role(corp, visitor, through, roles, role):
    corp.order(person={"roles": roles})
    through(visitor)
    assert User.objects.get().role == role


@pytest.mark.parametrize(
    "roles", [None, [], ["admin"], ["packamal.admin"], "", 7, {"Packamal.Admin": True}, [["Packamal.Admin"]]]
)
def test_who_has_no_known_role_is_refused_or_a_viewer_as_the_settings_say(corp, visitor, through, told, roles):
    corp.order(claims={"roles": roles})
    assert refused(through(visitor), "Your account has no role here")
    assert reason() == "role"
    assert User.objects.count() == 0
    told(unknown_role="viewer")
    through(visitor)
    assert User.objects.get().role == Role.VIEWER


def test_groups_may_be_the_claim_and_too_many_of_them_are_no_role(corp, visitor, through, told):
    told(role_claim="groups")
    corp.order(person={"groups": ["Packamal.Admin"]})
    through(visitor)
    assert User.objects.get().role == Role.ADMIN
    corp.order(person={"_claim_names": {"groups": "src1"}})
    assert through(Client()).status_code == 403


def test_a_role_that_was_taken_away_is_gone_here_too(corp, visitor, through, is_signed_in):
    corp.order(person={"roles": ["Packamal.Admin"]})
    through(visitor)
    corp.order(person={"roles": []})
    assert through(Client()).status_code == 403
    assert not is_signed_in(visitor)
    assert User.objects.get().role == Role.VIEWER
    corp.order()
    through(visitor)
    assert User.objects.get().role == Role.ANALYST


def test_an_account_that_was_disabled_stays_out(corp, visitor, through, is_signed_in):
    through(visitor)
    administration.set_active("ada@corp.example", False)
    assert not is_signed_in(visitor)
    answer = through(visitor)
    assert (answer.status_code, "has no role here" in answer.text, reason()) == (403, True, "disabled")
    assert AuditEvent.objects.order_by("pk").last().subject == "ada@corp.example"


@pytest.mark.parametrize(
    ("more", "person", "is_in"),
    [
        ({"tenants": ("0f6b",)}, {}, True),
        ({"tenants": ("other",)}, {}, False),
        ({"tenants": ("0f6b",)}, {"tid": ["0f6b"]}, False),
        ({"domains": ("corp.example",)}, {"email": "ada@CORP.example", "email_verified": True}, True),
        ({"domains": ("corp.example",)}, {"email": "ada@corp.example"}, False),
        ({"domains": ("corp.example",)}, {"email": "ada@corp.example", "email_verified": "true"}, False),
        ({"domains": ("corp.example",)}, {"email": "ada@corp.example@evil.example", "email_verified": True}, False),
        ({"domains": ("corp.example",)}, {"preferred_username": "ada@corp.example"}, False),
        ({"domains": ("corp.example",)}, {"hd": "corp.example"}, True),
        (
            {"domains": ("corp.example",)},
            {"hd": "evil.example", "email": "a@corp.example", "email_verified": True},
            False,
        ),
    ],
)
def test_only_the_tenant_and_the_domain_that_are_let_in_come_in(corp, visitor, through, told, more, person, is_in):
    told(**more)
    corp.order(person=person)
    answer = through(visitor)
    assert answer.status_code == (302 if is_in else 403)
    assert is_in or reason() == "place"


def test_keys_are_kept_and_a_new_one_is_looked_for(corp, visitor, through, monkeypatch):
    start = len(corp.asked)
    for _ in range(3):
        through(Client())
    assert corp.asked[start:].count("/keys") == 1
    monkeypatch.setattr(provider_client, "AGAIN_S", 0)
    corp.order(new_key="second")
    assert through(visitor).status_code == 302
    assert corp.asked[start:].count("/keys") == 2
    corp.order(new_key="ec")
    assert through(visitor).status_code == 302


def test_invented_keys_do_not_make_us_ask_again_and_again(corp, through):
    through(Client())
    corp.order(header={"kid": "unknown"})
    start = len(corp.asked)
    for _ in range(4):
        assert through(Client()).status_code == 403
    assert corp.asked[start:].count("/keys") == 0


def test_a_token_that_names_no_key_holds_when_there_is_one(corp, visitor, through):
    corp.order(header={"kid": None})
    assert through(visitor).status_code == 302


DISCOVERY = "/.well-known/openid-configuration"
BROKEN = {
    "another issuer": {"metadata": {"issuer": "https://login.example/other"}},
    "no token address": {"metadata": {"token_endpoint": None}},
    "an address without TLS": {"metadata": {"jwks_uri": "http://keys.example/"}},
    "an address that is none": {"metadata": {"authorization_endpoint": "javascript:alert(1)"}},
    "a redirect": {"broken": {DISCOVERY: {"status": 302, "headers": [["Location", "/elsewhere"]]}}},
    "an error": {"broken": {DISCOVERY: {"status": 500}}},
    "no JSON": {"broken": {DISCOVERY: {"body": "<html>"}}},
    "a list": {"broken": {DISCOVERY: {"body": "[]"}}},
    "much too much": {"broken": {DISCOVERY: {"body": "x" * 300_000}}},
    "deep nesting": {"broken": {DISCOVERY: {"body": "[" * 200_000}}},
    "keys that are none": {"broken": {"/keys": {"body": "no"}}},
}


@pytest.mark.parametrize("orders", [pytest.param(orders, id=name) for name, orders in BROKEN.items()])
def test_a_provider_that_does_not_answer_as_it_should_is_said_so(corp, visitor, orders):
    corp.order(**orders)
    assert refused(visitor.get("/sign-in/provider"), "does not answer as it should", 503)
    assert AuditEvent.objects.count() == 0


def test_a_provider_that_is_slow_is_not_waited_for(corp, visitor, monkeypatch):
    monkeypatch.setattr("packamal.http.exchange.TIMEOUT_S", 0.3)
    corp.order(broken={DISCOVERY: {"wait_s": 3}})
    started = time.monotonic()
    assert refused(visitor.get("/sign-in/provider"), "does not answer as it should", 503)
    assert time.monotonic() - started < 2.5


def test_a_provider_that_went_away_is_asked_again_later(corp, visitor, through, monkeypatch):
    corp.order(broken={DISCOVERY: {"status": 503}})
    visitor.get("/sign-in/provider")
    corp.order()
    asked = len(corp.asked)
    assert refused(visitor.get("/sign-in/provider"), "does not answer as it should", 503)
    assert len(corp.asked) == asked
    later = time.monotonic() + provider_client.PAUSE_S
    monkeypatch.setattr(provider_client.time, "monotonic", lambda: later)
    assert through(visitor).status_code == 302


def test_the_secret_goes_into_the_form_where_the_provider_says_so(corp, visitor, through):
    corp.order(metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    assert through(visitor).status_code == 302


def test_a_wrong_secret_lets_nobody_in(corp, visitor, through, told):
    told(client_secret="another")
    assert refused(through(visitor), "could not be believed")


def test_weak_keys_sign_nothing(corp):
    from joserfc.jwk import RSAKey

    weak = {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "weak", "n": "w" * 171}
    strange = [{"kty": "oct", "k": "AAAA", "kid": "oct"}, {"kty": "RSA", "kid": "half"}, "no key", {"kid": "no kind"}]
    wrong_use = {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "enc", "use": "enc"}
    assert provider_client._keys({"keys": [weak, *strange, wrong_use]}) == {}
    assert provider_client._keys({"keys": "no"}) == {}


def test_without_a_provider_there_is_no_way_to_one(visitor, with_sessions):
    assert "/sign-in/provider" not in visitor.get("/sign-in").text
    for path in ("/sign-in/provider", "/sign-in/provider/back?state=x&code=y"):
        assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("path", ["https://exfil.example/", "//exfil.example", "/\\exfil.example"])
def test_nobody_is_sent_elsewhere_after_coming_back(corp, visitor, through, path):
    assert through(visitor, f"/sign-in/provider?{urlencode({'next': path})}")["Location"] == "/"


def test_the_secret_is_not_shown_where_settings_are(corp, settings):
    assert corp.issuer in repr(settings.PACKAMAL)
    assert corp.secret not in repr(settings.PACKAMAL)


@pytest.mark.django_db(transaction=True)
def test_two_first_visits_at_once_are_one_account(corp, through, at_once):
    answers = at_once(lambda _: through(Client()).status_code, 4)
    assert answers == [302] * 4
    assert User.objects.count() == 1

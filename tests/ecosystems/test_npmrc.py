"""npm's settings as npm itself would combine them."""

import base64

import pytest
from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.npmrc import default_registry, read
from packamal.errors import FetchError, NotFoundError


@pytest.fixture
def write(home):
    places = {
        "global": home.parent / "prefix" / "etc" / "npmrc",
        "user": home / ".npmrc",
        "project": home.parent / "project" / ".npmrc",
        "named": home.parent / "named-npmrc",
    }

    def put(place, text):
        places[place].parent.mkdir(parents=True, exist_ok=True)
        places[place].write_text(text)
        return str(places[place])

    return put


def test_without_settings_the_public_registry_is_used(make_access):
    found = read(make_access())
    assert found.registry == default_registry()
    assert found.registry.startswith("https://") and found.registry.count("/") == 3


def test_later_files_win_in_npms_order(make_access, write):
    for place in ("global", "user", "project"):
        write(place, f"registry=https://{place}.example/npm\n")
        assert read(make_access()).registry == f"https://{place}.example/npm/"
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        assert read(make_access(**{name: "https://variable.example"})).registry == "https://variable.example/"


def test_the_users_and_the_global_file_may_lie_elsewhere(make_access, write):
    write("user", "registry=https://user.example/\n")
    named = write("named", "registry=https://named.example/\n")
    assert read(make_access(NPM_CONFIG_USERCONFIG=named)).registry == "https://named.example/"
    assert read(make_access(npm_config_globalconfig=named)).registry == "https://user.example/"


def test_the_projects_file_lies_beside_its_package_json(make_access, write, home):
    write("project", "registry=https://project.example/\n")
    (home.parent / "project" / "package.json").write_text("{}")
    deep = home.parent / "project" / "src" / "deep"
    deep.mkdir(parents=True)
    access = make_access()
    below = type(access)(access.environ, deep, transport=access.transport)
    assert read(below).registry == "https://project.example/"


def test_scopes_have_registries_of_their_own(make_access, write):
    write("user", "@Corp:registry = https://corp.example/npm/ ; ours\n@else:registry=https://else.example\n")
    found = read(make_access(**{"npm_config_@env:registry": "https://env.example/"}))
    assert found.registry_of("@corp") == "https://corp.example/npm/"
    assert found.registry_of("@env") == "https://env.example/"
    assert found.registry_of("@other") == found.registry_of("") == default_registry()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("cafile=/etc/ca.pem", "/etc/ca.pem"),
        ('  cafile = "/etc/ca.pem"  ', "/etc/ca.pem"),
        ("cafile='/etc/ca.pem' ", "/etc/ca.pem"),
        ("cafile=/etc/ca.pem # note", "/etc/ca.pem"),
        ("cafile=${CERTS}/ca.pem", "/certs/ca.pem"),
        ("cafile=${NOT_SET}/ca.pem", "${NOT_SET}/ca.pem"),
        ("cafile=${NOT_SET?}/ca.pem", "/ca.pem"),
        ("cafile=null", ""),
        ("; cafile=/etc/ca.pem", ""),
        ("# cafile=/etc/ca.pem", ""),
        ("[cafile=x]\ncafile", ""),
    ],
)
def test_lines_are_read_as_npm_reads_them(make_access, write, line, value):
    write("user", line + "\n")
    assert read(make_access(CERTS="/certs")).certificates == value


def test_further_certificates_and_the_proxy_are_taken_over(make_access, write):
    write("user", "https-proxy=http://fred:s3cret@proxy.example:8080\n")
    found = read(make_access(NODE_EXTRA_CA_CERTS="/etc/more.pem"))
    assert (found.further_certificates, found.proxy) == ("/etc/more.pem", "http://fred:s3cret@proxy.example:8080")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("url", ["file:///srv", "registry.example", "http://", "https://fred:s3cret@"])
def test_a_registry_that_is_no_web_address_is_an_error(make_access, url):
    with pytest.raises(FetchError, match="no http") as caught:
        read(make_access(npm_config_registry=url))
    assert "s3cret" not in str(caught.value)


PASSWORD = base64.b64encode(b"s3cret").decode()
BASIC = "Basic " + base64.b64encode(b"fred:s3cret").decode()


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        ("//registry.example/:_authToken=t0ken", "Bearer t0ken"),
        ("//registry.example/npm/:_authToken=t0ken", "Bearer t0ken"),
        ("//registry.example:443/npm/:_authToken=t0ken", "Bearer t0ken"),
        ("//registry.example/:_authToken=${TOKEN}", "Bearer from-env"),
        ("//registry.example/:_auth=" + base64.b64encode(b"fred:s3cret").decode(), BASIC),
        (f"//registry.example/:username=fred\n//registry.example/:_password={PASSWORD}", BASIC),
        ("//registry.example/:_authToken=general\n//registry.example/npm/:_authToken=special", "Bearer special"),
        ("//registry.example/:_authToken=${NOT_SET}", ""),
        ("//registry.example/npm-other/:_authToken=t0ken", ""),
        ("//registry.example:8443/:_authToken=t0ken", ""),
        ("//other.example/:_authToken=t0ken", ""),
        ("//example/:_authToken=t0ken", ""),
        ("_authToken=t0ken", ""),
        ("//registry.example/:username=fred\n//registry.example/:_password=%%%", ""),
        ("//registry.example/:_authToken=t0k\u00e9n", ""),
        ("//[/:_authToken=t0ken", ""),
    ],
)
def test_a_secret_belongs_to_its_host_and_path(make_access, write, lines, header):
    write("user", lines + "\n")
    found = read(make_access(TOKEN="from-env"))
    assert found.credentials.header("https://registry.example/npm/is-it") == header
    assert "t0ken" not in repr(found) and "s3cret" not in repr(found)


@pytest.fixture
def private(recorded):
    """A registry of a scope that wants a token and keeps its tarballs on its own host and on another."""
    versions = {
        "1.0.0": {"dist": {"tarball": "https://npm.corp.example/files/it-1.0.0.tgz"}},
        "2.0.0": {"dist": {"tarball": "https://files.example/it-2.0.0.tgz"}},
    }
    recorded.put("https://npm.corp.example/npm/@corp%2Fit", {"dist-tags": {"latest": "2.0.0"}, "versions": versions})
    recorded.put("https://npm.corp.example/files/it-1.0.0.tgz", b"one")
    recorded.put("https://files.example/it-2.0.0.tgz", b"two")
    plain = recorded.answer

    def answer(request):
        response = plain(request)
        wants = "corp.example/npm/" in str(request.url) and request.headers.get("authorization") != "Bearer t0ken"
        return type(response)(401) if wants else response

    recorded.transport.handler = answer


def test_a_token_reaches_its_registry_and_nothing_else(make_access, write, recorded, private, caplog):
    caplog.set_level("DEBUG")
    write("user", "@corp:registry=https://npm.corp.example/npm/\n//npm.corp.example/npm/:_authToken=t0ken\n")
    npm = ECOSYSTEMS["npm"](make_access())
    told = ""
    for version in ("1.0.0", "2.0.0"):
        release = npm.resolve(PackageURL("npm", "@corp", "it", version))
        assert npm.fetch(release.files[0]) in (b"one", b"two")
        told += repr(release)
    assert recorded.authorization("https://npm.corp.example/npm/@corp%2Fit") == "Bearer t0ken"
    assert recorded.authorization("https://npm.corp.example/files/it-1.0.0.tgz") == ""
    assert recorded.authorization("https://files.example/it-2.0.0.tgz") == ""
    assert "t0ken" not in told + caplog.text + repr(npm._npmrc)


def test_a_wrong_token_is_an_error_that_does_not_repeat_it(make_access, write, private):
    write("user", "@corp:registry=https://npm.corp.example/npm/\n//npm.corp.example/npm/:_authToken=wr0ng\n")
    with pytest.raises(FetchError, match=r"wants credentials or refuses them \(401\); put them into \.npmrc") as caught:
        ECOSYSTEMS["npm"](make_access()).resolve(PackageURL("npm", "@corp", "it"))
    assert "wr0ng" not in str(caught.value)


def test_a_scope_with_its_own_registry_never_falls_back_to_the_public_one(make_access, write, recorded, private):
    write("user", "@corp:registry=https://npm.corp.example/npm/\n//npm.corp.example/npm/:_authToken=t0ken\n")
    with pytest.raises(NotFoundError):
        ECOSYSTEMS["npm"](make_access()).resolve(PackageURL("npm", "@corp", "unknown"))
    assert recorded.asked == ["https://npm.corp.example/npm/@corp%2Funknown"]

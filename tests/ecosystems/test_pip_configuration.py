"""pip's settings as pip itself would combine them."""

import os

import pytest
from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.pip_configuration import default_index, read
from packamal.ecosystems.simple_index import JSON_TYPE
from packamal.errors import FetchError, NotFoundError


@pytest.fixture
def write(home):
    places = {
        "xdg": home.parent / "xdg" / "pip" / "pip.conf",
        "etc": home.parent / "etc" / "pip.conf",
        "legacy": home / ".pip" / "pip.conf",
        "user": home / ".config" / "pip" / "pip.conf",
        "venv": home.parent / "venv" / "pip.conf",
        "named": home.parent / "named.conf",
    }

    def put(place, text):
        places[place].parent.mkdir(parents=True, exist_ok=True)
        places[place].write_text(text)
        return places[place]

    return put


def test_without_settings_the_public_index_is_used(make_access):
    found = read(make_access())
    assert found.indexes == (default_index(),)
    assert found.indexes[0].startswith("https://") and found.indexes[0].endswith("/simple/")


def test_later_files_win_in_pips_order(make_access, write):
    for place in ("xdg", "etc", "legacy", "user", "venv"):
        write(place, f"[global]\nindex-url = https://{place}.example/simple\n")
        assert read(make_access()).indexes == (f"https://{place}.example/simple/",)
    named = str(write("named", "[global]\nindex-url = https://named.example/simple\n"))
    assert read(make_access(PIP_CONFIG_FILE=named)).indexes == ("https://named.example/simple/",)
    variables = {"PIP_CONFIG_FILE": named, "PIP_INDEX_URL": "https://variable.example/simple"}
    assert read(make_access(**variables)).indexes == ("https://variable.example/simple/",)


def test_a_named_file_stands_instead_of_the_users(make_access, write):
    write("user", "[global]\nextra-index-url = https://user.example/simple\n")
    named = str(write("named", "[global]\nindex-url = https://named.example/simple\n"))
    assert read(make_access(PIP_CONFIG_FILE=named)).indexes == ("https://named.example/simple/",)


def test_the_null_device_stands_instead_of_all_files(make_access, write):
    write("etc", "[global]\nindex-url = https://etc.example/simple\n")
    assert read(make_access(PIP_CONFIG_FILE=os.devnull)).indexes == (default_index(),)


def test_sections_names_and_lines_are_pips(make_access, write):
    text = """[global]
index-url = https://global.example/simple
Extra_Index_Url =
    https://one.example/simple/
    https://two.example/%7Eann/simple
[install]
index_url = https://install.example/simple
[freeze]
index-url = https://freeze.example/simple
"""
    write("user", text)
    hosts = ("https://install.example/simple/", "https://one.example/simple/", "https://two.example/%7Eann/simple/")
    assert read(make_access()).indexes == hosts


@pytest.mark.parametrize(
    "text", ["index-url = x", "[global\nx", "[global]\nindex-url", "\ufeff[global]\nx=1", "[a]\nx=1\nx=2"]
)
def test_a_broken_file_is_named(make_access, write, text):
    path = write("user", text)
    with pytest.raises(FetchError, match=f"{path} cannot be read"):
        read(make_access())


@pytest.mark.parametrize(
    "url", ["file:///srv/simple", "index.example/simple", "https://", "https://fred:s3cret@", "ftp://a/"]
)
def test_an_index_that_is_no_web_address_is_an_error(make_access, url):
    with pytest.raises(FetchError, match="no http") as caught:
        read(make_access(PIP_INDEX_URL=url))
    assert "s3cret" not in str(caught.value)


def test_certificates_and_proxy_are_taken_over(make_access, home):
    found = read(
        make_access(PIP_CERT="~/ca.pem", PIP_CLIENT_CERT="/etc/me.pem", PIP_PROXY="http://fred:s3cret@proxy.example")
    )
    assert (found.certificates, found.client_certificate) == (str(home / "ca.pem"), "/etc/me.pem")
    assert found.proxy.endswith("@proxy.example") and "s3cret" not in repr(found)


def test_no_index_is_respected(make_access):
    pypi = ECOSYSTEMS["pypi"](make_access(PIP_NO_INDEX="1"))
    with pytest.raises(FetchError, match="no-index"):
        pypi.resolve(PackageURL("pypi", None, "tool"))


def basic_auth(monkeypatch_url, recorded):
    import base64

    return base64.b64decode(recorded.authorization(monkeypatch_url).removeprefix("Basic ")).decode()


@pytest.fixture
def private(recorded, file_entry):
    """An index that wants fred's password and keeps its files on its own host and on another."""
    entries = [file_entry("tool-1.0.tar.gz", url="/files/tool-1.0.tar.gz"), file_entry("tool-1.0-py3-none-any.whl")]
    recorded.put("https://index.example/simple/tool/", {"files": entries, "name": "tool"}, JSON_TYPE)
    recorded.put("https://index.example/files/tool-1.0.tar.gz", b"content")
    recorded.put("https://files.example/packages/tool-1.0-py3-none-any.whl", b"content")
    guarded = recorded.answer

    def answer(request):
        response = guarded(request)
        wants = request.url.host == "index.example" and not request.headers.get("authorization", "").startswith(
            "Basic "
        )
        return type(response)(401) if wants else response

    recorded.transport.handler = answer


def judged(pypi):
    release = pypi.resolve(PackageURL("pypi", None, "tool"))
    return release, [pypi.fetch(file) for file in release.files]


def test_a_password_in_the_index_address_reaches_its_host_only(make_access, recorded, private, caplog):
    caplog.set_level("DEBUG")
    pypi = ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL="https://fred:s%40cret@index.example/simple"))
    release, contents = judged(pypi)
    assert contents == [b"content", b"content"]
    assert basic_auth("https://index.example/simple/tool/", recorded) == "fred:s@cret"
    assert basic_auth("https://index.example/files/tool-1.0.tar.gz", recorded) == "fred:s@cret"
    assert recorded.authorization("https://files.example/packages/tool-1.0-py3-none-any.whl") == ""
    told = caplog.text + repr(release) + repr(pypi._configuration)
    assert "cret" not in told and "fred" not in told
    assert all("cret" not in url for url in recorded.asked)


def test_a_password_in_netrc_reaches_the_index(make_access, home, recorded, private):
    (home / ".netrc").write_text(
        "machine index.example login fred password s3cret\nmachine files.example login a password b\n"
    )
    (home / ".netrc").chmod(0o600)
    judged(ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL="https://index.example/simple")))
    assert basic_auth("https://index.example/simple/tool/", recorded) == "fred:s3cret"
    assert recorded.authorization("https://files.example/packages/tool-1.0-py3-none-any.whl") == ""


def test_a_broken_netrc_is_as_good_as_none(make_access, home, recorded, private):
    (home / ".netrc").write_text("machine index.example login\x00 'unfinished")
    with pytest.raises(FetchError, match=r"wants credentials .*put them into pip's index-url or ~/.netrc"):
        judged(ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL="https://index.example/simple")))


def test_the_errors_of_a_private_index_hold_no_password(make_access, recorded):
    pypi = ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL="https://fred:s3cret@index.example/simple"))
    with pytest.raises(NotFoundError) as caught:
        pypi.resolve(PackageURL("pypi", None, "tool"))
    assert "s3cret" not in str(caught.value) and "fred" not in str(caught.value)

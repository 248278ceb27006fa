"""Proxies and certificates come from the environment and the package manager's settings."""

import datetime
import ssl

import pytest

from packamal.errors import FetchError
from packamal.http.proxies import proxy_for

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://index.example/", ""),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "https://index.example/", "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://index.example/", ""),
        (
            {"https_proxy": "proxy.example:1", "HTTPS_PROXY": "other.example"},
            "https://a.example/",
            "http://proxy.example:1",
        ),
        ({"ALL_PROXY": "http://proxy.example"}, "http://index.example/", "http://proxy.example"),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "index.example"}, "https://index.example/", ""),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": ".corp.example"}, "https://a.corp.example:8/", ""),
        ({"HTTPS_PROXY": "http://p.example", "NO_PROXY": "*"}, "https://index.example/", ""),
        (
            {"HTTPS_PROXY": "http://p.example", "no_proxy": "other.example"},
            "https://u:p@index.example/",
            "http://p.example",
        ),
        ({"HTTPS_PROXY": "http://p.example"}, "nonsense", ""),
    ],
)
def test_the_proxy_is_the_one_curl_would_take(environ, url, proxy):
    assert proxy_for(url, environ) == proxy


def test_a_request_goes_through_the_proxy(server, make_client, reply):
    server.answers["http://index.example/simple/a/"] = reply(200, b"by proxy")
    client = make_client("http://index.example/", environ={"http_proxy": server.url})
    assert client.page("http://index.example/simple/a/", "*/*").body == b"by proxy"


def test_an_inner_address_is_refused_before_the_proxy_hears_of_it(server, make_client):
    client = make_client("http://index.example/", environ={"http_proxy": server.url})
    with pytest.raises(FetchError, match="inner network"):
        client.page("http://169.254.169.254/latest/", "*/*")
    assert server.seen == []


@pytest.mark.parametrize("proxy", ["socks5://proxy.example:1080", "gopher://proxy.example", "http://fred:s3cret@[bad"])
def test_a_proxy_that_cannot_be_used_is_one_line_without_its_password(make_client, proxy):
    client = make_client("http://index.example/", environ={"http_proxy": proxy})
    with pytest.raises(FetchError, match="proxy") as caught:
        client.page("http://index.example/", "*/*")
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def certificate(tmp_path):
    """A key and a self-made certificate for 127.0.0.1, in one file each."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "index.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@pytest.fixture
def tls_server(start_server, certificate):
    def secure(server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
        server.scheme = "https"
        server.http.handle_error = lambda *args: None

    return start_server(secure)


def test_an_unknown_certificate_names_the_setting(tls_server, make_client):
    with pytest.raises(FetchError, match=r"certificate of .* is not trusted .*set PIP_CERT to your CA bundle"):
        make_client(tls_server.url).page(tls_server.url, "*/*")


@pytest.mark.parametrize("way", ["setting", "further", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_configured_certificate_is_trusted(tls_server, make_client, reply, certificate, way):
    tls_server.answers["/x"] = reply(200, b"safe")
    path = str(certificate[0])
    peer = {"setting": {"certificates": path}, "further": {"further_certificates": path}}.get(way, {})
    client = make_client(tls_server.url, peer=peer, environ={way: path})
    assert client.page(tls_server.url + "x", "*/*").body == b"safe"


@pytest.mark.parametrize("peer", [{"certificates": "/nowhere/ca.pem"}, {"client_certificate": "/nowhere/me.pem"}])
def test_a_certificate_file_that_is_missing_is_named(make_client, peer):
    with pytest.raises(FetchError, match=r"/nowhere/.* cannot be read"):
        make_client("https://index.example/", peer=peer).page("https://index.example/", "*/*")


def test_no_redirect_leads_from_tls_to_plain(tls_server, server, make_client, reply, certificate):
    tls_server.answers["/a"] = reply(302, b"", {"Location": server.url})
    client = make_client(tls_server.url, server.url, peer={"certificates": str(certificate[0])})
    with pytest.raises(FetchError, match="unencrypted"):
        client.page(tls_server.url + "a", "*/*")
    assert server.seen == []

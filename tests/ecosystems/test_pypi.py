"""PyPI's protocol against recorded answers."""

import pytest
from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.pypi_choice import chosen
from packamal.ecosystems.simple_index import JSON_TYPE, IndexedFile, parse_filename
from packamal.errors import FetchError, NotFoundError

INDEX = "https://index.example/simple/"
EXTRA = "https://extra.example/simple/"


@pytest.fixture
def pypi(make_access):
    return ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL=INDEX))


@pytest.fixture
def publish(recorded):
    def put(*entries, name="tool", index=INDEX):
        page = {"meta": {"api-version": "1.4"}, "name": name, "files": list(entries), "versions": []}
        recorded.put(f"{index}{name}/", page, JSON_TYPE)

    return put


def wanted(version=None, name="tool", **qualifiers):
    return PackageURL("pypi", None, name, version, qualifiers)


def names(release):
    return [file.filename for file in release.files]


def test_the_newest_version_is_found_and_said(pypi, publish, file_entry):
    publish(*(file_entry(f"tool-{version}.tar.gz") for version in ("1.9", "1.10", "1.2", "2.0b1")))
    release = pypi.resolve(wanted())
    assert str(release.purl) == "pkg:pypi/tool@1.10"
    assert release.notes == ("newest version is 1.10",)
    assert release.metadata.release_count == 4
    assert release.metadata.published_at == "2026-01-02T03:04:05.000006Z"
    assert release.files[0].published_at == "2026-01-02T03:04:05.000006Z"
    assert (release.files[0].kind, release.files[0].size_bytes) == ("sdist", 7)


def test_an_exact_version_needs_no_note(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz"), file_entry("tool-2.0.tar.gz"))
    release = pypi.resolve(wanted("1.0.0"))
    assert (names(release), release.notes) == (["tool-1.0.tar.gz"], ())


@pytest.mark.parametrize(
    ("files", "newest"),
    [
        ([("1.0a1", False), ("1.0b1", False)], "1.0b1"),
        ([("1.0", False), ("2.0", "broken")], "1.0"),
        ([("1.0", False), ("2.0", "")], "1.0"),
        ([("1.0", True), ("2.0", True)], "2.0"),
        ([("1.0", True), ("2.0rc1", False)], "2.0rc1"),
        ([("1!1.0", False), ("99", False)], "1!1.0"),
    ],
)
def test_prereleases_and_yanked_versions_come_last(pypi, publish, file_entry, files, newest):
    publish(*(file_entry(f"tool-{version}.tar.gz", yanked=yanked) for version, yanked in files))
    assert pypi.resolve(wanted()).purl.version == newest


def test_a_yanked_version_that_is_asked_for_is_judged_and_said(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz", yanked="leaks keys"), file_entry("tool-0.9.tar.gz"))
    release = pypi.resolve(wanted("1.0"))
    assert release.metadata.is_yanked and release.notes == ("version 1.0 is yanked",)


def wheel(tags):
    return f"tool-1.0-{tags}.whl"


@pytest.mark.parametrize(
    ("tags", "best"),
    [
        (["cp312-cp312-win_amd64", "py3-none-any"], "py3-none-any"),
        (["cp39-cp39-manylinux_2_17_x86_64", "py2.py3-none-any"], "py2.py3-none-any"),
        (["cp39-cp39-manylinux1_x86_64", "cp312-cp312-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_28_aarch64"],
         "cp312-cp312-manylinux_2_28_x86_64"),
        (["cp39-abi3-win32", "cp39-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64", "cp39-abi3-macosx_11_0_arm64"],
         "cp39-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64"),
        (["cp314-cp314t-manylinux_2_28_x86_64", "cp36-abi3-manylinux_2_28_x86_64"], "cp36-abi3-manylinux_2_28_x86_64"),
        (["cp310-cp310-win32", "cp311-cp311-win32"], "cp310-cp310-win32"),
        (["py2-none-any", "cp312-cp312-win32"], "py2-none-any"),
    ],
)  # fmt: skip
def test_the_wheel_that_most_people_get_is_judged(pypi, publish, file_entry, tags, best):
    publish(file_entry("tool-1.0.tar.gz"), *(file_entry(wheel(tag)) for tag in tags))
    release = pypi.resolve(wanted("1.0"))
    assert names(release) == ["tool-1.0.tar.gz", wheel(best)]
    count = len(tags) - 1
    assert release.notes == (f"{count} further wheel{'s were' if count > 1 else ' was'} not judged",)


def test_of_several_sdists_one_is_judged_and_the_rest_counted(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.zip"), file_entry("tool-1.0.tar.gz"), file_entry("tool-1.0-py2.7.egg"))
    release = pypi.resolve(wanted("1.0"))
    assert names(release) == ["tool-1.0.tar.gz"]
    assert release.notes == ("1 further egg was not judged", "1 further sdist was not judged")


def test_a_version_with_old_kinds_only_is_judged_by_its_first_file(pypi, publish, file_entry):
    publish(file_entry("tool-1.0-py2.7.egg"), file_entry("tool-1.0.win32-py2.7.exe"))
    assert [file.kind for file in pypi.resolve(wanted()).files] == ["egg"]


def test_a_file_that_the_purl_names_is_judged_alone(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz"), file_entry(wheel("cp39-cp39-win32")), file_entry(wheel("py3-none-any")))
    assert names(pypi.resolve(wanted("1.0", file_name=wheel("cp39-cp39-win32")))) == [wheel("cp39-cp39-win32")]
    with pytest.raises(NotFoundError, match="has no file"):
        pypi.resolve(wanted("1.0", file_name="other.whl"))


@pytest.mark.parametrize(
    ("filename", "project", "kind", "version"),
    [
        ("zope.interface-4.0.tar.gz", "zope-interface", "sdist", "4.0"),
        ("zope_interface-4.0.tar.gz", "zope.interface", "sdist", "4.0"),
        ("python-dateutil-2.8.2.zip", "python-dateutil", "sdist", "2.8.2"),
        ("tool-1.0-1.tar.bz2", "tool", "sdist", "1.0.post1"),
        ("tool-1.0.tar.Z", "tool", "sdist", "1.0"),
        ("tool-1.0-py3-none-any.whl", "tool", "wheel", "1.0"),
        ("tool-1.0-2-py3-none-any.whl", "Tool", "wheel", "1.0"),
        ("tool-1.0-py2.7-win32.egg", "tool", "egg", "1.0"),
        ("tool-1.0.win-amd64-py2.7.exe", "tool", "exe", "1.0"),
        ("tool-2004d.tar.gz", "tool", "", None),
        ("tool-1.0-SNAPSHOT.tar.gz", "tool", "", None),
        ("other-1.0.tar.gz", "tool", "", None),
        ("other-1.0-py3-none-any.whl", "tool", "wheel", None),
        ("tool-1.0-nonsense.whl", "tool", "", None),
        ("../tool-1.0.tar.gz", "tool", "", None),
        ("tool-1.0\n.tar.gz", "tool", "", None),
        ("tool-1.0.txt", "tool", "", None),
        ("", "tool", "", None),
    ],
)
def test_a_file_name_gives_kind_and_version(filename, project, kind, version):
    found = parse_filename(filename, project)
    assert (found[1] and str(found[1])) == version
    assert found[0] == kind or version is None


def test_old_versions_that_cannot_be_compared_are_left_out_and_counted(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz"), file_entry("tool-2004d.tar.gz"), file_entry("tool-dev-r12.tar.gz"))
    release = pypi.resolve(wanted("1.0"))
    assert release.notes == ("2 files without a comparable version left out",)


def test_a_file_that_the_index_does_not_vouch_for_is_said(pypi, publish, file_entry, recorded):
    publish(file_entry("tool-1.0.tar.gz", hashes={}), file_entry(wheel("py3-none-any"), hashes={"md5": "0" * 32}))
    notes = pypi.resolve(wanted("1.0")).notes
    assert "the index gives no digest for tool-1.0.tar.gz: it could not be checked" in notes
    assert any("only md5" in note for note in notes)


def test_the_files_are_fetched_and_checked(pypi, publish, file_entry, recorded):
    publish(file_entry("tool-1.0.tar.gz", b"real"))
    recorded.put("https://files.example/packages/tool-1.0.tar.gz", b"real")
    file = pypi.resolve(wanted()).files[0]
    assert pypi.fetch(file) == b"real"
    recorded.put("https://files.example/packages/tool-1.0.tar.gz", b"forged")
    with pytest.raises(FetchError, match="not what the index promised"):
        pypi.fetch(file)


def test_a_file_that_is_gone_is_an_error_of_one_line(pypi, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz"))
    with pytest.raises(NotFoundError, match=r"tool-1.0.tar.gz does not exist \(404\)"):
        pypi.fetch(pypi.resolve(wanted()).files[0])


def test_an_unknown_package_names_the_index_and_the_setting(pypi):
    with pytest.raises(NotFoundError, match=r"no package tool on https://index.example/simple/; check the spelling"):
        pypi.resolve(wanted())


@pytest.mark.parametrize(("version", "says"), [("9", "has no version 9; the newest is 1.0"), ("^1", "is no version")])
def test_an_unknown_version_names_the_newest(pypi, publish, file_entry, version, says):
    publish(file_entry("tool-1.0.tar.gz"))
    with pytest.raises(NotFoundError, match=says.replace("^", r"\^")):
        pypi.resolve(wanted(version))


def test_a_project_in_quarantine_is_said(pypi, publish, file_entry, recorded):
    page = {"files": [file_entry("tool-1.0.tar.gz")], "project-status": {"status": "quarantined", "reason": "x"}}
    recorded.put(f"{INDEX}tool/", page, JSON_TYPE)
    assert "the index marks the project as quarantined" in pypi.resolve(wanted("1.0")).notes
    recorded.put(f"{INDEX}tool/", {**page, "files": []}, JSON_TYPE)
    with pytest.raises(NotFoundError, match="marks the project as quarantined"):
        pypi.resolve(wanted())


HTML = b"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.9"></head><body>
<a href="../../files/tool-1.0.tar.gz#sha256=ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
>tool-1.0.tar.gz</a>
<a href="tool-1.1-py3-none-any.whl" data-yanked="bad" data-requires-python="&gt;=3">tool-1.1-py3-none-any.whl</a>
<a href="javascript:alert(1)">tool-9.0.tar.gz</a><a>tool-8.0.tar.gz</a>
</body></html>"""


def test_an_index_that_speaks_html_is_read(pypi, recorded):
    recorded.put(f"{INDEX}tool/", HTML, "text/html")
    recorded.put("https://index.example/files/tool-1.0.tar.gz", b"content")
    release = pypi.resolve(wanted())
    assert (release.purl.version, release.files[0].url) == ("1.0", "https://index.example/files/tool-1.0.tar.gz")
    assert pypi.fetch(release.files[0]) == b"content"
    assert pypi.resolve(wanted("1.1")).files[0].url == f"{INDEX}tool/tool-1.1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<html>Please log in</html>", "text/html", "no file that can be judged"),
        (b"<html>Please log in</html>", JSON_TYPE, "broken JSON"),
        (b'{"files": [', JSON_TYPE, "broken JSON"),
        (b'{"files": {}}', JSON_TYPE, "broken JSON"),
        (b"[" * 100_000, JSON_TYPE, "broken JSON"),
        (b"[]", JSON_TYPE, "broken JSON"),
        (b"\xff\xfe\x00", JSON_TYPE, "broken JSON"),
        (b'{"files": []}', JSON_TYPE, "no file that can be judged"),
        (b'{"files": [1, null, {}, {"url": 7}]}', JSON_TYPE, "no file that can be judged"),
        (b"{}", "application/json", "is no package index page but application/json"),
        (b"", "", "but of no type"),
        (b"<" * 100_000, "text/html", "no file that can be judged"),
        (b"<a>" * 5_000, "text/html", "."),
    ],
)
def test_an_answer_that_is_no_index_page_is_an_error_of_one_line(pypi, recorded, body, kind, says):
    recorded.put(f"{INDEX}tool/", body, kind)
    with pytest.raises((FetchError, NotFoundError), match=says) as caught:
        pypi.resolve(wanted())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [{"hashes": []}, {"hashes": {"sha256": 1}}, {"hashes": {"sha256": "../.."}}, {"size": -1}, {"size": "x"},
     {"size": 1e400}, {"upload-time": {}}, {"yanked": []}, {"core-metadata": []}, {"filename": ["x"]}, {"url": "https://u:p@files.example/f"}],
)  # fmt: skip
def test_odd_values_of_an_index_do_no_harm(pypi, publish, file_entry, changes):
    publish(file_entry("tool-1.0.tar.gz"), file_entry("tool-1.1.tar.gz", **changes))
    assert pypi.resolve(wanted("1.0")).purl.version == "1.0"


@pytest.fixture
def both(make_access):
    return ECOSYSTEMS["pypi"](make_access(PIP_INDEX_URL=INDEX, PIP_EXTRA_INDEX_URL=EXTRA))


def test_all_indexes_are_asked_and_the_newest_of_all_wins_as_with_pip(both, publish, file_entry, recorded):
    publish(file_entry("tool-1.0.tar.gz"))
    publish(file_entry("tool-99.0.tar.gz"), index=EXTRA)
    release = both.resolve(wanted())
    assert release.purl.version == "99.0"
    assert f"2 configured indexes have this name: {INDEX}, {EXTRA}" in release.notes


def test_a_package_that_only_the_extra_index_has_is_found(both, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz"), index=EXTRA)
    assert both.resolve(wanted()).purl.version == "1.0"


def test_the_same_file_on_two_indexes_is_taken_from_the_first(both, publish, file_entry):
    publish(file_entry("tool-1.0.tar.gz", url="https://files.example/first.tar.gz"))
    publish(file_entry("tool-1.0.tar.gz", url="https://files.example/second.tar.gz"), index=EXTRA)
    assert both.resolve(wanted()).files[0].url == "https://files.example/first.tar.gz"


@pytest.mark.parametrize("status", [401, 418])
def test_an_index_in_trouble_is_an_error_and_never_an_absence(both, publish, file_entry, recorded, status):
    publish(file_entry("tool-1.0.tar.gz"), index=EXTRA)
    recorded.put(f"{INDEX}tool/", b"", status=status)
    with pytest.raises(FetchError):
        both.resolve(wanted())


def test_a_purl_that_names_its_index_is_looked_up_there_only(both, publish, file_entry, recorded):
    publish(file_entry("tool-1.0.tar.gz"))
    publish(file_entry("tool-2.0.tar.gz"), index=EXTRA)
    assert both.resolve(wanted(repository_url="https://index.example/simple")).purl.version == "1.0"
    assert both.resolve(wanted(repository_url="extra.example")).purl.version == "2.0"
    with pytest.raises(NotFoundError, match=r"names the registry https://other\.example"):
        both.resolve(wanted(repository_url="https://other.example"))
    assert not any("other.example" in url for url in recorded.asked)


INFO = {
    "name": "Tool", "version": "1.0", "summary": "Does it.", "description": "# Tool", "home_page": None,
    "author": "Ann", "author_email": "ann@x.example", "maintainer": "", "maintainer_email": None,
    "license": "UNKNOWN", "license_expression": "MIT", "keywords": "a,b c", "requires_dist": ["six>=1; extra == 'x'"],
    "project_urls": {"Source Code": "https://git.example/tool", "Homepage": "https://tool.example"},
}  # fmt: skip


def test_the_json_document_beside_the_index_tells_more(pypi, publish, file_entry, recorded):
    publish(file_entry("tool-1.0.tar.gz", provenance="https://index.example/integrity/x"))
    recorded.put("https://index.example/pypi/tool/1.0/json", {"info": INFO})
    metadata = pypi.resolve(wanted()).metadata
    assert (metadata.name, metadata.summary, metadata.description) == ("tool", "Does it.", "# Tool")
    assert (metadata.homepage, metadata.repository) == ("https://tool.example", "https://git.example/tool")
    assert (metadata.author, metadata.maintainers, metadata.licence) == ("Ann", ("ann@x.example",), "MIT")
    assert (metadata.keywords, metadata.dependencies) == (("a", "b c"), (("six", ">=1"),))
    assert metadata.has_provenance


def test_without_it_the_metadata_file_of_the_wheel_is_read(pypi, publish, file_entry, recorded):
    publish(file_entry(wheel("py3-none-any"), **{"core-metadata": {"sha256": "0"}}))
    recorded.put(
        f"https://files.example/packages/{wheel('py3-none-any')}.metadata", b"Name: tool\nSummary: From the wheel\n"
    )
    assert pypi.resolve(wanted()).metadata.summary == "From the wheel"


@pytest.mark.parametrize("document", [b"<html>", b"[]", b'{"info": []}', b'{"info": {"name": [], "project_urls": 3}}'])
def test_a_json_document_that_is_none_tells_nothing(pypi, publish, file_entry, recorded, document):
    publish(file_entry("tool-1.0.tar.gz"))
    recorded.put("https://index.example/pypi/tool/1.0/json", document)
    metadata = pypi.resolve(wanted()).metadata
    assert (metadata.name, metadata.version, metadata.summary) == ("tool", "1.0", "")


def test_a_wheel_alone_or_nothing_is_chosen_without_a_complaint():
    assert chosen([]) == ()
    from packaging.version import Version

    only = IndexedFile(wheel("py3-none-any"), "https://files.example/x", "wheel", Version("1.0"))
    assert chosen([only]) == (only,)

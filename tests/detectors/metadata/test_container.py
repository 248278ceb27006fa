"""Every oddity of an archive is a signal of the vocabulary."""

import pytest

from packamal.archive import Anomaly, AnomalyKind, Unpacked
from packamal.detectors.container import MAX_ALIKE, signals_of
from packamal.model import SNIPPET_CHARS, TARGET_CHARS, Artifact, Role

ARTIFACT = Artifact("", "pkg.whl", "", 0)


@pytest.mark.parametrize("kind", AnomalyKind)
def test_every_kind_of_anomaly_has_its_signal(kind):
    [signal] = signals_of(Unpacked("zip", (), (Anomaly(kind, "a/b.py", "why"),)), ARTIFACT).signals
    assert signal.id.value == f"archive.{kind.value}"
    assert signal.role is Role.NEVER
    assert (signal.evidence.artifact, signal.evidence.path, signal.evidence.snippet) == ("pkg.whl", "a/b.py", "why")
    assert signal.target == "a/b.py: why"


def test_an_oddity_of_the_whole_archive_names_the_archive():
    [signal] = signals_of(Unpacked("zip", (), (Anomaly(AnomalyKind.BOMB, "", "too much"),)), ARTIFACT).signals
    assert signal.target == "pkg.whl: too much"


def test_many_alike_are_shown_by_some_and_hide_no_other_kind():
    anomalies = (
        *[Anomaly(AnomalyKind.LINK, f"{number}", "x") for number in range(500)],
        Anomaly(AnomalyKind.BOMB, "", "y"),
    )
    signals = signals_of(Unpacked("tar", (), anomalies), ARTIFACT).signals
    assert len(signals) == MAX_ALIKE + 1
    assert signals[-1].id.value == "archive.bomb"


def test_long_texts_are_cut():
    [signal] = signals_of(Unpacked("tar", (), (Anomaly(AnomalyKind.PATH, "p" * 5000, "d" * 5000),)), ARTIFACT).signals
    assert len(signal.target) <= TARGET_CHARS
    assert len(signal.evidence.snippet) <= SNIPPET_CHARS

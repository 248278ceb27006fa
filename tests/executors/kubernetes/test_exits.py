"""Exit codes of a Job: told apart, never taken for the scanner's own, none of them an answer by itself."""

from packamal.executors.base import Ending
from packamal.executors.kubernetes.exits import ENDINGS, JobExit
from packamal.executors.process import USAGE, WITH_REPORT


def test_no_code_says_what_a_program_says_that_crashed_or_misread_its_arguments():
    spoken = {code for code in JobExit if code is not JobExit.DELIVERED}
    assert not spoken & {*WITH_REPORT, USAGE, 70, 126, 127}
    assert all(code < 128 for code in spoken)  # above, a signal speaks


def test_only_zero_claims_that_a_report_arrived():
    assert [code for code, ending in ENDINGS.items() if ending is Ending.DELIVERED] == [0]
    assert Ending.REPORTED not in ENDINGS.values()


def test_what_is_not_known_is_no_answer_about_a_package():
    assert {JobExit.LOST, JobExit.UNDELIVERED} == {*JobExit} - {*ENDINGS}

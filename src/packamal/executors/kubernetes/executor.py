"""Runs each scan as a Job: creates or adopts it, follows it by short watches, and outlasts an absent API server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Set

from packamal.executors.base import Ending, Order, Outcome, Stage, Watch
from packamal.executors.kubernetes.api import CONFLICT, NOT_FOUND, Cluster, ClusterError, Object
from packamal.executors.kubernetes.fate import Fate, fate, has_run, hindrance
from packamal.executors.kubernetes.job import GRACE_S, SELECTOR, build_job, build_secret
from packamal.executors.kubernetes.objects import SUCCEEDED, Job, Pod
from packamal.executors.kubernetes.settings import JobSettings

log = logging.getLogger(__name__)
START_S = 60.0
"""How long a Job may take to be made; the row goes back to the queue then."""
WATCH_S = 3
"""One look: short, so that a scan that nobody wants ends soon, and a watch that was dropped costs little."""
PACE_S = 1.0
"""Between two looks that showed nothing, when watches end at once."""
ASK_S = 30.0
"""A watch may be silent for reasons of its own; so often the Job itself is asked for."""
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0)
"""While the API server does not answer; the last one stays."""
PODS_S = 10.0
"""Between two looks at pods that do not run."""
HINDERED_S = 60.0
"""A registry may hiccup for so long."""
OVERTIME_S = 60.0
"""Beyond the Job's own deadline, when the API server told nothing in between."""
LOG_LINES = 60
LOG_BYTES = 7000


class KubernetesExecutor:
    """Where every scan has a pod of its own; threads share it."""

    def __init__(
        self, settings: JobSettings, cluster: Cluster | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings = settings
        self.cluster = cluster or Cluster(settings.namespace, settings.kubeconfig)
        self.sleep = sleep

    def run(self, order: Order, watch: Watch) -> Outcome:
        """Start or adopt, follow, and remove what is not wanted any more."""
        try:
            body = build_job(order, self.settings)
        except ValueError as error:
            return Outcome(Ending.REFUSED, detail=str(error))
        started = self._start(order, body, watch)
        return started if isinstance(started, Outcome) else _Following(self, order, watch, started).outcome()

    def sweep(self, is_wanted: Callable[[Set[str]], Set[str]]) -> int:
        """End Jobs without an attempt that runs; finished ones leave by themselves."""
        ended = 0
        try:
            jobs = [job for job in self.cluster.jobs(SELECTOR) if job.attempt and not job.has_ended]
            wanted = is_wanted({job.attempt for job in jobs}) if jobs else frozenset()
            for job in jobs:
                if job.attempt not in wanted:
                    self.cluster.delete_job(job)
                    ended += 1
        except ClusterError as error:
            log.warning("Jobs cannot be looked through: %s", error)
        return ended

    def remove(self, job: Job) -> None:
        """End it now; where that cannot be done, a sweep will."""
        try:
            self.cluster.delete_job(job)
        except ClusterError as error:
            log.warning("the Job %s cannot be removed: %s", job.metadata.name, error)

    def _start(self, order: Order, body: Object, watch: Watch) -> Job | Outcome:
        """The Job with its Secret; nothing is left of it where it cannot be followed."""
        ends, tries = time.monotonic() + START_S, 0
        job: Job | None = None
        outcome = Outcome(Ending.STOPPED)
        while watch(Stage()):
            try:
                job = job or self._made_or_adopted(body, order)
                self._give_tokens(order, job)
                return job
            except ClusterError as error:
                if not error.is_passing or time.monotonic() >= ends:
                    outcome = Outcome(Ending.LOST, detail=str(error))
                    break
                log.info("not started yet: %s", error)
            self.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
            tries += 1
        if job:
            self.remove(job)
        return outcome

    def _made_or_adopted(self, body: Object, order: Order) -> Job:
        """A request that was cut off may have made it all the same."""
        try:
            return self.cluster.create_job(body)
        except ClusterError as error:
            if error.status != CONFLICT:
                raise
        job = self.cluster.job(body["metadata"]["name"])
        if job.attempt != order.name:
            raise ClusterError(CONFLICT, "another Job has the name of this one")
        return job

    def _give_tokens(self, order: Order, job: Job) -> None:
        try:
            self.cluster.create_secret(build_secret(order, job.metadata.uid))
        except ClusterError as error:
            if error.status != CONFLICT:
                raise


class _Following:
    """One Job from its start to its end."""

    def __init__(self, executor: KubernetesExecutor, order: Order, watch: Watch, job: Job) -> None:
        self.executor = executor
        self.cluster = executor.cluster
        self.watch = watch
        self.job = job
        self.ends = time.monotonic() + order.time_limit_s + GRACE_S + OVERTIME_S
        self.ask_due = time.monotonic() + ASK_S
        self.pods: tuple[Pod, ...] = ()
        self.pods_due = 0.0
        self.has_run = False
        self.hindered_since = 0.0
        self.failures = 0

    def outcome(self) -> Outcome:
        """Its end, whatever it is; only a finished Job is left to be looked at."""
        found = self._end()
        said = "" if found.ending is Ending.DELIVERED else self._said()
        if not self.job.has_ended:
            self.executor.remove(self.job)
        detail = "\n".join(part for part in (found.words, said) if part)
        return Outcome(found.ending, detail=detail.replace("\0", "\ufffd"))  # no database keeps that one

    def _end(self) -> Fate:
        while self.watch(Stage()):
            if time.monotonic() >= self.ends:
                if self.failures:
                    return Fate(Ending.LOST, "the API server did not tell how the Job ended")
                return Fate(Ending.TIMEOUT, "the Job did not end by itself")
            try:
                found = self._look()
            except ClusterError as error:
                if error.status == NOT_FOUND:
                    return Fate(Ending.LOST, "the Job was removed")
                self._wait(error)
                continue
            self.failures = 0
            if found:
                return found
        return Fate(Ending.STOPPED)

    def _look(self) -> Fate | None:
        """One look. Raises ClusterError."""
        self._look_at_pods()
        if found := fate(self.job, self.pods, has_run=self.has_run) or self._hindered():
            return found
        begun, is_news = time.monotonic(), False
        try:
            for event in self.cluster.watch_job(self.job, WATCH_S):
                self.job, is_news = event.job, True
                if event.kind == "DELETED":
                    return Fate(Ending.LOST, "the Job was removed")
                if event.job.has_ended:
                    return None
        except ClusterError as error:  # too old a version, a dropped connection: what holds now is the answer
            log.debug("a watch ended: %s", error)
            self._ask()
        if not is_news:
            if time.monotonic() >= self.ask_due:
                self._ask()
            self.executor.sleep(max(0.0, PACE_S - (time.monotonic() - begun)))
        return None

    def _ask(self) -> None:
        self.ask_due = time.monotonic() + ASK_S
        self.job = self.cluster.job(self.job.metadata.name)

    def _look_at_pods(self) -> None:
        """Where the Job alone does not tell enough: before it runs, and when it failed."""
        self.has_run = self.has_run or self.job.has_ready_pod
        now = time.monotonic()
        has_failed = self.job.has_ended and self.job.holds(SUCCEEDED) is None
        if has_failed or (not self.job.has_ended and not self.job.has_ready_pod and now >= self.pods_due):
            self.pods_due = now + PODS_S
            self.pods = self.cluster.pods(self.job.metadata.name) or self.pods
            self.has_run = self.has_run or has_run(self.pods)

    def _hindered(self) -> Fate | None:
        found, now = hindrance(self.pods), time.monotonic()
        if found is None or self.job.has_ready_pod:
            self.hindered_since = 0.0
            return None
        self.hindered_since = self.hindered_since or now
        return found if now - self.hindered_since >= HINDERED_S else None

    def _wait(self, error: ClusterError) -> None:
        wait_s = BACK_OFF_S[min(self.failures, len(BACK_OFF_S) - 1)]
        self.failures += 1
        log.info("the Job cannot be followed: %s", error)
        self.executor.sleep(wait_s)

    def _said(self) -> str:
        """The end of the log of the last pod, for administrators; nothing where it cannot be had."""
        try:
            return "".join(self.cluster.log_tail(pod.metadata.name, LOG_LINES, LOG_BYTES) for pod in self.pods[-1:])
        except ClusterError:
            return ""

"""Filters and tags of the pages: `shown`, `defang`, `size`, `took`, `when` and what draws badges and icons."""

from __future__ import annotations

import datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markupsafe import Markup

from packamal.capability import MEANING, Capability
from packamal.model import Level
from packamal.render import words as report_words
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pages import hostile, words

register = template.Library()
NONE = "–"
MINUS = "−"
DAY_S = 24 * 3600
DIGEST_SIDE = 8


@register.filter
def shown(text: object, kind: str = "text") -> SafeString:
    """Text of a package in one line: escaped, boxed, cut to what its kind allows."""
    return hostile.shown(_text(text), kind)


@register.filter
def defang(text: object, kind: str = "text") -> SafeString:
    """The same with hosts, addresses and mail defanged."""
    return hostile.defanged(_text(text), kind)


@register.filter
def plain(text: object, kind: str = "text") -> str:
    """For an attribute: defanged, without boxes; the template escapes it."""
    return hostile.plain(_text(text), kind)


@register.filter
def code_lines(text: str, path: str) -> list[Markup]:
    """Source of a package, coloured, line by line."""
    return hostile.code(text, path).rstrip("\n").split("\n")


@register.filter
def code_brief(text: str, path: str) -> list[Markup]:
    """Its first few lines."""
    return hostile.code(text, path, hostile.BRIEF_LINES).rstrip("\n").split("\n")


@register.filter
def size(size_bytes: int | None) -> str:
    """`312 B`, `4.1 kB`, `8.4 MB`."""
    return NONE if size_bytes is None else report_words.size(size_bytes)


@register.filter
def took(duration: datetime.timedelta | float | None) -> str:
    """`4 ms`, `0.8 s`, `46 s`, `1 min 58 s`; a number is milliseconds."""
    if duration is None:
        return NONE
    ms = duration.total_seconds() * 1000 if isinstance(duration, datetime.timedelta) else duration
    return report_words.duration(max(0, round(ms)))


@register.filter
def when(moment: datetime.datetime | str | None, form: str = "full") -> SafeString | str:
    """A `<time>` in UTC: `full`, `time` (of the same day), `day`, or `ago` with the exact time beside it."""
    at = _moment(moment)
    if at is None:
        return NONE
    exact = f"{at.day} {at:%b %Y %H:%M:%S} UTC"
    text = {"full": exact, "time": f"{at:%H:%M:%S}", "day": f"{at.day} {at:%b %Y}"}.get(form) or _ago(at)
    return format_html('<time datetime="{}" title="{}">{}</time>', f"{at:%Y-%m-%dT%H:%M:%SZ}", exact, text)


@register.filter
def number(count: int | None) -> str:
    """`9,106`; a missing one is a dash."""
    return NONE if count is None else f"{count:,}"


@register.filter
def signed(points: int) -> str:
    """`+46`, `−3`, `0`."""
    return f"{'+' if points > 0 else MINUS if points < 0 else ''}{abs(points)}"


@register.filter
def digest(text: str) -> str:
    """The first and last eight characters of a hash."""
    return f"{text[:DIGEST_SIDE]}…{text[-DIGEST_SIDE:]}" if len(text) > 2 * DIGEST_SIDE else text


@register.filter
def ecosystem(kind: str) -> str:
    """`PyPI`, `npm`, `crates`."""
    return words.ECOSYSTEMS.get(kind, kind)


@register.filter
def score(analysis: Analysis) -> str:
    """`97`, `≥ 34` when incomplete, nothing without a verdict."""
    if analysis.score is None or not analysis.level:
        return ""
    return f"≥ {analysis.score}" if analysis.level == Level.INCOMPLETE else str(analysis.score)


@register.filter
def duration(analysis: Analysis) -> datetime.timedelta | None:
    """How long it ran."""
    if analysis.started_at is None or analysis.finished_at is None:
        return None
    return analysis.finished_at - analysis.started_at


@register.filter
def ability(capability: Capability) -> str:
    """`Reads a stored credential`."""
    return MEANING[capability].title


@register.filter
def seconds(value: float | None) -> str:
    """A duration given in seconds."""
    return NONE if value is None else took(value * 1000)


@register.filter
def minus(value: int) -> int:
    """The other sign."""
    return -value


@register.filter(name="from")
def from_(part: int, whole: int) -> int:
    """What is left of the whole."""
    return whole - part


@register.filter
def says(analysis: Analysis) -> str:
    """The strongest reason, or where it stands. Package text: goes through `defang`."""
    return words.says(analysis, timezone.now())


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Decoration beside a word."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>', extra, static("pages/icons.svg"), name
    )


@register.simple_tag
def badge(analysis: Analysis) -> SafeString:
    """The verdict of an analysis, else its state."""
    found = words.LEVELS.get(analysis.level) if analysis.state == State.DONE else None
    return _badge(found or words.STATES[analysis.state])


@register.simple_tag
def level_badge(level: str) -> SafeString:
    """A verdict."""
    return _badge(words.LEVELS[level])


@register.simple_tag
def state_badge(found: words.Badge) -> SafeString:
    """A badge that its page chose."""
    return _badge(found)


@register.simple_tag
def severity(level: str) -> SafeString:
    """Four bars of ink and the word."""
    name = f"bars-{words.SEVERITY_BARS[level]}"
    return format_html('<span class="sev">{} {}</span>', icon(name), level.capitalize())


@register.simple_tag
def origin(kind: str) -> SafeString:
    """Who saw it."""
    found = words.ORIGINS[kind]
    return format_html('<span class="tag">{} {}</span>', icon(found.icon), found.word)


def _badge(found: words.Badge) -> SafeString:
    return format_html('<span class="badge {}">{} {}</span>', found.kind, icon(found.icon), found.word)


def _text(text: object) -> str:
    return "" if text is None else str(text)


def _moment(moment: datetime.datetime | str | None) -> datetime.datetime | None:
    if isinstance(moment, str):
        try:
            moment = datetime.datetime.fromisoformat(moment)
        except ValueError:
            return None
    if moment is None:
        return None
    return moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _ago(at: datetime.datetime) -> str:
    seconds = (timezone.now() - at).total_seconds()
    if seconds < 0 or seconds >= DAY_S:
        return f"{at.day} {at:%b %H:%M}" if at.year == timezone.now().year else f"{at.day} {at:%b %Y}"
    if seconds < 5:
        return "now"
    if seconds < 60:
        return f"{seconds:.0f} s ago"
    return f"{seconds // 60:.0f} min ago" if seconds < 3600 else f"{seconds // 3600:.0f} h ago"

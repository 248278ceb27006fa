"""The pages: a page is a module with its view, a template, and a line here."""

from __future__ import annotations

from django.urls import path

from packamal.server.pages import analysis, choices, home

urlpatterns = [
    path("", home.home, name="home"),
    path("suggest", home.suggest, name="suggest"),
    path("search", home.search, name="search"),
    path("theme", choices.theme, name="theme"),
    path("shortcuts", choices.shortcuts, name="shortcuts"),
    path("analyses/<uuid:analysis_id>", analysis.analysis, name="analysis"),
    path("analyses/<uuid:analysis_id>/live", analysis.live, name="analysis-live"),
    path("analyses/<uuid:analysis_id>/report", analysis.report, name="analysis-report"),
]

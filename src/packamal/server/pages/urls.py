"""The pages: a page is a module with its view, a template, and a line here."""

from __future__ import annotations

from django.urls import path

from packamal.server.pages import (
    analysis,
    api_docs,
    audit_trail,
    choices,
    dashboard,
    downloads,
    feeds,
    home,
    keys,
    listing,
    package,
    report,
    review,
    rules,
    upload,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("upload", upload.upload, name="upload"),
    path("suggest", home.suggest, name="suggest"),
    path("search", home.search, name="search"),
    path("theme", choices.theme, name="theme"),
    path("shortcuts", choices.shortcuts, name="shortcuts"),
    path("analyses", listing.analyses, name="analyses"),
    path("analyses/<uuid:analysis_id>", analysis.analysis, name="analysis"),
    path("analyses/<uuid:analysis_id>/live", analysis.live, name="analysis-live"),
    path("analyses/<uuid:analysis_id>/report", analysis.report, name="analysis-report"),
    path("analyses/<uuid:analysis_id>/again", analysis.again, name="analysis-again"),
    path("analyses/<uuid:analysis_id>/cancel", analysis.cancel, name="analysis-cancel"),
    path("analyses/<uuid:analysis_id>/findings", report.findings, name="analysis-findings"),
    path("analyses/<uuid:analysis_id>/files/<str:name>", downloads.download, name="analysis-file"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("dashboard.csv", dashboard.table, name="dashboard-table"),
    path("review", review.queue, name="review"),
    path("review/suppressions.yaml", review.suppressions, name="suppressions"),
    path("review/<uuid:analysis_id>", review.item, name="review-item"),
    path("review/<uuid:analysis_id>/decide", review.decide, name="review-decide"),
    path("review/decisions/<int:decision_id>/undo", review.undo, name="review-undo"),
    path("audit", audit_trail.audit, name="audit"),
    path("docs/api", api_docs.docs, name="api-docs"),
    path("rules", rules.rules, name="rules"),
    path("rules/<path:rule_id>", rules.rule, name="rule"),
    path("feeds", feeds.feeds, name="feeds"),
    path("feeds/<slug:name>/<slug:what>", feeds.change, name="feed-change"),
    path("keys", keys.keys, name="keys"),
    path("keys/<slug:prefix>/revoke", keys.revoke, name="key-revoke"),
    path("packages/<str:ecosystem>/<path:name>", package.package, name="package"),
]

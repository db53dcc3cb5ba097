"""Addresses of backtests."""

from __future__ import annotations

from django.urls import path

from seawall.apps.policies.console import backtests

app_name = "backtests"
urlpatterns = [
    path("", backtests.backtest_list, name="backtests"),
    path("new/", backtests.start, name="start"),
    path("<uuid:backtest_id>/", backtests.backtest, name="backtest"),
    path("<uuid:backtest_id>/progress/", backtests.progress, name="progress"),
    path("<uuid:backtest_id>/cancel/", backtests.cancel, name="cancel"),
]

"""The first page of the console."""

from django.urls import path

from kith.analytics import pages

app_name = "analytics"
urlpatterns = [path("t/<slug:tenant>/", pages.dashboard, name="dashboard")]

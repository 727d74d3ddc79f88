"""Where letters lead that are not wanted any more."""

from django.urls import path

from kith.notifications import pages

app_name = "notifications"
urlpatterns = [path("p/<slug:tenant>/letters/<str:token>/", pages.stop, name="stop")]

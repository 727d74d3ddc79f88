"""Console pages of participants."""

from django.urls import path

from kith.participants import pages

app_name = "participants"
urlpatterns = [
    path("t/<slug:tenant>/people/", pages.people, name="list"),
    path("t/<slug:tenant>/people/new/", pages.create, name="create"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/", pages.detail, name="detail"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/edit/", pages.edit, name="edit"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/suspend/", pages.suspend, name="suspend"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/reactivate/", pages.reactivate, name="reactivate"),
]

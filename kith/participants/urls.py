"""Console pages of participants."""

from django.urls import path

from kith.participants.pages import console as pages

app_name = "participants"
urlpatterns = [
    path("t/<slug:tenant>/people/", pages.people, name="list"),
    path("t/<slug:tenant>/people/new/", pages.create, name="create"),
    path("t/<slug:tenant>/people/import/", pages.import_file, name="import"),
    path("t/<slug:tenant>/people/export/", pages.export, name="export"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/", pages.job, name="job"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/errors/", pages.job_errors, name="job_errors"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/result/", pages.job_result, name="job_result"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/", pages.detail, name="detail"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/edit/", pages.edit, name="edit"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/suspend/", pages.suspend, name="suspend"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/reactivate/", pages.reactivate, name="reactivate"),
]

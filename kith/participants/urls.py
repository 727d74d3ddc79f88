"""Pages of participants: of the console, and of the portal with the ways into it."""

from django.urls import path

from kith.participants.pages import console as pages
from kith.participants.pages import imports, lists, portal, public, pwa, staff

app_name = "participants"
urlpatterns = [
    path("t/<slug:tenant>/people/", lists.people, name="list"),
    path("t/<slug:tenant>/people/selected/", lists.bulk, name="bulk"),
    path("t/<slug:tenant>/people/selected/export/", lists.export_chosen, name="export_chosen"),
    path("t/<slug:tenant>/people/duplicates/", lists.duplicates, name="duplicates"),
    path("t/<slug:tenant>/people/new/", pages.create, name="create"),
    path("t/<slug:tenant>/people/import/", imports.upload, name="import"),
    path("t/<slug:tenant>/people/import/<uuid:job_id>/", imports.look, name="import_look"),
    path("t/<slug:tenant>/people/import/<uuid:job_id>/start/", imports.start, name="import_start"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/repair/", imports.repair, name="job_repair"),
    path("t/<slug:tenant>/people/export/", pages.export, name="export"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/", pages.job, name="job"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/errors/", pages.job_errors, name="job_errors"),
    path("t/<slug:tenant>/people/jobs/<uuid:job_id>/result/", pages.job_result, name="job_result"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/", pages.detail, name="detail"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/edit/", pages.edit, name="edit"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/suspend/", pages.suspend, name="suspend"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/reactivate/", pages.reactivate, name="reactivate"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/invite/", staff.invite, name="invite"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/look/", staff.look, name="look"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/apart/<uuid:other_id>/", lists.apart, name="apart"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/alike/<uuid:other_id>/", lists.alike, name="alike"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/notes/", staff.note_write, name="note_write"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/notes/<uuid:note_id>/",
        staff.note_change,
        name="note_change",
    ),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/notes/<uuid:note_id>/remove/",
        staff.note_remove,
        name="note_remove",
    ),
    path("p/<slug:tenant>/sign-in/", public.sign_in, name="portal_sign_in"),
    path("p/<slug:tenant>/sign-in/code/", public.code, name="portal_code"),
    path("p/<slug:tenant>/sign-in/<str:token>/", public.link, name="portal_link"),
    path("p/<slug:tenant>/sign-out/", public.sign_out, name="portal_sign_out"),
    path("p/<slug:tenant>/profile/", portal.profile, name="portal_profile"),
    path("p/<slug:tenant>/profile/messages/", portal.messages, name="portal_messages"),
    path("p/<slug:tenant>/profile/data/", portal.my_data, name="portal_data"),
    path("p/<slug:tenant>/profile/sessions/", portal.end_all, name="portal_end_all"),
    path("p/<slug:tenant>/profile/sessions/<uuid:session_id>/", portal.end_one, name="portal_end_one"),
    path("p/<slug:tenant>/people/", portal.people, name="portal_people"),
    path("p/<slug:tenant>/people/<uuid:person_id>/remove/", portal.remove, name="portal_remove"),
    path("p/<slug:tenant>/manifest.webmanifest", pwa.manifest, name="portal_manifest"),
    path("p/<slug:tenant>/sw.js", pwa.worker, name="portal_worker"),
    path("p/<slug:tenant>/offline/", pwa.offline, name="portal_offline"),
    path("p/<slug:tenant>/icon-<int:size>.png", pwa.icon, name="portal_icon"),
]

"""Setting up an organization, and its words."""

from django.urls import path

from kith.presets.pages import settling, start, words

app_name = "presets"
urlpatterns = [
    path("start/", start.start, name="start"),
    path("start/sign-up/", start.sign_up, name="sign_up"),
    path("start/invitation/<str:token>/", start.invitation, name="invitation"),
    path("start/address/", start.slug, name="slug"),
    path("start/place/", start.place, name="place"),
    path("start/review/", start.review, name="review"),
    path("start/<slug:step>/", start.step, name="step"),
    path("t/<slug:tenant>/start/", settling.checklist, name="checklist"),
    path("t/<slug:tenant>/start/look/", settling.looked, name="looked"),
    path("t/<slug:tenant>/start/landing/", settling.landing, name="landing"),
    path("t/<slug:tenant>/start/email/", settling.email, name="email"),
    path("t/<slug:tenant>/start/email/letter/", settling.letter, name="letter"),
    path("t/<slug:tenant>/settings/words/", words.words, name="words"),
    path("t/<slug:tenant>/settings/words/reset/", words.reset, name="words_reset"),
]

"""The first page of the console, and the pages about everything at once."""

from django.urls import path

from kith.analytics.pages import home, news, person, search, trail, work

app_name = "analytics"
urlpatterns = [
    path("t/<slug:tenant>/", home.dashboard, name="dashboard"),
    path("t/<slug:tenant>/search/", search.search, name="search"),
    path("t/<slug:tenant>/search/palette/", search.palette, name="palette"),
    path("t/<slug:tenant>/news/", news.news, name="news"),
    path("t/<slug:tenant>/news/bell/", news.bell, name="bell"),
    path("t/<slug:tenant>/news/seen/", news.news_seen, name="news_seen"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/timeline/", person.of_participant, name="of_participant"
    ),
    path("t/<slug:tenant>/settings/audit/", trail.trail, name="trail"),
    path("t/<slug:tenant>/settings/audit/export/", trail.trail_export, name="trail_export"),
    path("t/<slug:tenant>/settings/jobs/", work.jobs, name="jobs"),
    path("t/<slug:tenant>/settings/jobs/<uuid:job_id>/", work.job, name="job"),
    path("t/<slug:tenant>/settings/jobs/<uuid:job_id>/result/", work.job_result, name="job_result"),
    path("t/<slug:tenant>/settings/jobs/<uuid:job_id>/errors/", work.job_errors, name="job_errors"),
]

"""Console pages of payouts."""

from django.urls import path

from kith.payouts.pages import console as pages
from kith.payouts.pages import people, portal, statements

app_name = "payouts"
urlpatterns = [
    path("t/<slug:tenant>/payouts/", pages.batches, name="batches"),
    path("t/<slug:tenant>/payouts/new/", pages.make, name="make"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/", pages.batch, name="batch"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/approve/", pages.approve, name="approve"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/file/", pages.bank_file, name="file"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/send/", pages.send, name="send"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/paid/", pages.paid, name="paid"),
    path("t/<slug:tenant>/payouts/<uuid:batch_id>/cancel/", pages.cancel, name="cancel"),
    path("t/<slug:tenant>/payouts/withdrawals/<uuid:withdrawal_id>/failed/", pages.failed, name="failed"),
    path(
        "t/<slug:tenant>/payouts/withdrawals/<uuid:withdrawal_id>/returned/", pages.returned, name="returned"
    ),
    path("t/<slug:tenant>/people/<uuid:participant_id>/merge/<uuid:other_id>/", people.merge, name="merge"),
    path("t/<slug:tenant>/people/<uuid:participant_id>/statement/", statements.statement, name="statement"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/statement.csv",
        statements.statement_csv,
        name="statement_csv",
    ),
    path("t/<slug:tenant>/people/<uuid:participant_id>/account/", pages.account, name="account"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/account/edit/", pages.account_edit, name="account_edit"
    ),
    path("p/<slug:tenant>/account/", portal.account, name="portal_account"),
    path("p/<slug:tenant>/earnings/statement.csv", portal.statement, name="portal_statement"),
]

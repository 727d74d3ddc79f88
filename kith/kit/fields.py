"""Column types that Django does not bring."""

from typing import Any

from django.db import models


class TransactionIdField(models.Field):
    """`xid8`: the transaction that wrote the row, the only order in which rows become visible."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["editable"] = False
        kwargs["db_default"] = models.Func(function="pg_current_xact_id")
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        """The default is part of the type."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        kwargs.pop("db_default", None)
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        """PostgreSQL 13 and later."""
        return "xid8"

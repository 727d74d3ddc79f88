"""Nobody saves a color on which the own buttons cannot be read."""

from typing import Any

import pytest
from django.urls import reverse

from kith.kit.colors import READABLE, contrast, on_brand
from kith.kit.errors import Invalid
from kith.tenants import actions

UNREADABLE = "#7a7a7a"


def test_the_form_says_so_and_names_the_nearest_color(acme: Any, alice: Any, browse: Any) -> None:
    assert contrast(UNREADABLE, on_brand(UNREADABLE)) < READABLE
    answer = browse(alice).post(reverse("tenants:brand", args=[acme.slug]), {"brand": UNREADABLE})
    assert answer.status_code == 422
    (sentence,) = answer.context["form"].errors["brand"]
    suggested = sentence.split("On ")[1][:7]
    assert contrast(suggested, on_brand(suggested)) >= READABLE
    acme.refresh_from_db()
    assert acme.brand != UNREADABLE

    answer = browse(alice).post(reverse("tenants:brand", args=[acme.slug]), {"brand": suggested})
    assert answer.status_code == 303
    acme.refresh_from_db()
    assert acme.brand == suggested


@pytest.mark.parametrize("color", [UNREADABLE, "blue", "#12", "#12345g", "#ABCDEF"])
def test_no_way_in_takes_it(in_acme: Any, alice: Any, color: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.update_tenant(tenant=in_acme, changes={"brand": color}, actor=alice)
    assert list(refused.value.fields) == ["brand"]

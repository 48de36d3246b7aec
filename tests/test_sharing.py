"""A code is handed out as an address in the shop and as a QR code: by its agent and by staff, and by nobody else."""

from datetime import timedelta
from io import BytesIO

import pytest
import segno
from django.urls import reverse
from lxml import etree

from main.codes.sharing import qr_code, shop_address
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

SHOP = "https://shop.example/?code={code}"
ADDRESS = "https://shop.example/?code=JOHNS-20"


@pytest.fixture
def shop(settings):
    settings.SHARE_URL = SHOP


@pytest.fixture
def code(john):
    return make_code("JOHNS-20", agent=john, expires_at=NOW + timedelta(days=30))


def addresses_of(code):
    return [f"/codes/{code.pk}/{page}" for page in ("share/", "qr.svg", "qr.png")]


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("JOHNS-20", ADDRESS),
        ("A&B/C ?#%", "https://shop.example/?code=A%26B%2FC%20%3F%23%25"),
        ("ΝΙΚΟΣ-5", "https://shop.example/?code=%CE%9D%CE%99%CE%9A%CE%9F%CE%A3-5"),
        ("{CODE}", "https://shop.example/?code=%7BCODE%7D"),
    ],
)
def test_the_address_has_the_code_in_it_whatever_its_characters(shop, code, address):
    assert shop_address(code) == address


def test_the_longest_code_of_the_widest_characters_still_fits(settings):
    settings.SHARE_URL = f"https://shop.example/{'a' * 474}{{code}}"
    assert qr_code(shop_address("😀" * 64), "png").startswith(b"\x89PNG")


def test_the_agent_finds_the_address_and_both_files_beside_each_working_code(client, shop, code, john):
    client.force_login(john.user)
    share, svg, png = addresses_of(code)
    assert f'href="{share}"' in client.get("/profile/").content.decode()
    page = client.get(share).content.decode()
    assert f'<a href="{ADDRESS}" rel="noreferrer">{ADDRESS}</a>' in page
    assert f'data-code="{ADDRESS}"' in page
    assert f'<img src="{svg}" alt="QR code of this address"' in page
    assert f'<a href="{svg}" download="JOHNS-20.svg">' in page
    assert f'<a href="{png}" download="JOHNS-20.png">' in page


def test_the_files_have_the_address_in_them(client, shop, code, john):
    client.force_login(john.user)
    _, svg, png = map(client.get, addresses_of(code))
    expected = segno.make(ADDRESS, error="m", micro=False)
    image = BytesIO()
    expected.save(image, kind="png", scale=8, border=4, light="white")
    assert (png["Content-Type"], png.content) == ("image/png", image.getvalue())
    assert svg["Content-Type"] == "image/svg+xml"
    drawing = etree.fromstring(svg.content)
    assert drawing.get("width") == str(expected.symbol_size(8, 4)[0])
    assert not drawing.xpath("//@style | //*[local-name() = 'script' or local-name() = 'style']")


def test_staff_find_it_on_the_form_of_the_code(client, shop, code):
    client.force_login(make_staff("looker", "view_referralcode"))
    page = client.get(f"/admin/main/referralcode/{code.pk}/change/").content.decode()
    share, svg, png = addresses_of(code)
    assert f'<span class="address">{ADDRESS}</span>' in page
    assert f'<img src="{svg}" alt="QR code of this address"' in page
    assert f'<a href="{svg}" download="JOHNS-20.svg">QR code as SVG</a>' in page
    assert f'<a href="{png}" download="JOHNS-20.png">as PNG</a>' in page
    assert [client.get(address).status_code for address in (share, svg, png)] == [200, 200, 200]
    assert "address in the shop" not in client.get("/admin/main/referralcode/").content.decode()


def test_a_new_code_has_no_address_yet(client, shop):
    client.force_login(make_staff())
    assert "shop.example" not in client.get("/admin/main/referralcode/add/").content.decode()


def test_a_house_code_is_shared_by_staff(client, shop):
    client.force_login(make_staff())
    assert client.get(addresses_of(make_code("HOUSE-5"))[0]).status_code == 200


@pytest.mark.parametrize("person", ["another agent", "a client", "staff without the right", "nobody"])
def test_nobody_else_gets_it(client, shop, code, person):
    if person == "another agent":
        client.force_login(make_agent("Maria Garcia").user)
    elif person == "a client":
        client.force_login(make_agent("Ana").user)
    elif person == "staff without the right":
        client.force_login(make_staff("clara", "change_referralcode"))
    expected = 302 if person == "nobody" else 404
    for pk in (code.pk, make_code("HOUSE-5").pk):
        for page in ("share/", "qr.svg", "qr.png"):
            assert client.get(f"/codes/{pk}/{page}").status_code == expected


def test_a_kind_that_does_not_exist_is_not_found(client, shop, code, john):
    client.force_login(john.user)
    assert client.get(f"/codes/{code.pk}/qr.pdf").status_code == 404
    assert client.get(f"/codes/{code.pk + 999}/qr.svg").status_code == 404


def test_without_the_setting_nothing_is_shown(client, code, john):
    client.force_login(john.user)
    assert reverse("share", args=[code.pk]) not in client.get("/profile/").content.decode()
    assert [client.get(address).status_code for address in addresses_of(code)] == [404, 404, 404]
    client.force_login(make_staff())
    form = client.get(f"/admin/main/referralcode/{code.pk}/change/").content.decode()
    assert "address in the shop" not in form
    assert "qr.svg" not in form

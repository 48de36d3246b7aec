"""With SECOND_FACTOR on, staff who gave the password alone get no page; agents sign in as ever."""

import json

# A browser's way through the real settings, in a process of their own: they are read once.
ASK = """
import json, re
import time_machine
from base64 import b32decode
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from main.models import UserProfile

clock = time_machine.travel("2026-11-21T02:00Z", tick=False).start()
User.objects.create_superuser("anna", password="knot-of-ariadne")
agent = User.objects.create_user("john", password="knot-of-ariadne")
UserProfile.objects.create(user=agent, name="John Smith", role="agent")

def signed_in(name):
    client = Client(headers={"host": "localhost"})
    client.post("/sign-in/", {"username": name, "password": "knot-of-ariadne"})
    return client

def where(response):
    return response.get("Location", response.status_code)

staff = signed_in("anna")
asked = ("/admin/", "/profile/1/", "/admin/auth/user/1/password/", "/health/")
found = {"before": [where(staff.get(address)) for address in asked]}
found["posted"] = where(staff.post("/admin/main/referralcode/add/", {"code": "X-1"}))
earlier = re.search("<code>([A-Z2-7]+)</code>", staff.get("/second-factor/").content.decode())[1]
page = staff.get("/second-factor/").content.decode()
secret = re.search("<code>([A-Z2-7]+)</code>", page)[1]
found["another secret at each look"] = secret != earlier
found["svg"], found["style"] = "<svg" in page, " style=" in page
key = b32decode(secret + "=" * (-len(secret) % 8))
figures = lambda: f"{totp(key, t0=0):06}"
found["nothing yet"] = where(staff.get("/admin/"))
clock.shift(120)
found["right"] = where(staff.post("/second-factor/?next=/admin/auth/", {"token": figures()}))
found["after"] = [where(staff.get(a)) for a in ("/admin/", "/admin/otp_totp/totpdevice/")]
again = signed_in("anna")
page = again.get("/second-factor/").content.decode()
found["the secret again"] = "<svg" in page or secret in page
found["the same figures"] = where(again.post("/second-factor/", {"token": figures()}))
clock.shift(120)
wrong = [again.post("/second-factor/", {"token": "000000"}).content.decode() for _ in range(2)]
found["wrong"] = [re.search("errorlist.*?<li>(.*?)</li>", page, re.DOTALL)[1] for page in wrong]
found["at once after a wrong one"] = where(again.post("/second-factor/", {"token": figures()}))
clock.shift(120)
found["elsewhere"] = where(again.post("/second-factor/?next=//evil.example.com", {"token": figures()}))
found["agent"] = [where(signed_in("john").get(a)) for a in ("/profile/", "/admin/")]
found["anonymous"] = where(Client(headers={"host": "localhost"}).get("/second-factor/"))
print(json.dumps(found))
"""


def test_the_whole_way(manage):
    on = {"SECOND_FACTOR": "on"}
    assert manage("migrate", "-v", "0", **on).returncode == 0
    result = manage("shell", "-v", "0", "-c", ASK, **on)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "before": [
            "/second-factor/?next=%2Fadmin%2F",
            "/second-factor/?next=%2Fprofile%2F1%2F",
            "/second-factor/?next=%2Fadmin%2Fauth%2Fuser%2F1%2Fpassword%2F",
            200,
        ],
        "posted": "/second-factor/?next=%2Fadmin%2Fmain%2Freferralcode%2Fadd%2F",
        "another secret at each look": True,
        "svg": True,
        "style": False,
        "nothing yet": "/second-factor/?next=%2Fadmin%2F",
        "right": "/admin/auth/",
        "after": [200, 404],
        "the secret again": False,
        "the same figures": 200,
        "wrong": [
            "These are not the digits of this half minute. They work once.",
            "There were wrong digits. Wait some seconds, then try the next ones.",
        ],
        "at once after a wrong one": 200,
        "elsewhere": "/profile/",
        "agent": [200, "/admin/login/?next=/admin/"],
        "anonymous": "/sign-in/?next=/second-factor/",
    }


def test_it_is_off_by_default(manage):
    show = "from django.conf import settings; print(settings.SECOND_FACTOR, 'django_otp' in settings.INSTALLED_APPS)"
    assert manage("shell", "-v", "0", "-c", show).stdout == "False False\n"
    assert manage("makemigrations", "--check", SECOND_FACTOR="on").returncode == 0

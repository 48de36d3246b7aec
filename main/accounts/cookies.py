"""What a browser keeps of a visitor's choices."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

AGE = timedelta(days=365)


def keep(request: HttpRequest, response: HttpResponse, name: str, choice: str) -> None:
    """Keep `choice` for a year, in a cookie that no script reads."""
    response.set_cookie(name, choice, max_age=AGE, samesite="Lax", secure=request.is_secure(), httponly=True)

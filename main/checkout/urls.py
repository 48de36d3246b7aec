"""The addresses of the API; a project puts them below a prefix of its choice."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from main.checkout.http.api import api
from main.checkout.http.page import api_page
from main.checkout.http.problems import as_problems, no_such_address

# Ninja names each operation; those of one address have one view, which stands here once.
operations = {str(operation.pattern): operation for operation in api.urls[0]}.values()
for operation in operations:
    # At the root ninja has nothing to say, and we have a page. (The types know of patterns that include others.)
    answer = api_page if operation.name == "api-root" else as_problems(operation.callback)  # type: ignore
    operation.callback = answer

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(([*operations], "ninja"), namespace="api-v1")),
    re_path(r"^[\s\S]*$", as_problems(no_such_address), name="no_such_address"),
]

"""The addresses of the API; a project puts them below a prefix of its choice."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from main.checkout.http.api import api
from main.checkout.http.page import api_page
from main.checkout.http.problems import as_problems, no_such_address, to_be_read

# Ninja names each operation; those of one address have one view, which stands here once.
operations = {str(operation.pattern): operation for operation in api.urls[0]}.values()
for operation in operations:
    name, answer = getattr(operation, "name", ""), as_problems(operation.callback)  # type: ignore[arg-type]
    if name == "api-root":  # ninja has nothing to say there, and we have a page
        answer = to_be_read(api_page)
    elif name == "openapi-json":
        answer = to_be_read(answer)
    operation.callback = answer

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(([*operations], "ninja"), namespace="api-v1")),
    re_path(r"^[\s\S]*$", as_problems(no_such_address), name="no_such_address"),
]

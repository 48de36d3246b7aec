from django.contrib.auth import views as auth
from django.urls import URLPattern, path

urlpatterns: list[URLPattern] = [
    path("sign-in/", auth.LoginView.as_view(template_name="main/accounts/sign_in.html"), name="sign_in"),
]

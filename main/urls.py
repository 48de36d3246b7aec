from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from main import conf, views
from main.accounts import passwords
from main.accounts import views as account_views
from main.accounts.users import signed_in
from main.codes.editing import Task

# All tasks share one name; `task` chooses: {% url "manage_referral_codes" pk=7 code_pk=1 task="extend" %}
tasks: list[URLPattern] = [
    path("new/", views.manage_referral_codes, {"task": views.NEW}, name="manage_referral_codes"),
    path("<int:code_pk>/history/", views.code_history, name="code_history"),
    *(
        path(f"<int:code_pk>/{task}/", views.manage_referral_codes, {"task": task}, name="manage_referral_codes")
        for task in Task
    ),
]

# The templates have their own names, because the admin has other pages under Django's names.
account: list[URLPattern] = [
    path("sign-in/", account_views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", auth.LogoutView.as_view(next_page=conf.login_url()), name="sign_out"),
    path("zone/", account_views.choose_zone, name="zone"),
    path("language/", account_views.choose_language, name="language"),
    path(
        "password/",
        signed_in(
            auth.PasswordChangeView.as_view(
                form_class=passwords.OldPasswordForm, template_name="main/accounts/password_change.html"
            )
        ),
        name="password_change",
    ),
    path(
        "password/changed/",
        signed_in(auth.PasswordChangeDoneView.as_view(template_name="main/accounts/password_change_done.html")),
        name="password_change_done",
    ),
    path("password/reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path(
        "password/reset/sent/",
        auth.PasswordResetDoneView.as_view(template_name="main/accounts/password_reset_sent.html"),
        name="password_reset_done",
    ),
    path(
        "password/reset/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(template_name="main/accounts/password_reset_confirm.html"),
        name="password_reset_confirm",
    ),
    path(
        "password/reset/done/",
        auth.PasswordResetCompleteView.as_view(template_name="main/accounts/password_reset_done.html"),
        name="password_reset_complete",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *account,
    path("", RedirectView.as_view(pattern_name="profile"), name="home"),
    path("profile/", views.profile, name="profile"),
    path("profile/<int:pk>/", views.profile, name="profile"),
    path("profile/<int:pk>/codes/", include(tasks)),
    path("codes/<int:pk>/share/", views.share, name="share"),
    path("codes/<int:pk>/qr.svg", views.qr_image, {"kind": "svg"}, name="qr_image"),
    path("codes/<int:pk>/qr.png", views.qr_image, {"kind": "png"}, name="qr_image"),
]

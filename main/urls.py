from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from main import views
from main.accounts import views as account_views

tasks: list[URLPattern] = [
    path("", views.manage_referral_codes, name="manage_referral_codes"),
    path("new/", views.create_referral_code, name="create_referral_code"),
    path("<int:pk>/edit/", views.edit_referral_code, name="edit_referral_code"),
    path("<int:pk>/extend/", views.extend_referral_code, name="extend_referral_code"),
    path("<int:pk>/switch-off/", views.switch_off_referral_code, name="switch_off_referral_code"),
    path("<int:pk>/reactivate/", views.reactivate_referral_code, name="reactivate_referral_code"),
    path("<int:pk>/delete/", views.delete_referral_code, name="delete_referral_code"),
]

# Templates of our own names: Django's belong to the admin, whose pages of the same kind look different.
account: list[URLPattern] = [
    path("sign-in/", account_views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", auth.LogoutView.as_view(), name="sign_out"),
    path("zone/", account_views.choose_zone, name="zone"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(template_name="main/accounts/password_change.html"),
        name="password_change",
    ),
    path(
        "password/changed/",
        auth.PasswordChangeDoneView.as_view(template_name="main/accounts/password_change_done.html"),
        name="password_change_done",
    ),
    path(
        "password/reset/",
        auth.PasswordResetView.as_view(
            template_name="main/accounts/password_reset.html",
            email_template_name="main/accounts/password_reset_mail.txt",
            subject_template_name="main/accounts/password_reset_subject.txt",
        ),
        name="password_reset",
    ),
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
    path("", RedirectView.as_view(pattern_name="profile")),
    path("profile/", views.profile, name="profile"),
    path("profile/<int:pk>/", views.profile, name="profile"),
    path("agents/<int:agent_pk>/codes/", include(tasks)),
]

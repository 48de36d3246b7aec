from django.urls import path

from main.notices import views

urlpatterns = [
    path("notices/", views.mine, name="notices"),
    path("notices/calendar/make/", views.make_calendar, name="make_calendar"),
    path("notices/calendar/revoke/", views.revoke_calendar, name="revoke_calendar"),
    path("notices/<str:token>/", views.by_link, name="notices_by_link"),
    path("calendar/<str:token>.ics", views.calendar_feed, name="calendar"),
    path("codes/<int:pk>/more-time/", views.ask_for_more_time, name="wish"),
]

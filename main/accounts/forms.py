from django import forms

from main.accounts.zone import zones


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(label="Time zone", choices=lambda: [(name, name.replace("_", " ")) for name in zones()])

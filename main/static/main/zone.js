// Offers the zone of the device, if it is one of the choices.
const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const choice = document.getElementById("id_zone");
const button = document.getElementById("device-zone");
if ([...choice.options].some(option => option.value === deviceZone)) {
    button.textContent = button.dataset.words.replace("{zone}", deviceZone);
    button.hidden = false;
    button.addEventListener("click", () => {
        choice.value = deviceZone;
        choice.form.requestSubmit();
    });
}

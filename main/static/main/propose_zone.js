// Offers to show times in the zone of this device, as long as the visitor has chosen none.
const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const proposal = document.getElementById("propose-zone");
// The other names, such as Etc/GMT-3, are no places: the page of the zones does not have them.
if (/^(?!Etc\/).+\//.test(deviceZone ?? "") && deviceZone !== proposal.dataset.zone) {
    proposal.elements.zone.value = deviceZone;
    proposal.querySelector(".device-zone").textContent = deviceZone;
    proposal.hidden = false;
}

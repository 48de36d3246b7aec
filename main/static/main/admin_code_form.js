"use strict";
/* On the form of a code: says before the save what the save will do, and gives the agent's box its label. */
/* jQuery calls in the order of asking: at "load" we come after Django's own scripts, which build the agent's box. */
window.addEventListener("load", () => window.django.jQuery(() => {
    const date = document.getElementById("id_expires_at_0");
    const time = document.getElementById("id_expires_at_1");
    const status = document.getElementById("id_status");

    function labelAgent() {
        for (const box of document.querySelectorAll(".field-agent :is(.select2-selection, .select2-selection__rendered)")) {
            box.setAttribute("aria-label", "Agent");
        }
        window.django.jQuery(document).on("select2:open", () => {
            const choices = document.querySelector(".select2-results__options");
            choices.setAttribute("aria-label", "Agents");
            document.querySelector(".field-agent .select2-selection").setAttribute("aria-controls", choices.id);
            document.querySelector(".select2-search__field").setAttribute("aria-label", "Search agents");
        });
    }

    /* "2026-12-24" and "18:30:00" of what was typed; null for what is not a day or a time. */
    function dayTyped(text) {
        const british = text.match(/^(\d{1,2})\/(\d{1,2})\/(\d{4})$/);
        const iso = british ? [british[3], british[2], british[1]] : (text.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/) || []).slice(1);
        return iso.length ? iso.map((part) => part.padStart(2, "0")).join("-") : null;
    }

    function timeTyped(text) {
        const parts = text.match(/^(\d{1,2}):(\d{2})(?::(\d{2}))?/);
        return parts ? [parts[1].padStart(2, "0"), parts[2], parts[3] || "00"].join(":") : null;
    }

    /* The clocks of the zone, now, in the same form; so that text can be compared with text. */
    function clockOf(zone) {
        const clock = new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short", timeStyle: "medium"});
        return clock.format(new Date()).split(" ");
    }

    function whatASaveDoes() {
        const day = dayTyped(date.value.trim());
        const clock = timeTyped(time.value.trim());
        if ((date.value.trim() && !day) || (time.value.trim() && (!clock || !day))) {
            return null;
        }
        const zone = clock ? time.dataset.zoneOfTimes : date.dataset.zoneOfDays;
        const [today, now] = clockOf(zone);
        const past = day && (clock ? `${day} ${clock}` <= `${today} ${now}` : day < today);
        const named = day && new Date(`${day}T12:00Z`).toLocaleDateString("en-GB", {dateStyle: "long", timeZone: "UTC"});
        const until = day && (clock ? `until ${named}, ${clock.slice(0, 5)} (${zone})` : `to the end of ${named} (${zone})`);
        if (past) {
            return {past, text: "This date has passed: on save, the code is marked inactive and does not work."};
        }
        if (status.value === "inactive") {
            return {past, text: "On save, the code is inactive and does not work. Choose Active to let it work."};
        }
        return {past, text: `On save, the code works ${until || "without end"}.`};
    }

    function announce(line) {
        const effect = whatASaveDoes();
        const text = effect ? effect.text : "";
        if (line.textContent !== text) {
            line.textContent = text;
            line.classList.toggle("past", Boolean(effect && effect.past));
        }
    }

    if (!date || !status) {
        return;
    }
    labelAgent();
    const line = document.createElement("p");
    line.id = "on-save";
    line.setAttribute("role", "status");
    date.closest(".form-row").append(line);
    /* The calendar and the clock beside the fields change them without an event of their own. */
    for (const event of ["input", "change", "click", "focusin"]) {
        document.addEventListener(event, () => announce(line));
    }
    announce(line);
}));

"use strict";
/* Gives a name, for screen readers, to what Django's own scripts build without one. At "load", these scripts have run. */
window.addEventListener("load", () => window.django?.jQuery?.(() => {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
        const label = document.querySelector(`label[for="${select.id}"]`).textContent.replace(":", "").trim();
        for (const part of select.parentElement.querySelectorAll(".select2-selection, .select2-selection__rendered")) {
            part.setAttribute("aria-label", label);
        }
    }
    for (const sign of document.querySelectorAll(".help-tooltip[aria-label]")) {
        sign.setAttribute("role", "img");
    }
}));

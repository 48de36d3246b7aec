"use strict";
/* For the form of a code: asks the server what the save will do, shows its answer, and labels the agent's box. */
/* jQuery calls ready functions in the order in which they were added. At "load", ours comes after Django's own scripts,
   which build the agent's box. */
window.addEventListener("load", () => window.django.jQuery(() => {
    const $ = window.django.jQuery;
    const status = document.querySelector("[data-what-a-save-does]");
    const pause = 300; /* milliseconds after the last key */

    function labelAgent() {
        const agent = document.getElementById("id_agent");
        for (const box of document.querySelectorAll(".field-agent :is(.select2-selection, .select2-selection__rendered)")) {
            box.setAttribute("aria-label", agent.dataset.name);
        }
        $(document).on("select2:open", () => {
            const choices = document.querySelector(".select2-results__options");
            choices.setAttribute("aria-label", agent.dataset.choices);
            document.querySelector(".field-agent .select2-selection").setAttribute("aria-controls", choices.id);
            document.querySelector(".select2-search__field").setAttribute("aria-label", agent.dataset.search);
        });
    }

    if (!status) {
        return;
    }
    labelAgent();
    const line = document.createElement("p");
    line.id = "on-save";
    line.setAttribute("role", "status");
    document.querySelector(".field-expires_at").append(line);
    let asked, timer;

    /* The page of a new code has a button that writes the free text which the server proposes. */
    const code = document.getElementById("id_code");
    const use = document.createElement("button");
    use.type = "button";
    use.className = "button proposal";
    use.hidden = true;
    code.after(use);
    use.addEventListener("click", () => {
        code.value = use.value;
        code.focus();
        askWhenChanged();
    });

    function show(answer) {
        use.hidden = !answer.proposal;
        use.value = answer.proposal;
        use.textContent = answer.use;
        line.textContent = answer.sentence;
        line.classList.toggle("alarm", answer.alarm);
    }

    async function ask(form) {
        const question = asked;
        let answer = {sentence: "", alarm: false, proposal: "", use: ""}; /* no sentence is better than one about an older input */
        try {
            const response = await fetch(status.dataset.whatASaveDoes, {method: "POST", body: form, redirect: "error"});
            if (response.ok) {
                answer = await response.json();
            }
        } catch {
            /* offline or signed out: the save itself will say so */
        }
        if (question === asked) {
            show(answer);
        }
    }

    function askWhenChanged() {
        const form = new FormData(status.form);
        const question = new URLSearchParams(form).toString();
        if (question !== asked) {
            asked = question;
            clearTimeout(timer);
            timer = setTimeout(ask, pause, form);
        }
    }

    /* The calendar and the clock change the fields without an input event, and Select2 sends its events only to jQuery. */
    $(document).on("input change click focusin", askWhenChanged);
    askWhenChanged();
}));

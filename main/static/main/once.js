"use strict";
/* Who goes back to a form gets a new one from the server, with what was typed in the old one: it takes the old mark. */
for (const mark of document.querySelectorAll('input[name="mark"]')) {
    if (history.state?.mark) {
        mark.value = history.state.mark;
    } else {
        history.replaceState({mark: mark.value}, "");
    }
}

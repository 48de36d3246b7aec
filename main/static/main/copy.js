// Without this script, or if the browser does not allow copying, a click on a code selects it.
if (navigator.clipboard) {
    const copied = document.getElementById("copied");
    for (const button of document.querySelectorAll("button.copy")) {
        button.hidden = false;
        const word = button.firstChild;
        const copy = word.data;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(button.dataset.code);
            copied.textContent = copied.dataset.sentence.replace("{code}", () => button.dataset.code);
            word.data = copied.dataset.word;
            button.classList.add("done");
            setTimeout(() => {
                word.data = copy;
                button.classList.remove("done");
            }, 2000);
        });
    }
}

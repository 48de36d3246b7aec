// Without this script, or if the browser does not allow copying, a click on a code selects it.
if (navigator.clipboard) {
    const copied = document.getElementById("copied");
    for (const button of document.querySelectorAll("button.copy")) {
        button.hidden = false;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(button.dataset.code);
            copied.textContent = `${button.dataset.code} copied`;
            const word = button.firstChild;
            word.data = "Copied";
            button.classList.add("done");
            setTimeout(() => {
                word.data = "Copy";
                button.classList.remove("done");
            }, 2000);
        });
    }
}

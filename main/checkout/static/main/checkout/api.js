// Sends the requests of the page that describes the API, and shows the answers.
"use strict";

for (const part of document.querySelectorAll(".try")) {
  part.querySelector("button").addEventListener("click", async () => {
    const sent = part.querySelector(".sent").value;
    const answer = part.querySelector(".answer");
    const headers = {Authorization: `Bearer ${document.getElementById("token").value.trim()}`};
    const options = {method: part.dataset.method, headers, credentials: "omit"};
    if (part.dataset.method === "POST") {
      headers["Content-Type"] = "application/json";
      options.body = sent;
    }
    const address = part.dataset.address.replace("{order}", encodeURIComponent(sent));
    answer.lang = "en";
    try {
      const response = await fetch(address, options);
      const body = JSON.stringify(JSON.parse(await response.text()), null, 2);
      answer.textContent = `${response.status} ${response.statusText}\n${body}`;
    } catch (error) {
      answer.lang = document.documentElement.lang;
      answer.textContent = answer.dataset.failed.replace("{reason}", () => error.message);
    }
  });
}

"use strict";
// Two things: the live part of a page is fetched again every second, and a form with data-json is sent as JSON.
const live = document.getElementById("live");
const said = document.getElementById("said");

function say(text, good = false) {
  said.textContent = text;
  said.classList.toggle("good", good);
  said.hidden = !text;
}

function showWhatFits() {
  const state = live.querySelector("[data-state]")?.dataset.state;
  for (const each of document.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== (state === "idle" ? "idle" : "on");
}

let silent = false;
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(live.dataset.from, { redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    live.innerHTML = await answer.text();
    if (silent) say("");
    silent = false;
    showWhatFits();
  } catch {
    silent = true;
    say("The master does not answer; what is shown is old.");
  }
}

function valueOf(field) {
  return field.type === "number" || field.dataset.number !== undefined ? Number(field.value) : field.value;
}

async function send(form) {
  const fields = [...form.elements].filter((each) => each.name && each.value !== "");
  const body = Object.fromEntries(fields.map((each) => [each.name, valueOf(each)]));
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const csrf = document.querySelector("meta[name=csrf]").content;
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) return say(told.error || `${answer.status} ${answer.statusText}`);
    if (form.dataset.reload !== undefined) return location.reload();
    say(told.said || form.dataset.said || "", true);
    if (live) await refresh();
  } catch {
    say("The master does not answer; nothing was changed as far as is known.");
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.json === undefined) return;
  event.preventDefault();
  send(event.target);
});
if (live) {
  showWhatFits();
  setInterval(refresh, 1000);
}

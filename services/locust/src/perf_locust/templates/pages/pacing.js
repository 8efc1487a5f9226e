"use strict";
// The form of the Pacing page: sends what was changed only, tells what is wrong beside its field, and follows others.
const form = document.getElementById("pace");

const fields = () => [...form.querySelectorAll("[data-path]")];
const changed = (field) => field.value.trim() !== field.defaultValue;
const keyOf = (path) => JSON.stringify(path);

function numberOf(text) {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function changes() {
  const body = {};
  for (const field of fields().filter(changed)) {
    const path = JSON.parse(field.dataset.path);
    let at = body;
    for (const name of path.slice(0, -1)) at = at[name] ??= {};
    at[path.at(-1)] = numberOf(field.value.trim());
  }
  return body;
}

function complain(path, sentence) {
  let found = false;
  for (const field of fields()) {
    const here = sentence !== "" && keyOf(JSON.parse(field.dataset.path)) === keyOf(path);
    found ||= here;
    field.setAttribute("aria-invalid", here);
    document.getElementById(field.getAttribute("aria-describedby")).textContent = here ? sentence : "";
    if (here) field.focus();
  }
  return found;
}

async function renew() {
  const answer = await fetch(form.dataset.from, { redirect: "manual" });
  if (answer.ok) form.innerHTML = await answer.text();
}

function judge(status, told) {
  if (status === 409 && told.revision !== undefined) form.elements.revision.value = told.revision;
  if (!complain(told.field ?? [], told.error)) say(told.error || `the master answered ${status}`);
}

async function change(body) {
  complain([], "");
  say("");
  if (Object.keys(body).length === 0) return say("Nothing was changed in the form; nothing is sent.");
  const csrf = document.querySelector("meta[name=csrf]").content;
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify({ ...body, revision: Number(form.elements.revision.value) }),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) return judge(answer.status, told);
  const workers = Object.keys(told.acknowledged);
  const open = told.missing.length + Object.keys(told.refused).length;
  const done = workers.length ? ` ${workers.length - open} of ${workers.length} workers do so.` : "";
  say(`Set: ${told.pacing}.${done}`, open === 0);
  await renew();
  await refresh();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const buttons = form.querySelectorAll("button");
  buttons.forEach((each) => (each.disabled = true));
  try {
    await change(event.submitter?.name === "reset" ? { reset: true } : changes());
  } catch {
    say("The master does not answer; whether it was changed is not known.");
  } finally {
    form.querySelectorAll("button").forEach((each) => (each.disabled = false));
  }
});

// A form that nobody has touched follows what others set; one that was touched keeps its revision and is refused.
new MutationObserver(() => {
  const asked = live.querySelector("[data-asked]")?.dataset.asked;
  const touched = fields().some(changed) || form.contains(document.activeElement);
  if (asked !== undefined && asked !== form.elements.revision.dataset.asked && !touched) renew().catch(() => {});
}).observe(live, { childList: true });

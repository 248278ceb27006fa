/* Keys, copying, the drop zone, and the line that says that the server does not answer. Every page works without it. */
"use strict";

const STAYS_S = 10;
const TRIES = 5;
const BACK_OFF_S = [2, 4, 8, 16, 32];
const GO = { h: "/", a: "/analyses", r: "/review", d: "/dashboard", w: "/watches", u: "/rules" };
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

document.documentElement.classList.add("js");

/* ---- toast: one at a time, stays while it has the focus, never the only trace of an error ---- */

let toastEnds = 0;

function toast(text, stays = false) {
  const box = one("#toast");
  if (!box) return;
  one("[data-text]", box).textContent = text;
  one("[data-left]", box).textContent = "";
  box.hidden = false;
  toastEnds = stays ? Infinity : Date.now() + STAYS_S * 1000;
}

setInterval(() => {
  const box = one("#toast");
  if (!box || box.hidden || toastEnds === Infinity) return;
  if (box.contains(document.activeElement)) toastEnds += 1000;
  const left = Math.ceil((toastEnds - Date.now()) / 1000);
  one("[data-left]", box).textContent = `${left} s`;
  if (left <= 0) box.hidden = true;
}, 1000);

/* ---- copy ---- */

async function copy(button) {
  try {
    const text = button.dataset.copy;
    await navigator.clipboard.writeText(text.startsWith("/") ? location.origin + text : text);
    toast(`Copied: ${button.dataset.what || "text"}`);
  } catch {
    toast("The browser does not let this page copy. Select the text instead.");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-print], [data-details], [data-show], [data-again]");
  if (button?.dataset.copy !== undefined) copy(button);
  else if (button?.dataset.print !== undefined) window.print();
  else if (button?.dataset.details !== undefined) flip(button);
  else if (button?.dataset.show !== undefined) one(button.dataset.show)?.showModal();
  else if (button?.dataset.again !== undefined) location.reload();
  const row = event.target.closest("[data-row]");
  if (row && !event.target.closest("a, button, input, label, summary") && !String(getSelection())) one("a", row)?.click();
});

function flip() {
  const found = all("details.finding");
  const open = found.some((details) => !details.open);
  for (const details of found) details.open = open;
}

/* A link into a closed block opens it. */
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const closed = target.closest("details:not([open])");
  if (closed) {
    closed.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", reveal);
addEventListener("DOMContentLoaded", reveal);

let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details.finding:not([open])");
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});

/* ---- keys: never while typing, and a setting turns the single ones off ---- */

let pending = "";

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function move(step) {
  const rows = all("[data-row]");
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  for (const row of rows) row.removeAttribute("aria-selected");
  next.setAttribute("aria-selected", "true");
  const link = one("a, summary", next) || next;
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function press(selector) {
  const found = one(selector);
  if (found) found.click();
  return Boolean(found);
}

const KEYS = {
  "/": () => one("[data-seek]")?.focus(),
  "?": () => one("#keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  e: () => flip(),
  p: () => press("[data-first-proof]"),
  y: () => press("[data-key-y]"),
  t: () => all("details.table").forEach((details) => (details.open = !details.open)),
  "[": () => press("[data-key-previous]"),
  "]": () => press("[data-key-next]"),
  c: () => press("[data-key-c]"),
  o: () => press("[data-key-o]"),
  n: () => press("[data-key-n]"),
  s: () => press("[data-key-s]"),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  if (document.body.dataset.keys === "off" || one("dialog[open]")) return;
  const was = pending;
  pending = "";
  if (was === "g" && GO[event.key]) return location.assign(GO[event.key]);
  if (event.key === "g") {
    pending = "g";
    return;
  }
  const section = /^[1-6]$/.test(event.key) && all(".index .to a")[Number(event.key) - 1];
  if (section) section.click();
  else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
  else return;
  event.preventDefault();
});

/* Suggestions: arrows go through them, and back to the field. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const field = event.target.closest("[data-seek-home], .matches a");
  if (!field) return;
  const stops = [one("[data-seek-home]"), ...all(".matches a")];
  const next = stops[stops.indexOf(field) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  next.focus();
  event.preventDefault();
});

/* ---- drop zone: the file goes into an ordinary form ---- */

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.(".drop");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    one("input[type=file]", zone).files = event.dataTransfer.files;
    send(zone);
  });
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest(".drop");
  if (zone && event.target.files?.length) send(zone);
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

function send(zone) {
  const file = one("input[type=file]", zone).files[0];
  const limit = Number(zone.dataset.limit);
  if (file.size > limit) {
    one("[data-wrong]", zone).textContent = `The file has ${(file.size / 1e6).toFixed(1)} MB; ${limit / 1e6} MB are the limit.`;
    return;
  }
  zone.requestSubmit();
}

/* ---- the server is away: what is shown stays, five tries, then a button ---- */

let failures = 0;
let silentSince = "";

function away(event) {
  const region = event.detail.elt;
  if (!region?.matches("[data-live]")) return;
  silentSince = silentSince || new Date().toISOString().slice(11, 19);
  failures += 1;
  document.body.classList.add("is-away");
  all(".pulse").forEach((line) => line.classList.add("stale"));
  all("[data-live] time, [data-live] .figure").forEach((element) => element.classList.add("old"));
  const button = one("#toast [data-again]");
  if (failures > TRIES) {
    toast(`No answer since ${silentSince} UTC.`, true);
    button.hidden = false;
    return;
  }
  const wait = BACK_OFF_S[failures - 1];
  toast(`No answer since ${silentSince} UTC. Trying again in ${wait} s.`, true);
  setTimeout(() => window.htmx.trigger(region, "again"), wait * 1000);
}

document.addEventListener("htmx:sendError", away);
document.addEventListener("htmx:timeout", away);
document.addEventListener("htmx:responseError", away);
document.addEventListener("htmx:afterOnLoad", (event) => {
  if (!failures || !event.detail.requestConfig?.elt.matches("[data-live]")) return; // elt is what took its place
  failures = 0;
  silentSince = "";
  document.body.classList.remove("is-away");
  all(".pulse").forEach((line) => line.classList.remove("stale"));
  one("#toast").hidden = true;
});

/* What has the focus is never swapped away. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  if (target.matches?.("[data-live]") && target !== document.activeElement && target.contains(document.activeElement)) {
    event.detail.shouldSwap = false;
    setTimeout(() => window.htmx.trigger(target, "again"), 2000);
  }
});

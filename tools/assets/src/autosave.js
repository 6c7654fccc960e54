// Saves a draft 5 seconds after typing stops and on leaving, and says so the first time and on failure.
import { clockTime } from "./clock.js";
import { said } from "./words.js";

const PAUSE = 5000;

export function startAutosave() {
  document.querySelectorAll("form[data-autosave-url]").forEach((form) => new Autosave(form));
}

class Autosave {
  constructor(form) {
    this.form = form;
    this.status = statusOf(form);
    this.changed = this.saving = this.told = this.sent = false;
    form.addEventListener("input", () => this.later());
    form.addEventListener("change", () => this.later());
    form.addEventListener("submit", () => navigator.onLine && this.stop());
    addEventListener("pagehide", () => this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.save());
  }

  later() {
    this.changed = true;
    this.sent = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  stop() {
    this.sent = true;
    clearTimeout(this.timer);
  }

  async save() {
    clearTimeout(this.timer);
    if (!this.changed || this.sent || this.saving) return;
    this.changed = false;
    this.saving = true;
    const saved = await this.send();
    this.saving = false;
    if (saved) this.succeeded();
    else this.failed();
  }

  async send() {
    try {
      const answer = await fetch(this.form.dataset.autosaveUrl, {
        method: "POST",
        body: fieldsOf(this.form),
        headers: { Accept: "application/json", "X-Requested-With": "autosave" },
        credentials: "same-origin",
        // To be sent to the sign-in page is not to be saved.
        redirect: "manual",
        keepalive: true,
      });
      if (answer.ok) await this.keepVersion(answer);
      return answer.ok;
    } catch {
      return false;
    }
  }

  // The server may answer {"row_version": 4}; the next post must carry it.
  async keepVersion(answer) {
    if (!(answer.headers.get("content-type") || "").includes("json")) return;
    const { row_version: version } = await answer.json();
    const field = this.form.elements.namedItem("row_version");
    if (field && version !== undefined) field.value = version;
  }

  succeeded() {
    this.say(said("Saved %(value)s", clockTime(new Date())), !this.told, false);
    this.told = true;
    if (this.changed) this.later();
  }

  failed() {
    this.changed = true;
    this.told = false;
    this.say(said("Not saved yet. Your words are still on this page. Use the button below to save them."), true, true);
  }

  // Seen every time, read aloud only the first time and on failure.
  say(words, aloud, failed) {
    this.status.classList.toggle("app-saved--failed", failed);
    const seen = document.createElement("span");
    seen.textContent = words;
    seen.setAttribute("aria-hidden", "true");
    const heard = this.status.querySelector(".govuk-visually-hidden") || document.createElement("span");
    heard.className = "govuk-visually-hidden";
    if (aloud) heard.textContent = words;
    this.status.replaceChildren(seen, heard);
  }
}

function fieldsOf(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  return fields;
}

// Where a form says how its saving goes: made above its button the first time.
export function statusOf(form) {
  const there = form.querySelector("[data-autosave-status]");
  if (there) return there;
  const status = document.createElement("p");
  status.className = "app-saved";
  status.setAttribute("role", "status");
  status.dataset.autosaveStatus = "";
  const button = form.querySelector("button:not([type=button])");
  if (button) (button.closest(".govuk-button-group, .app-actions") || button).before(status);
  else form.append(status);
  return status;
}

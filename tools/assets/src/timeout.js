// Five minutes before a session ends, offers to stay signed in; once it has ended, hides the page.
import { said } from "./words.js";

const WARNING = 5 * 60 * 1000;

export function warnBeforeTimeOut() {
  const { sessionEnds, sessionNow } = document.body.dataset;
  if (!sessionEnds) return;
  // The server's own clock, if it gave it: the computer's may be wrong.
  const left = new Date(sessionEnds) - (sessionNow ? new Date(sessionNow) : Date.now());
  if (Number.isFinite(left)) new TimeOut(left);
}

class TimeOut {
  constructor(length) {
    this.length = length;
    this.dialog = buildDialog();
    this.dialog.querySelector("button").addEventListener("click", () => this.stay());
    this.dialog.addEventListener("cancel", (event) => this.over && event.preventDefault());
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
    if (this.tabs) this.tabs.onmessage = (event) => this.start(event.data);
    this.start(length);
    this.tell();
    // A laptop that slept has missed its timers.
    document.addEventListener("visibilitychange", () => document.hidden || this.tick());
  }

  start(length) {
    this.ends = Date.now() + length;
    this.over = false;
    if (this.dialog.open) this.dialog.close();
    this.tick();
  }

  tell() {
    if (this.tabs) this.tabs.postMessage(this.length);
  }

  tick() {
    clearTimeout(this.timer);
    const left = this.ends - Date.now();
    if (left <= 0) return this.end();
    if (left <= WARNING && !this.dialog.open) this.dialog.showModal();
    // setTimeout takes 24.8 days at most
    this.timer = setTimeout(() => this.tick(), Math.min(left > WARNING ? left - WARNING : left, 2 ** 31 - 1));
  }

  async stay() {
    try {
      const answer = await fetch("/account/stay", { credentials: "same-origin", redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return this.end();
      if (!answer.ok) throw new Error("not answered");
      this.start(this.length);
      this.tell();
    } catch {
      this.dialog.querySelector("p").textContent = said("We could not reach the service. Check your connection, then try again.");
    }
  }

  end() {
    this.over = true;
    this.dialog.classList.add("app-dialog--ended");
    this.dialog.querySelector("h2").textContent = said("You have been signed out");
    this.dialog.querySelector("p").textContent = said("This keeps the records on this screen private.");
    this.dialog.querySelector("button").hidden = true;
    this.dialog.querySelector("a").hidden = false;
    if (!this.dialog.open) this.dialog.showModal();
  }
}

function buildDialog() {
  const dialog = document.createElement("dialog");
  dialog.className = "app-dialog";
  dialog.setAttribute("aria-labelledby", "time-out-title");
  const title = make("h2", "govuk-heading-m", said("You will be signed out in 5 minutes"));
  title.id = "time-out-title";
  const again = make("a", "govuk-button", said("Sign in again"));
  again.href = location.href;
  again.hidden = true;
  dialog.append(
    title, make("p", "govuk-body", said("This keeps the records on this screen private.")),
    make("button", "govuk-button", said("Stay signed in")), again,
  );
  dialog.querySelector("button").type = "button";
  document.body.append(dialog);
  return dialog;
}

function make(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

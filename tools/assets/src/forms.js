// A form is sent once, and not into a cut network; Ctrl+Enter sends the forms that allow it.
import { statusOf } from "./autosave.js";
import { said } from "./words.js";

const FORGET = 10000;

export function submitOnce() {
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-submit-again")) return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    // The browser's own page about it would come in place of this one, and what was typed would be gone.
    if (!navigator.onLine) {
      event.preventDefault();
      const status = statusOf(form);
      status.classList.add("app-saved--failed");
      status.textContent = said("We could not reach the service. Check your connection, then try again.");
      return;
    }
    sent.add(form);
    // A download leaves the page where it is, and a lost connection must not lock the form.
    setTimeout(() => sent.delete(form), FORGET);
  });
  addEventListener("pageshow", () => sent.clear());
}

export function ctrlEnterSubmits() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    const form = event.target.closest("form[data-ctrl-enter]");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button:not([type=button])"));
  });
}

// A form is sent once; Ctrl+Enter sends the forms that allow it.
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

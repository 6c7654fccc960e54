// The few texts that script alone shows. A page that is not in English brings them in its own language.
const own = JSON.parse(document.body.dataset.words || "{}");

export const said = (text, value = "") => (own[text] ?? text).replace("%(value)s", value);

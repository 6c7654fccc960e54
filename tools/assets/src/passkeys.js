// Asks the browser for a passkey when a form that carries `data-passkey` is sent, and sends its answer with the form.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function opened(options) {
  const known = (list) => (list || []).map((item) => ({ ...item, id: toBytes(item.id) }));
  const ready = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) {
    ready.user = { ...options.user, id: toBytes(options.user.id) };
    ready.excludeCredentials = known(options.excludeCredentials);
  } else {
    ready.allowCredentials = known(options.allowCredentials);
  }
  return ready;
}

function written(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    answer.attestationObject = toText(response.attestationObject);
  } else {
    answer.authenticatorData = toText(response.authenticatorData);
    answer.signature = toText(response.signature);
    if (response.userHandle) answer.userHandle = toText(response.userHandle);
  }
  return JSON.stringify({
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  });
}

async function ask(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const publicKey = opened(JSON.parse(form.dataset.passkeyOptions));
    const made = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.credential.value = written(made);
    HTMLFormElement.prototype.submit.call(form);
  } catch {
    problem.hidden = false;
  }
}

export function startPasskeys() {
  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  });
}

/* Passkeys: a form with data-passkey="create|get" asks the device, puts its answer into `credential` and goes on.
   Its options stand in the JSON of the element named by data-options, or come from data-options-url. Without
   passkeys in the browser such a form stays hidden and [data-passkey-missing] is seen instead. */
(() => {
  "use strict";
  const known = window.PublicKeyCredential;
  if (!known || !known.parseCreationOptionsFromJSON) return;

  const optionsOf = async (form) => {
    if (form.dataset.optionsUrl) {
      const answer = await fetch(form.dataset.optionsUrl, { headers: { "X-Requested-With": "XMLHttpRequest", Accept: "application/json" } });
      if (!answer.ok) throw new Error("no options");
      return (await answer.json()).request_options.publicKey;
    }
    const held = JSON.parse(document.getElementById(form.dataset.options).textContent);
    return (held.creation_options || held.request_options).publicKey;
  };

  const ask = async (form) => {
    const options = await optionsOf(form);
    if (form.dataset.passkey === "get") {
      return navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) });
    }
    options.authenticatorSelection = { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
    return navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) });
  };

  const ready = (form) => {
    const fault = form.querySelector("[data-fault]"), button = form.querySelector("button");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      button.classList.add("htmx-request");
      if (fault) fault.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify((await ask(form)).toJSON());
        form.requestSubmit();
      } catch {
        button.classList.remove("htmx-request");
        if (fault) fault.hidden = false;
      }
    });
  };

  document.querySelectorAll("form[data-passkey]").forEach(ready);
  document.querySelectorAll("[data-passkey-missing]").forEach((note) => { note.hidden = true; });
})();

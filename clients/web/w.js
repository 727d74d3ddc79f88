/* <kith-widget key="kith_pub_…">: the friend's offer and form on your own page.
 *
 *   <script type="module" src="https://kith.example.com/w.js"></script>
 *
 * Attributes: key; code (else what t.js remembers, else ?via=, else the visitor types it); lang ("en", "nl").
 * Looks: --kith-brand, --kith-on-brand, --kith-surface, --kith-text, --kith-line, --kith-radius, --kith-font.
 * Fires "kith-lead" when the form was taken in.
 */
const home = new URL("/s/", import.meta.url);
const looks = new CSSStyleSheet();
looks.replaceSync(`:host{all:initial!important;display:block!important}
div{color:var(--kith-text,#161b26);font:400 16px/1.5 var(--kith-font,system-ui,sans-serif);padding:24px;border:1px solid var(--kith-line,#dfe3ea);border-radius:var(--kith-radius,16px);background:var(--kith-surface,#fff)}
h2{margin:0 0 4px;font-size:22px;line-height:1.25}p{margin:0 0 16px}label{display:block;margin:0 0 12px;font-size:14px;font-weight:600}
input{box-sizing:border-box;display:block;width:100%;min-height:44px;margin-top:4px;padding:8px 12px;border:1px solid var(--kith-line,#b9c0cc);border-radius:10px;background:transparent;color:inherit;font:inherit}
[type=checkbox]{display:inline-block;width:20px;min-height:20px;margin:0 8px 0 0;vertical-align:-4px}.c{font-weight:400}
button{width:100%;min-height:46px;border:0;border-radius:10px;background:var(--kith-brand,#1d5fe0);color:var(--kith-on-brand,#fff);font:600 16px var(--kith-font,system-ui,sans-serif);cursor:pointer}
:focus-visible{outline:2px solid var(--kith-brand,#1d5fe0);outline-offset:2px}[aria-busy]{opacity:.6}[role=alert]{color:#b3261e}`);

const make = (name, settings = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), settings);
  made.append(...inside);
  return made;
};
const kept = () => window.kith && !window.kith.q && window.kith("kept") || {};
const ask = async (path, body) => {
  const answer = await fetch(new URL(path, home), {
    credentials: "omit", ...(body && { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "text/plain" } }),
  });
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
};

customElements.define("kith-widget", class extends HTMLElement {
  connectedCallback() {
    this.root ||= this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [looks];
    this.offer(this.getAttribute("code") || kept().code || new URLSearchParams(location.search).get("via") || "");
  }

  show(title, text, ...rest) {
    this.fault = make("p", { role: "alert" });
    this.root.replaceChildren(make("div", {}, make("h2", {}, title), make("p", {}, text), this.fault, ...rest));
  }

  form(fields, button, send) {
    const form = make("form", {}, ...fields.map(([name, label, type, required = true]) => {
      const field = make("input", { name, type, required, autocomplete: { email: "email", name: "name" }[name] || "off" });
      return type === "checkbox" ? make("label", { className: "c" }, field, label) : make("label", {}, label, field);
    }), make("button", {}, button));
    form.onsubmit = async (event) => {
      event.preventDefault();
      form.setAttribute("aria-busy", "true");
      try { await send(Object.fromEntries(new FormData(form))); }
      catch (said) { this.fault.textContent = Object.values(said.details?.fields || {})[0] || said.message || "…"; }
      form.removeAttribute("aria-busy");
    };
    return form;
  }

  async offer(code) {
    const key = this.getAttribute("key"), lang = this.lang || document.documentElement.lang || "";
    try {
      const { data } = await ask(`${key}/offer?code=${encodeURIComponent(code)}&lang=${lang.slice(0, 2)}`);
      const { words } = data;
      if (!data.known) {
        this.show(data.title, words.ask, this.form([["code", words.code, "text"]], words.go, ({ code }) => this.offer(code)));
        if (code) this.fault.textContent = words.unknown;
        return;
      }
      this.show(data.title, data.text, this.form(data.fields, words.send, async (given) => {
        const rid = kept().code === code ? kept().rid : ""; // asked late: the visit may have been reported meanwhile
        const said = await ask(`${key}/lead`, { ...given, consent: !!given.consent, code, rid, lang });
        this.show(words.thanks, said.message);
        this.dispatchEvent(new CustomEvent("kith-lead", { bubbles: true, detail: said.data }));
      }));
    } catch (said) { this.show("", said.message || "…"); }
  }
});

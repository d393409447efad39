// What the page does by itself: clicks on citations and examples reach the server, the drawer and the filters open and
// close, the question asked last and the marked quote come into view. ui/web.py says which component calls what.
window.quotedesk = {
  // A click on a citation, anywhere on the page, asks the server for its article.
  source(element, trigger) {
    document.addEventListener("click", (event) => {
      const pill = event.target.closest?.('a[href^="#cite-"]');
      if (!pill || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.opener = pill;
      trigger("select", { address: pill.getAttribute("href") });
    });
    element.addEventListener("click", (event) => {
      if (event.target.closest(".source-close")) this.closeDrawer();
      const copy = event.target.closest("[data-copy]");
      if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => copy.classList.add("copied"));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.closeDrawer();
    });
    const shown = new MutationObserver(() => this.showQuote(element));
    shown.observe(element, { childList: true, characterData: true, subtree: true });
    shown.observe(element.closest("#drawer"), { attributes: true, attributeFilter: ["class"] });
    if (location.hash.startsWith("#cite-")) trigger("select", { address: location.hash });
  },

  showQuote(element) {
    const quote = element.querySelector("#source-quote");
    const pane = element.closest("#drawer.open .sidebar-content");
    if (!quote || !pane) return;
    pane.scrollTop = 0; // the title stays in view where the quote can be seen below it
    const below = quote.getBoundingClientRect().bottom - pane.getBoundingClientRect().bottom;
    if (below > -40) pane.scrollTop = below + (pane.clientHeight * 2) / 3;
    quote.focus({ preventScroll: true });
  },

  closeDrawer() {
    const drawer = document.querySelector("#drawer");
    if (!drawer?.classList.contains("open")) return;
    drawer.querySelector(".toggle-button").click();
    this.opener?.focus();
  },

  // A click on an example asks it.
  examples(element, trigger) {
    element.addEventListener("click", (event) => {
      const example = event.target.closest("[data-question]");
      if (example) trigger("select", { question: example.dataset.question });
    });
  },

  // A click on an earlier chat opens it.
  earlier(element, trigger) {
    element.addEventListener("click", (event) => {
      const chat = event.target.closest("[data-chat]");
      if (chat) trigger("select", { chat: chat.dataset.chat });
    });
  },

  // Where the browser keeps nothing for a frame, a conversation lasts as long as the frame does; gradio would not start.
  remember() {
    for (const name of ["localStorage", "sessionStorage"]) {
      try {
        window[name].getItem("");
      } catch {
        const kept = new Map();
        const storage = {
          getItem: (key) => kept.get(String(key)) ?? null,
          setItem: (key, value) => void kept.set(String(key), String(value)),
          removeItem: (key) => void kept.delete(String(key)),
          clear: () => kept.clear(),
          key: (place) => [...kept.keys()][place] ?? null,
          get length() { return kept.size; },
        };
        Object.defineProperty(window, name, { value: storage });
      }
    }
  },

  // In the frame of another site: that site's colour, and no more around the conversation than fits there.
  embed() {
    const asked = new URLSearchParams(location.search);
    if (!asked.has("embed")) return;
    document.documentElement.classList.add("embedded");
    const colour = asked.get("colour") || "";
    if (/^#[0-9a-f]{6}$/i.test(colour)) document.documentElement.style.setProperty("--site", colour);
  },

  // The filters, and what gradio leaves out of the conversation and the question box.
  composer(element) {
    const button = element.querySelector("#filters-button");
    button.addEventListener("click", () => {
      const filters = document.querySelector("#filters");
      button.setAttribute("aria-expanded", filters.classList.toggle("open"));
      const used = [...filters.querySelectorAll("input[type=date]")].some((day) => day.value);
      button.classList.toggle("set", used || filters.querySelector(".token") !== null);
    });
    let rows = 0;
    const keep = () => {
      this.label();
      document.querySelectorAll("#filters input[type=text]").forEach((day) => (day.type = "date"));
      const said = document.querySelectorAll("#chat .message-row");
      if (said.length > rows) [...said].findLast((row) => row.matches(".user-row"))?.scrollIntoView({ block: "start" });
      rows = said.length;
    };
    new MutationObserver(keep).observe(document.body, { childList: true, subtree: true });
    keep();
  },

  // Names for screen readers: gradio reads out an answer's Markdown, and leaves the buttons in the box without a name.
  label() {
    const names = { "#question .submit-button": "Send", "#question .stop-button": "Stop" };
    for (const [place, name] of Object.entries(names)) document.querySelector(place)?.setAttribute("aria-label", name);
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((said) => said.removeAttribute("aria-label"));
  },
};
quotedesk.remember();
quotedesk.embed();

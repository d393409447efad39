// Adds a launcher to the page of another site, which opens the chat in a frame. Attributes of the script's own tag:
// data-greeting, data-colour (#rrggbb), data-ask (a question to begin with; several on lines of their own), data-label.
(() => {
  const script = document.currentScript;
  const desk = new URL("./embed", script.src);
  const { greeting, colour, ask, label = "Ask the archive" } = script.dataset;
  if (greeting) desk.searchParams.set("greeting", greeting);
  if (colour) desk.searchParams.set("colour", colour);
  for (const question of (ask || "").split("\n")) {
    if (question.trim()) desk.searchParams.append("ask", question.trim());
  }

  const host = document.createElement("div");
  host.id = "quotedesk";
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet(); // not an element: a site's policy may forbid those
  style.replaceSync(`
    :host { all: initial; }
    button { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; height: 48px; padding: 0 20px;
      border: 0; border-radius: 24px; font: 600 15px/1 system-ui, sans-serif; color: #fff; cursor: pointer;
      background: var(--colour); box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
    button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
    iframe { position: fixed; right: 20px; bottom: 80px; z-index: 2147483000; width: 420px; height: 640px;
      max-width: calc(100vw - 40px); max-height: calc(100dvh - 100px); border: 0; border-radius: 12px;
      box-shadow: 0 8px 40px rgb(0 0 0 / .3); background: #fff; }
    iframe[hidden] { display: none; }
    @media (max-width: 480px) { iframe { inset: 0 0 76px 0; width: 100vw; max-width: none; height: auto;
      max-height: none; border-radius: 0; } }`);
  root.adoptedStyleSheets = [style];
  host.style.setProperty("--colour", /^#[0-9a-f]{6}$/i.test(colour || "") ? colour : "#1d4ed8");

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-expanded", "false");
  let frame = null;
  const show = (open) => {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = desk.href;
      frame.title = label;
      frame.allow = "clipboard-write";
      frame.referrerPolicy = "origin"; // so that the desk knows which site shows it
      root.append(frame);
    }
    if (frame) frame.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Close" : label;
  };
  button.addEventListener("click", () => show(!frame || frame.hidden));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && frame && !frame.hidden) {
      show(false);
      button.focus();
    }
  });
  root.append(button);
  const add = () => document.body.append(host);
  document.body ? add() : addEventListener("DOMContentLoaded", add);
})();

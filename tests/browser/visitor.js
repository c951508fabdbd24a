// What a visitor finds on a page: the controls that can be used now, and everything that can be perceived.
//
// Both look into shadow roots. A control is known by `id`, which does not depend on results: the key that the app gave
// it, or what it is called, without the numbers in it.
(() => {
  const CONTROLS = "a[href], button, input, select, textarea, summary, .stPlotlyChart, [contenteditable=true], "
    + "[tabindex='0'], [role=spinbutton], [role=tab], [role=switch], [role=button], [role=menuitem]";
  const QUIET = 40; // ms without a message, in which Streamlit begins to draw what came
  const STATES = ["aria-expanded", "aria-pressed", "aria-selected", "aria-checked", "aria-valuetext", "aria-label", "aria-invalid", "disabled", "hidden", "open"];

  /** All elements, those of shadow roots too; of a chart, which may have thousands, the outermost. */
  function* deep(root) {
    const inner = (element) => element.parentElement?.closest(".js-plotly-plot");
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT, (element) =>
      inner(element) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (walker.nextNode()) {
      yield walker.currentNode;
      if (walker.currentNode.shadowRoot) yield* deep(walker.currentNode.shadowRoot);
    }
  }
  /** Those of the element and all it is in, outside of shadow roots too, that fit. */
  const around = (element, selector) => {
    for (let at = element; at; at = at.getRootNode().host) {
      const found = at.closest(selector);
      if (found) return found;
    }
    return null;
  };
  const testid = (element) => around(element, "[data-testid]")?.dataset.testid ?? "";
  const key = (element) => {
    const found = around(element, "[class*='st-key-']")?.getAttribute("class").match(/st-key-(\S+)/);
    return found ? found[1].replace(/[0-9a-f]{12}/g, "*") : "";
  };
  const visible = (element) => {
    if (element.matches("[type=radio], [type=checkbox]")) element = element.closest("label") ?? element;
    if (element.type === "file") return visible(element.closest("[data-testid=stFileUploader]"));
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility();
  };
  const words = (element) => {
    const icons = [...element.querySelectorAll("[data-testid=stIconMaterial]")].map((icon) => icon.textContent);
    return icons.reduce((text, icon) => text.replace(icon, ""), element.innerText || element.textContent || "");
  };
  const label = (element) => {
    if (element.tagName === "CANVAS") {
      const tool = element.closest(".stElementContainer").querySelector("[data-testid=stElementToolbar] [aria-label*=': ']");
      return tool?.ariaLabel.replace(/^.*?: /, "").slice(0, 120) ?? "";
    }
    const named = (element.getAttribute("aria-label") || element.title || words(element)).trim();
    return (named || around(element, "[aria-label]")?.getAttribute("aria-label") || "").replace(/\s+/g, " ").slice(0, 120);
  };

  const kind = (element) => {
    const tag = element.tagName.toLowerCase(), role = element.getAttribute("role"), of = testid(element);
    if (element.matches(".stPlotlyChart")) return "chart";
    if (element.matches("canvas[data-testid=data-grid-canvas]")) return "table";
    if (tag === "a") return "link";
    if (tag === "summary") return "expander";
    if (tag === "select") return "list";
    if (of === "stPopoverButton") return "popover";
    if (of === "stTooltipHoverTarget" && element.ariaLabel?.startsWith("Help")) return "help";
    if (around(element, "[data-testid=stCodeCopyButton]") || element.ariaLabel === "Copy to clipboard") return "copy";
    if (around(element, "[data-testid=stDownloadButton]")) return "download";
    if (around(element, "[data-testid=stElementToolbar]")) return element.ariaLabel?.startsWith("Download") ? "download" : "tool";
    if (role === "tab") return "tab";
    if (role === "radio" || element.type === "radio") return "radio";
    if (role === "switch" || role === "checkbox" || element.type === "checkbox") return "checkbox";
    if (role === "combobox") return around(element, "[data-testid=stMultiSelect]") ? "multiselect" : "select";
    if (role === "spinbutton") return "dial";
    if (element.type === "range" || role === "slider") return "slider";
    if (element.type === "number") return "number";
    if (element.type === "file") return "upload";
    if (tag === "input" || tag === "textarea") return "text";
    if (tag === "button" || role === "button" || role === "menuitem") return "button";
    if (role === "listitem") return "bar";
    return "stop";
  };
  /** Parts of a control that is found itself, and what only scrolls. */
  const isPart = (element) => {
    if (element.matches("[data-tag]")) return true;
    if (element.matches("main, canvas:not([data-testid=data-grid-canvas]), [role=columnheader], [role=gridcell]")) return true;
    if (element.matches("[data-testid=stCode] *, [data-testid=stCode]") && !element.closest("button")) return true;
    if (element.matches("button[tabindex='-1'][aria-haspopup=listbox]")) return true;
    if (element.closest("[data-testid=stFileUploaderDropzone]") && element.type !== "file") return true;
    if (element.closest("[role=listbox], .js-plotly-plot")) return true;
    if (element.matches("[role=tabpanel], [role=dialog]")) return true;
    const style = getComputedStyle(element);
    return !element.matches("button, input, a, select, summary") && /auto|scroll/.test(style.overflow) && !element.hasAttribute("role");
  };

  /** What lies over everything else: a popover or menu, or on a narrow screen the sidebar. */
  const layer = () => {
    const over = [...document.querySelectorAll("[data-testid=stPopoverBody], [role=dialog]")].filter(visible);
    if (over.length) return over.at(-1);
    const sidebar = document.querySelector("[data-testid=stSidebar]");
    return innerWidth < 768 && sidebar && sidebar.dataset.collapsed !== "true" ? sidebar : null;
  };

  const found = () => {
    const over = layer(), folded = document.querySelector("[data-testid=stSidebar][data-collapsed=true]");
    const all = [], counted = new Map(), within = over?.dataset.within ? `${over.dataset.within} > ` : "";
    for (const element of deep(document)) {
      if (!element.matches(CONTROLS) || isPart(element) || !visible(element)) continue;
      if ((over && !around(element, `#${CSS.escape(over.id || (over.id = "visited-layer"))}`)) || folded?.contains(element)) continue;
      const what = kind(element), own = element.closest(".stElementContainer")?.getAttribute("class").includes("st-key-");
      const inside = element.getRootNode() !== document, plain = label(element).replace(/[\d.,]+/g, "#");
      const broad = ["table", "tool", "chart"].includes(what) || (what === "download" && testid(element).includes("Toolbar"));
      const name = broad || !(own || inside) ? `${broad ? "" : key(element)} ${plain}` : key(element);
      const place = `${what} ${name}`.trim(), nth = counted.get(place) ?? 0;
      counted.set(place, nth + 1);
      const off = element.disabled || element.ariaDisabled === "true";
      const on = element.checked || element.ariaChecked === "true" || (what === "tab" && element.ariaSelected === "true");
      all.push({ element, id: within + (nth ? `${place} ${nth + 1}` : place), kind: what, key: key(element), label: label(element), testid: testid(element), off, on });
    }
    return all;
  };

  /** Everything on the page that somebody can see or is told, as one text. */
  const seen = () => {
    const said = [location.href];
    const walk = (node) => {
      if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
      if (node.nodeType === Node.TEXT_NODE || (node.matches?.("style, script, template, .scatterlayer, [data-testid=stStatusWidget], [role=tooltip]:has([data-testid=stTooltipContent])") ?? false)) return;
      if (node.nodeType === Node.ELEMENT_NODE) {
        for (const name of STATES) if (node.hasAttribute(name)) said.push(`${name}=${node.getAttribute(name)}`);
        if ("value" in node) said.push(`${node.value}`);
        if ("checked" in node) said.push(`${node.checked}`);
        if (node.open) said.push("open");
        if (node.shadowRoot) walk(node.shadowRoot);
      }
      node.childNodes.forEach(walk);
    };
    walk(document.body);
    return said.join("\n");
  };

  /** Links: where each leads, and whether that is a place of the app (`pages`) or marked as another. */
  const links = (pages) => [...deep(document)].filter((e) => e.matches("a[href]")).flatMap((link) => {
    const to = new URL(link.href), at = `${label(link)}: ${link.getAttribute("href")}`;
    if (to.origin !== location.origin) {
      return to.protocol === "https:" && link.target === "_blank" && /noreferrer|noopener/.test(link.rel) ? [] : [`${at} leaves the app unmarked`];
    }
    const page = to.pathname.replace(/^\/+/, "");
    if (to.pathname === location.pathname && to.hash) {
      return document.getElementById(decodeURIComponent(to.hash.slice(1))) ? [] : [`${at}: no such place on the page`];
    }
    return pages.includes(page) ? [] : [`${at}: no such page`];
  });

  const wrong = () => [...document.querySelectorAll("[data-testid=stException], [data-testid=stAlertContentError]")].map((e) => e.innerText);

  delete window.showSaveFilePicker; // what opens a window of the desktop, which no script can answer

  let sent = 0, answered = 0, began = 0; // when something last went to or came from the server; when the last control was used
  const send = WebSocket.prototype.send, known = new WeakSet();
  WebSocket.prototype.send = function (...all) {
    if (!known.has(this)) this.addEventListener("message", () => { answered = performance.now(); });
    known.add(this);
    sent = performance.now();
    return send.apply(this, all);
  };
  /** Whether all is drawn that the last control brought. Streamlit takes up to `delay` ms to send what it says. */
  const still = ([delay, noAnswer]) => {
    const now = performance.now(), app = document.querySelector("[data-testid=stApp]");
    return app?.dataset.testScriptState === "notRunning" && now - began > delay
      && (answered > sent ? now - answered > QUIET : now - sent > noAnswer)
      && !document.querySelector("[data-testid=stSkeleton]")
      && [...document.querySelectorAll(".stPlotlyChart")].every((chart) => chart.querySelector(".main-svg"));
  };

  window.visitor = {
    seen, links, wrong, layer, still,
    controls: () => found().map(({ element, ...rest }) => rest),
    take: (id) => found().find((control) => control.id === id)?.element ?? null,
    remember: () => {
      window.visitor.before = seen();
      began = performance.now();
    },
    changed: () => seen() !== window.visitor.before,
  };
})();

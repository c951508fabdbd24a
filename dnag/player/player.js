// Trajectory player: one component, one data format, no dependency.
//
// `mount(root, data, onStep)` builds everything below `root` and returns a handle; calling it again with new data
// updates the same DOM. It knows nothing of Streamlit: the default export at the end is the only adapter, so the same
// file can be pasted into a stand-alone HTML page. `data` is described in __init__.py (validate_payload). Text from the
// data reaches the page through textContent and attributes only.

const SVG = "http://www.w3.org/2000/svg";
const ABSENT = 0.1; // a slot whose probabilities leave more than this over may be absent
const SPEEDS = [0.5, 1, 2, 4];
const NARROW = 620; // px; the same figure as the container query in player.css
const GROUP = "dnag-player"; // the event by which players of one group follow each other
const players = new WeakMap(); // root -> Player: survives data changes, freed with the root
let serial = 0;

const svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
};
const html = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
};
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const lerp = (a, b, u) => a + (b - a) * u;

// --- colour: the ink on a chip follows the luminance of what is really behind it -------------------------------------
const hex = (text) => [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
const mix = (over, under, weight) => over.map((c, i) => Math.round(lerp(under[i], c, weight)));
const css = (rgb) => `rgb(${rgb.join(",")})`;
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ink = (rgb) => (luminance(rgb) > 0.179 ? "#0b0f14" : "#ffffff"); // 0.179: where both inks have equal contrast

// --- numbers ---------------------------------------------------------------------------------------------------------
const percent = (p) => (p > 0 && p < 0.01 ? "<1" : p < 1 && p > 0.99 ? ">99" : Math.round(100 * p).toString());
const noise = (s) => (s >= 10 ? s.toFixed(1) : s >= 0.1 ? s.toFixed(2) : s === 0 ? "0" : String(Number(s.toPrecision(2))));

const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const ruler = document.createElement("canvas").getContext("2d");

/** Bytes to shares of a whole. A denoiser's estimate need not add up to one: what is too much is scaled down, and only
 *  layers may be absent, so that elsewhere what is too little is scaled up. */
function shares(bytes, K, mayBeAbsent) {
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i += K) {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += bytes[i + k];
    const whole = mayBeAbsent ? Math.max(sum, 255) : sum;
    for (let k = 0; k < K; k++) out[i + k] = whole ? bytes[i + k] / whole : 1 / K;
  }
  return out;
}

class Player {
  constructor(root) {
    this.root = root;
    this.id = `dnag${++serial}`;
    this.at = 0; // position in frames; fractional while playing
    this.speed = 1;
    this.timer = 0;
    this.shape = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.led = false; // another player of the group plays, and this one follows
    this.hear = (event) => this.follow(event.detail);
    this.resize = new ResizeObserver(() => this.layout());
    this.buildFrame();
  }

  // --- DOM that does not depend on the data --------------------------------------------------------------------------
  buildFrame() {
    const icon = (path) => svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
    this.icons = { play: "M8 5.2v13.6a.6.6 0 0 0 .92.5l10.4-6.8a.6.6 0 0 0 0-1L8.92 4.7A.6.6 0 0 0 8 5.2z", pause: "M7 5h3.6v14H7zM13.4 5H17v14h-3.6z" };
    this.title = html("h3", { class: "title" });
    this.status = html("p", { class: "status" });
    this.graph = svg("svg", { class: "graph", role: "img" });
    this.bars = html("div", { class: "bars", role: "list" });
    this.legend = html("ul", { class: "legend" });
    this.playButton = html("button", { type: "button", class: "play" }, icon(this.icons.play));
    this.backButton = html("button", { type: "button", class: "icon" }, icon("M7 6h2v12H7zM18 6.8v10.4a.6.6 0 0 1-.94.5L9.6 12.5a.6.6 0 0 1 0-1l7.46-5.2a.6.6 0 0 1 .94.5z"));
    this.nextButton = html("button", { type: "button", class: "icon" }, icon("M15 6h2v12h-2zM6 6.8v10.4a.6.6 0 0 0 .94.5l7.46-5.2a.6.6 0 0 0 0-1L6.94 6.3a.6.6 0 0 0-.94.5z"));
    this.speedSelect = html("select", { class: "speed" });
    for (const speed of SPEEDS) this.speedSelect.append(html("option", { value: speed }, `${speed}×`));
    this.speedSelect.value = "1";
    this.chart = svg("svg", { class: "chart", "aria-hidden": "true" });
    this.range = html("input", { type: "range", min: "0", step: "1" });
    this.readout = html("p", { class: "readout" }, html("b"), html("span"));
    this.final = html("p", { class: "final" }, html("span"), html("code"));
    this.live = html("div", { class: "unseen", "aria-live": "polite" });
    this.tip = html("div", { class: "tip", role: "tooltip", id: `${this.id}-tip`, hidden: "" });
    const buttons = html("div", { class: "buttons" }, this.playButton, this.backButton, this.nextButton, this.speedSelect);
    this.timeline = html("div", { class: "timeline" }, this.chart, this.range);
    this.section = html(
      "section",
      { class: "dnag-player", tabindex: "-1" },
      html("header", { class: "head" }, this.title, this.status),
      html("div", { class: "stage" }, this.graph, html("div", { class: "side" }, this.bars, this.legend)),
      html("div", { class: "controls" }, buttons, this.timeline, this.readout),
      this.final,
      this.live,
      this.tip,
    );
    this.playButton.onclick = () => this.toggle();
    this.backButton.onclick = () => this.stepBy(-1);
    this.nextButton.onclick = () => this.stepBy(1);
    this.speedSelect.onchange = () => {
      this.speed = Number(this.speedSelect.value);
      this.rebase();
      this.tell({ speed: this.speed });
    };
    this.range.oninput = () => this.seek(Number(this.range.value));
    this.range.onchange = () => this.settle();
    this.section.addEventListener("keydown", (event) => this.onKey(event));
    this.timeline.addEventListener("pointermove", (event) => this.showMoment(event));
    this.timeline.addEventListener("pointerleave", () => this.hideTip());
    // A theme switch only changes inherited CSS variables; a (1 ms) transition of the background tells us about it.
    this.section.addEventListener("transitionend", (event) => {
      if (event.target === this.section) this.retheme();
    });
    this.root.replaceChildren(this.section);
  }

  // --- data ----------------------------------------------------------------------------------------------------------
  update(data, onStep) {
    const before = this.data;
    const followed = before && this.at >= this.last;
    this.onStep = onStep;
    this.data = data;
    this.K = data.ops.length;
    this.S = data.slots.length;
    this.T = data.frames;
    this.last = this.T - 1;
    this.shares = shares(decode(data.probs), this.K, data.vertices.length === 0);
    this.steps = data.steps || Array.from({ length: this.T }, (_, t) => t);
    this.rgb = data.ops.map((op) => hex(op.color));
    this.grid = data.vertices.length === 0;
    const shape = JSON.stringify([data.ops, data.vertices, data.slots, data.links, data.columns, data.labels]);
    if (shape !== this.shape) {
      this.buildShape();
      this.shape = shape;
    }
    this.analyse();
    this.title.textContent = data.title;
    this.section.setAttribute("aria-label", data.title);
    const [finalLabel, finalText] = this.final.children;
    finalLabel.textContent = data.labels.final;
    finalText.textContent = data.final;
    this.final.hidden = !data.final;
    this.range.max = this.last;
    this.readout.hidden = !data.value;
    this.readout.children[1].textContent = data.value_label;
    // The same picture with more frames (a live run) keeps its place; another trajectory starts afresh.
    const continued = before && before.title === data.title && before.final === data.final;
    this.halt();
    document.addEventListener(GROUP, this.hear);
    this.at = continued && !followed ? Math.min(this.at, this.last) : this.last;
    this.drawn = null;
    this.resize.disconnect();
    for (const element of [this.section, this.graph, this.timeline, this.bars]) this.resize.observe(element);
    this.retheme();
    if (data.autoplay && !continued && !this.calm.matches) this.play();
  }

  /** Everything a frame needs that does not depend on its moment: most likely operation, when each slot settled. */
  analyse() {
    const { T, S, K, shares } = this;
    const winner = (t, s) => {
      let best = 1;
      for (let k = 0; k < K; k++) best -= shares[(t * S + s) * K + k];
      let index = K; // K stands for "absent"
      if (best < ABSENT) best = 0;
      for (let k = 0; k < K; k++) {
        const p = shares[(t * S + s) * K + k];
        if (p > best) [best, index] = [p, k];
      }
      return index;
    };
    this.settledAt = this.data.slots.map((_, s) => {
      const end = winner(T - 1, s);
      let t = T - 1;
      while (t > 0 && winner(t - 1, s) === end) t--;
      return t;
    });
    this.finalOp = this.data.slots.map((_, s) => winner(T - 1, s));
    const values = (this.data.value || []).filter((v) => v !== null && v !== undefined);
    this.valueRange = values.length ? [Math.min(...values), Math.max(...values)] : null;
  }

  // --- DOM of one data shape: built once, then only attributes change ------------------------------------------------
  buildShape() {
    const { data, id } = this;
    const label = data.labels;
    this.graph.setAttribute("aria-label", label.graph);
    this.bars.setAttribute("aria-label", label.bars);
    this.playButton.setAttribute("aria-label", label.play);
    this.playButton.title = label.play;
    for (const [element, text] of [[this.backButton, label.back], [this.nextButton, label.next], [this.speedSelect, label.speed]]) {
      element.setAttribute("aria-label", text);
      element.title = text;
    }
    this.range.setAttribute("aria-label", label.scrubber);
    this.section.classList.toggle("grid", this.grid);

    const arrow = svg("marker", { id: `${id}-arrow`, viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" }, svg("path", { d: "M0 .6L9.4 5L0 9.4z" }));
    this.graph.replaceChildren(svg("defs", {}, arrow));
    const arrowed = { class: "edge", "marker-end": `url(#${id}-arrow)` };
    this.edges = data.slots.map((slot) => (slot.source === null || slot.source === undefined ? null : svg("path", arrowed)));
    this.links = (data.links || []).map(() => svg("path", { class: "edge link" }));
    this.heads = (data.columns || []).map((text) => svg("text", { class: "column" }, text));
    this.vertices = data.vertices.map((vertex) => {
      const group = svg("g", { class: `vertex ${vertex.kind}` }, svg("circle", { r: 17 }), svg("text", { dy: "0.35em" }));
      group.children[1].textContent = vertex.label;
      return group;
    });
    this.chips = data.slots.map((slot, s) => {
      const chip = { box: svg("rect", { class: "box" }), text: svg("text", { dy: "0.35em" }) };
      chip.group = svg("g", { class: "chip" }, chip.box, chip.text);
      chip.group.addEventListener("pointerenter", () => this.showSlot(s, chip.group));
      chip.group.addEventListener("pointerleave", () => this.hideTip());
      return chip;
    });
    this.graph.append(...this.edges.filter(Boolean), ...this.links, ...this.heads, ...this.vertices, ...this.chips.map((c) => c.group));

    // Columns of a layer space: slots that share an x belong together.
    const xs = [...new Set(data.slots.map((slot) => slot.x.toFixed(3)))].sort((a, b) => a - b);
    this.columnOf = data.slots.map((slot) => xs.indexOf(slot.x.toFixed(3)));
    this.columnCount = xs.length;
    this.columnX = xs.map(Number);
    this.rows = data.slots.map((slot, s) => {
      const rects = data.ops.map((op) => svg("rect", { y: 0, height: "100%", fill: op.color }));
      const texts = data.ops.map((op, k) => svg("text", { y: "50%", dy: "0.35em", fill: ink(this.rgb[k]), class: "hide" }, op.symbol));
      const picture = svg("svg", { class: "bar", "aria-hidden": "true" }, ...rects, ...texts);
      const name = html("span", { class: "name" });
      name.textContent = slot.label;
      const element = html("div", { class: "row", role: "listitem", tabindex: s === 0 ? "0" : "-1", "aria-describedby": `${id}-tip` }, name, picture);
      element.addEventListener("pointerenter", () => this.showSlot(s, element));
      element.addEventListener("pointerleave", () => this.hideTip());
      element.addEventListener("focus", () => this.showSlot(s, element));
      element.addEventListener("blur", () => this.hideTip());
      return { element, name, picture, rects, texts };
    });
    if (this.grid) {
      // Row by row through the columns keeps the tab order of the data while CSS grid places each slot under its stage.
      const depth = xs.map(() => 0);
      const headings = (data.columns || []).map((text, c) => {
        const heading = html("div", { class: "heading", "aria-hidden": "true" });
        heading.textContent = text;
        heading.style.gridColumn = c + 1;
        return heading;
      });
      this.rows.forEach((row, s) => {
        row.element.style.gridColumn = this.columnOf[s] + 1;
        row.element.style.gridRow = ++depth[this.columnOf[s]] + 1;
      });
      this.bars.style.gridTemplateColumns = `repeat(${xs.length}, minmax(0, 1fr))`;
      this.depth = Math.max(...depth);
      this.bars.replaceChildren(...this.rows.map((row) => row.element));
      this.headings = headings;
      this.bars.prepend(...headings);
    } else {
      this.bars.style.gridTemplateColumns = "";
      this.bars.replaceChildren(...this.rows.map((row) => row.element));
    }
    this.legend.replaceChildren(
      ...data.ops.map((op, k) => {
        const swatch = html("span", { class: "swatch", "aria-hidden": "true" });
        swatch.textContent = op.symbol;
        swatch.style.background = op.color;
        swatch.style.color = ink(this.rgb[k]);
        const text = html("span");
        text.textContent = op.label;
        return html("li", {}, swatch, text);
      }),
    );
    this.dots = data.slots.map(() => svg("circle", { class: "dot", r: 4 }));
    this.area = svg("path", { class: "area" });
    this.line = svg("path", { class: "line" });
    this.base = svg("line", { class: "base" });
    this.needle = svg("line", { class: "needle" });
    this.knob = svg("circle", { class: "knob", r: 7 });
    this.chart.replaceChildren(this.area, this.line, this.base, ...this.dots, this.needle, this.knob);
  }

  retheme() {
    const found = getComputedStyle(this.section).backgroundColor.match(/[\d.]+/g);
    const opaque = found && (found.length < 4 || Number(found[3]) > 0.5);
    this.paper = opaque ? found.slice(0, 3).map(Number) : [255, 255, 255];
    this.layout();
  }

  // --- geometry: real pixels, so that text keeps its size at every width ---------------------------------------------
  layout() {
    const width = this.graph.parentElement.clientWidth;
    if (!this.data || !width) return;
    this.section.classList.toggle("narrow", this.section.clientWidth < NARROW);
    const font = getComputedStyle(this.section).fontFamily;
    ruler.font = `600 12px ${font}`;
    const widest = (texts) => Math.max(...texts.map((text) => ruler.measureText(text).width));
    this.layoutGraph(widest);
    this.barWidth = this.rows.map((row) => row.picture.clientWidth);
    this.layoutTimeline();
    this.drawn = null;
    this.draw();
  }

  layoutGraph(widest) {
    const { data } = this;
    const W = this.graph.clientWidth;
    const head = (data.columns || []).length ? 26 : 0;
    const H = this.grid ? head + this.depth * 46 + 4 : clamp(W * 0.5, 200, 286);
    this.graph.style.height = `${H}px`;
    this.graph.setAttribute("viewBox", `0 0 ${W} ${H}`);
    const labels = data.ops.map((op) => op.label).concat(this.grid ? [data.labels.absent] : []);
    const room = this.grid ? W / this.columnCount - 8 : Math.max(60, W * 0.22);
    this.useSymbols = widest(labels) + 16 > room;
    const text = this.useSymbols ? data.ops.map((op) => op.symbol) : labels;
    const w = Math.min(Math.max(widest(text) + 18, 34), Math.max(room, 26));
    const h = this.grid ? 28 : 26;
    // Layer spaces use evenly spaced columns (the x of the data orders them); cells use the positions given.
    const column = W / this.columnCount;
    const row = (H - head) / (this.depth || 1);
    const depth = new Map();
    this.place = data.slots.map((slot, s) => {
      if (this.grid) {
        const c = this.columnOf[s];
        const r = depth.get(c) || 0;
        depth.set(c, r + 1);
        return [(c + 0.5) * column, head + (r + 0.5) * row];
      }
      return [clamp(slot.x * W, w / 2 + 1, W - w / 2 - 1), clamp(slot.y * H, h / 2 + 1, H - h / 2 - 1)];
    });
    this.chips.forEach((chip, s) => {
      const [x, y] = this.place[s];
      for (const [name, value] of [["x", x - w / 2], ["y", y - h / 2], ["width", w], ["height", h], ["rx", h / 2]]) chip.box.setAttribute(name, value);
      chip.text.setAttribute("x", x);
      chip.text.setAttribute("y", y);
    });
    const centre = data.vertices.map((v) => [clamp(v.x * W, 20, W - 20), clamp(v.y * H, 20, H - 20)]);
    this.vertices.forEach((group, i) => group.setAttribute("transform", `translate(${centre[i]})`));
    data.slots.forEach((slot, s) => {
      if (this.edges[s]) this.edges[s].setAttribute("d", edgePath(centre[slot.source], this.place[s], centre[slot.target]));
    });
    (data.links || []).forEach(([i, j], n) => {
      this.links[n].setAttribute("d", linkPath(this.place[i], this.place[j], w, h, this.columnOf[i] === this.columnOf[j]));
    });
    this.heads.forEach((head_, c) => {
      head_.setAttribute("x", (c + 0.5) * column);
      head_.setAttribute("y", 14);
    });
  }

  layoutTimeline() {
    const W = this.timeline.clientWidth;
    const H = this.timeline.clientHeight;
    const inset = 8; // half the thumb of the range input: both then agree on where a step is
    const floor = H - 12;
    this.chart.setAttribute("viewBox", `0 0 ${W} ${H}`);
    this.X = (t) => inset + (this.last ? t / this.last : 0) * (W - 2 * inset);
    const [low, high] = this.valueRange || [0, 1];
    const Y = (v) => (high > low ? floor - 4 - ((v - low) / (high - low)) * (floor - 12) : floor / 2);
    let line = "";
    let area = "";
    let open = null;
    const values = this.data.value || [];
    for (let t = 0; t < values.length; t++) {
      const v = values[t];
      if (v === null || v === undefined) {
        if (open !== null) area += `L${this.X(t - 1)} ${floor}Z`;
        open = null;
        continue;
      }
      const point = `${this.X(t).toFixed(1)} ${Y(v).toFixed(1)}`;
      area += open === null ? `M${this.X(t)} ${floor}L${point}` : `L${point}`;
      line += (open === null ? "M" : "L") + point;
      open = t;
    }
    if (open !== null) area += `L${this.X(open)} ${floor}Z`;
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
    for (const [name, value] of [["x1", inset], ["x2", W - inset], ["y1", floor], ["y2", floor]]) this.base.setAttribute(name, value);
    this.needle.setAttribute("y1", 2);
    this.needle.setAttribute("y2", floor);
    this.knob.setAttribute("cy", floor);
    // Dots that fall on the same spot are stacked, so that none hides another.
    const stacked = new Map();
    this.dots.forEach((dot, s) => {
      const place = Math.round(this.X(this.settledAt[s]) / 5);
      const level = stacked.get(place) || 0;
      stacked.set(place, level + 1);
      dot.setAttribute("cx", this.X(this.settledAt[s]));
      dot.setAttribute("cy", floor - Math.min(level * 5, floor - 6));
      dot.setAttribute("fill", this.finalOp[s] < this.K ? this.data.ops[this.finalOp[s]].color : "none");
    });
  }

  // --- drawing one moment --------------------------------------------------------------------------------------------
  draw() {
    if (!this.X) return;
    const { data, S, K, shares, at, last } = this;
    if (this.drawn === at) return;
    this.drawn = at;
    const t0 = Math.floor(at);
    const t1 = Math.min(t0 + 1, last);
    const u = at - t0;
    const nearest = Math.round(at);
    const presence = new Array(S);
    for (let s = 0; s < S; s++) {
      const row = this.rows[s];
      const width = this.barWidth[s] || 0;
      let start = 0;
      let best = 0;
      let op = K;
      for (let k = 0; k < K; k++) {
        const p = lerp(shares[(t0 * S + s) * K + k], shares[(t1 * S + s) * K + k], u);
        const rect = row.rects[k];
        rect.setAttribute("x", `${(100 * start).toFixed(2)}%`);
        rect.setAttribute("width", `${(100 * p).toFixed(2)}%`);
        const text = row.texts[k];
        const shown = p * width > 8 + 7 * data.ops[k].symbol.length;
        if (shown) text.setAttribute("x", `${(100 * (start + p / 2)).toFixed(2)}%`);
        if (text.shown !== shown) text.classList.toggle("hide", !(text.shown = shown));
        start += p;
        if (p > best) [best, op] = [p, k];
      }
      const left = Math.max(0, 1 - start);
      if (left > ABSENT && left > best) [best, op] = [left, K];
      presence[s] = left > ABSENT ? 1 - left : 1;
      this.drawChip(s, op, best, presence[s]);
      const settled = nearest >= this.settledAt[s];
      if (row.settled !== settled) row.element.classList.toggle("settled", (row.settled = settled));
    }
    this.links.forEach((link, n) => {
      const [i, j] = data.links[n];
      link.style.opacity = (0.3 + 0.65 * Math.min(presence[i], presence[j])).toFixed(2);
    });
    const value = this.valueAt(t0, t1, u);
    this.needle.setAttribute("x1", this.X(at));
    this.needle.setAttribute("x2", this.X(at));
    this.knob.setAttribute("cx", this.X(at));
    if (this.drawnFrame !== nearest || !this.timer) {
      this.drawnFrame = nearest;
      this.range.value = nearest;
      this.range.setAttribute("aria-valuetext", this.momentText(nearest));
      this.status.textContent = this.momentText(nearest);
      this.backButton.disabled = nearest <= 0;
      this.nextButton.disabled = nearest >= last;
    }
    this.readout.children[0].textContent = value === null ? "–" : this.valueText(value);
    if (!this.tip.hidden && this.tipSlot !== undefined) this.fillSlotTip(this.tipSlot);
  }

  drawChip(s, op, p, presence) {
    const chip = this.chips[s];
    const known = op < this.K;
    const weight = known ? 0.22 + 0.78 * p : 0;
    const colour = known ? mix(this.rgb[op], this.paper, weight) : this.paper;
    chip.box.setAttribute("fill", css(colour));
    chip.text.setAttribute("fill", ink(colour));
    if (chip.op !== op || chip.symbols !== this.useSymbols) {
      chip.op = op;
      chip.symbols = this.useSymbols;
      const spec = this.data.ops[op];
      chip.text.textContent = known ? (this.useSymbols ? spec.symbol : spec.label) : this.useSymbols ? "–" : this.data.labels.absent;
      chip.group.classList.toggle("absent", !known);
      const empty = known && Boolean(spec.empty);
      chip.group.classList.toggle("empty", empty);
      if (this.edges[s]) this.edges[s].classList.toggle("empty", empty);
    }
    if (known && presence < 1) chip.group.style.opacity = (0.45 + 0.55 * presence).toFixed(2);
    else chip.group.style.opacity = "";
    const edge = this.edges[s];
    if (edge) {
      edge.style.strokeWidth = (1 + 1.8 * p).toFixed(2);
      edge.style.opacity = (0.35 + 0.6 * p).toFixed(2);
    }
  }

  valueAt(t0, t1, u) {
    const values = this.data.value;
    if (!values || values[t0] === null || values[t0] === undefined) return null;
    return values[t1] === null || values[t1] === undefined ? values[t0] : lerp(values[t0], values[t1], u);
  }

  valueText(value) {
    const unit = this.data.value_unit;
    return unit ? `${value.toFixed(1)} ${unit}` : value.toPrecision(3);
  }

  momentText(t) {
    const values = { step: this.steps[t], steps: this.steps[this.last], sigma: noise(this.data.sigma[t]) };
    return fill(this.data.labels.status, values);
  }

  probabilities(s) {
    const t = Math.round(this.at);
    const found = this.data.ops.map((op, k) => ({ op, p: this.shares[(t * this.S + s) * this.K + k] }));
    const left = 1 - found.reduce((sum, item) => sum + item.p, 0);
    if (left > ABSENT) found.push({ op: { label: this.data.labels.absent, symbol: "–", color: "" }, p: left });
    return found.sort((a, b) => b.p - a.p);
  }

  /** What a screen reader hears: only at rest, or it would talk without end. */
  announce() {
    const t = Math.round(this.at);
    const value = this.valueAt(t, t, 0);
    const label = this.data.labels;
    const parts = [this.momentText(t)];
    if (value !== null) parts.push(`${this.data.value_label} ${this.valueText(value)}`);
    const slots = this.describe();
    if (this.S <= 8) parts.push(...slots);
    else parts.push(fill(label.settled_count, { settled: this.settledAt.filter((k) => k <= t).length, slots: this.S }));
    this.live.textContent = parts.join(". ");
  }

  /** Names every bar by what it shows at rest; the names. */
  describe() {
    return this.data.slots.map((slot, s) => {
      const [first] = this.probabilities(s);
      const text = fill(this.data.labels.slot, { slot: slot.label, op: first.op.label, percent: percent(first.p) });
      this.rows[s].element.setAttribute("aria-label", text);
      return text;
    });
  }

  // --- tooltips ------------------------------------------------------------------------------------------------------
  showSlot(s, anchor) {
    this.tipSlot = s;
    this.fillSlotTip(s);
    this.rows[s].element.classList.add("hot");
    this.chips[s].group.classList.add("hot");
    this.showTip(anchor.getBoundingClientRect());
  }

  fillSlotTip(s) {
    const t = Math.round(this.at);
    if (this.tipFrame === t && this.tipFilled === s) return;
    [this.tipFrame, this.tipFilled] = [t, s];
    const head = html("b");
    head.textContent = this.data.slots[s].label;
    const lines = this.probabilities(s).map(({ op, p }) => {
      const swatch = html("span", { class: "swatch" });
      swatch.textContent = op.symbol;
      if (op.color) {
        swatch.style.background = op.color;
        swatch.style.color = ink(hex(op.color));
      }
      const name = html("span");
      name.textContent = op.label;
      const number = html("span", { class: "number" });
      number.textContent = `${percent(p)} %`;
      return html("div", { class: "line" }, swatch, name, number);
    });
    const foot = html("small");
    foot.textContent = fill(this.data.labels.settled, { step: this.steps[this.settledAt[s]] });
    this.tip.replaceChildren(head, ...lines, foot);
  }

  showMoment(event) {
    if (event.pointerType === "touch" || !this.X) return;
    const box = this.timeline.getBoundingClientRect();
    const inset = 8;
    const t = clamp(Math.round(((event.clientX - box.left - inset) / (box.width - 2 * inset)) * this.last), 0, this.last);
    const head = html("b");
    head.textContent = this.momentText(t);
    const lines = [];
    const value = this.valueAt(t, t, 0);
    if (value !== null) lines.push(`${this.data.value_label} ${this.valueText(value)}`);
    const here = this.data.slots.filter((_, s) => this.settledAt[s] === t).map((slot) => slot.label);
    if (here.length) lines.push(fill(this.data.labels.settled_here, { slots: here.join(", ") }));
    this.tipSlot = this.tipFilled = undefined;
    this.tip.replaceChildren(head, ...lines.map((text) => Object.assign(html("small"), { textContent: text })));
    this.showTip({ left: event.clientX, right: event.clientX, top: box.top, bottom: box.bottom, width: 0 });
  }

  showTip(anchor) {
    this.tip.hidden = false;
    const frame = this.section.getBoundingClientRect();
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const x = clamp((anchor.left + anchor.right) / 2 - frame.left - w / 2, 0, Math.max(0, frame.width - w));
    const above = anchor.top - frame.top - h - 8;
    this.tip.style.left = `${x}px`;
    this.tip.style.top = `${above >= 0 || anchor.bottom + h > frame.bottom ? Math.max(above, -h / 2) : anchor.bottom - frame.top + 8}px`;
  }

  hideTip() {
    if (this.tipSlot !== undefined) {
      this.rows[this.tipSlot]?.element.classList.remove("hot");
      this.chips[this.tipSlot]?.group.classList.remove("hot");
    }
    this.tip.hidden = true;
    this.tipSlot = this.tipFilled = undefined;
  }

  // --- time: the clock on the wall decides, never a count of frames --------------------------------------------------
  play() {
    if (this.timer) return;
    this.led = false;
    if (this.at >= this.last) this.at = 0;
    this.rebase();
    this.showPlaying(true);
    const tick = (now) => {
      const raw = this.base0 + (Math.max(0, now - this.start) * this.data.fps * this.speed) / 1000;
      this.at = Math.min(this.last, this.calm.matches ? Math.floor(raw) : raw);
      if (this.at >= this.last) {
        this.pause();
        return;
      }
      this.draw();
      this.tellPlace(true);
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
  }

  rebase() {
    this.start = performance.now();
    this.base0 = this.at;
  }

  /** Stop the clock without telling anybody. */
  halt() {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
    this.led = false;
    this.showPlaying(false);
  }

  pause() {
    this.halt();
    this.at = Math.round(this.at);
    this.tellPlace(false);
    this.settle();
  }

  settle() {
    this.drawn = null;
    this.draw();
    this.announce();
    this.onStep?.(Math.round(this.at));
  }

  toggle() {
    if (this.timer || this.led) this.pause();
    else this.play();
  }

  seek(t) {
    this.halt();
    this.at = clamp(Math.round(t), 0, this.last);
    this.draw();
    this.tellPlace(false);
  }

  // --- the group: whoever is played, paused or moved leads, and the others go to the same share of their way ----------
  // By events of the document, not by a list in this file: each player may have been loaded as a module of its own.
  tell(detail) {
    if (this.data?.group) document.dispatchEvent(new CustomEvent(GROUP, { detail: { ...detail, from: this, group: this.data.group } }));
  }

  tellPlace(playing) {
    this.tell({ place: this.last ? this.at / this.last : 1, playing });
  }

  follow({ from, group, place, playing, speed }) {
    if (from === this || !this.data || group !== this.data.group) return;
    if (speed !== undefined) {
      this.speed = speed;
      this.speedSelect.value = String(speed);
      this.rebase();
      return;
    }
    if (this.timer) this.halt();
    if (this.led !== playing) this.showPlaying((this.led = playing));
    const at = place * this.last;
    this.at = playing && !this.calm.matches ? at : Math.round(at);
    if (!playing) this.drawn = null;
    this.draw();
    if (!playing) this.describe();
  }

  stepBy(n) {
    this.seek(Math.round(this.at) + n);
    this.settle();
  }

  showPlaying(playing) {
    const text = this.data?.labels[playing ? "pause" : "play"];
    this.playButton.querySelector("path").setAttribute("d", playing ? this.icons.pause : this.icons.play);
    if (!text) return;
    this.playButton.setAttribute("aria-label", text);
    this.playButton.title = text;
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    const inSelect = target === this.speedSelect;
    const row = this.rows.findIndex((item) => item.element === target);
    const actions = {
      " ": () => (target.tagName === "BUTTON" || inSelect ? false : this.toggle()),
      ArrowLeft: () => (inSelect ? false : this.stepBy(-1)),
      ArrowRight: () => (inSelect ? false : this.stepBy(1)),
      Home: () => (inSelect ? false : this.stepBy(-Infinity)),
      End: () => (inSelect ? false : this.stepBy(Infinity)),
      ArrowUp: () => (row < 0 ? false : this.focusRow(row - 1)),
      ArrowDown: () => (row < 0 ? false : this.focusRow(row + 1)),
      Escape: () => this.hideTip(),
    };
    const action = actions[event.key];
    if (!action || action() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** One tab stop for all bars; up and down move between them. */
  focusRow(s) {
    const next = clamp(s, 0, this.S - 1);
    this.rows.forEach((row, i) => row.element.setAttribute("tabindex", i === next ? "0" : "-1"));
    this.rows[next].element.focus();
  }

  /** Stops timers and observers; the DOM stays, because the host may mount the next data right away. */
  rest() {
    const leading = this.timer;
    this.halt();
    if (leading) this.tellPlace(false);
    document.removeEventListener(GROUP, this.hear);
    this.resize.disconnect();
  }
}

/** From a vertex through the chip to a vertex, cut where the circles begin so that arrowheads stay visible. */
function edgePath(from, via, to) {
  const control = [0, 1].map((i) => 2 * via[i] - (from[i] + to[i]) / 2);
  const point = (t) => [0, 1].map((i) => (1 - t) ** 2 * from[i] + 2 * t * (1 - t) * control[i] + t * t * to[i]);
  const cut = (centre, inside, outside, gap) => {
    for (let n = 0; n < 24; n++) {
      const middle = (inside + outside) / 2;
      const [x, y] = point(middle);
      if (Math.hypot(x - centre[0], y - centre[1]) < gap) inside = middle;
      else outside = middle;
    }
    return outside;
  };
  const a = cut(from, 0, 0.5, 18);
  const b = cut(to, 1, 0.5, 20);
  const p = point(a);
  const q = point(b);
  // The control point of the piece between a and b (blossom of the quadratic).
  const c = [0, 1].map((i) => (1 - a) * (1 - b) * from[i] + ((1 - a) * b + a * (1 - b)) * control[i] + a * b * to[i]);
  return `M${p.map((v) => v.toFixed(1))}Q${c.map((v) => v.toFixed(1))} ${q.map((v) => v.toFixed(1))}`;
}

/** Between two layers: straight down inside a stage, an S from the side of one chip to the side of the next stage's. */
function linkPath([x1, y1], [x2, y2], w, h, same) {
  if (same) return `M${x1} ${y1 + h / 2}L${x2} ${y2 - h / 2}`;
  const a = x1 + w / 2;
  const b = x2 - w / 2;
  const middle = (a + b) / 2;
  return `M${a} ${y1}C${middle + 6} ${y1} ${middle - 6} ${y2} ${b} ${y2}`;
}

export function mount(root, data, onStep) {
  let player = players.get(root);
  if (!player) {
    player = new Player(root);
    players.set(root, player);
  } else if (!player.section.isConnected || player.section.parentNode !== root) {
    root.replaceChildren(player.section);
  }
  player.update(data, onStep);
  return {
    seek: (t) => player.seek(t),
    play: () => player.play(),
    pause: () => player.pause(),
    rest: () => player.rest(),
  };
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".dnag-player-host");
  const handle = mount(root, data, data.report_step ? (t) => setStateValue("step", t) : undefined);
  return () => handle.rest();
}

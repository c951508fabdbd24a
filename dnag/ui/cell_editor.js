// The editor: the player's graph, one frame of it, with operations that can be changed.
//
// This text follows player.js (without its default export) in one module, and uses its Player and helpers. A change is
// drawn at once and reported as {slot, op}, op an index of `data.ops` or -1 for absent; the server answers with new data.

const editors = new WeakMap(); // root -> Editor

class Editor extends Player {
  buildFrame() {
    super.buildFrame();
    this.section.classList.add("dnag-editor");
    this.graph.setAttribute("role", "group");
    this.palette = html("div", { class: "palette", role: "group" });
    this.bars.replaceWith(this.palette);
    this.legend.remove();
    this.title.parentElement.remove();
    this.timeline.parentElement.remove();
    this.chosen = 0;
  }

  update(data, onChange) {
    this.report = onChange;
    this.current = [...data.current];
    this.chosen = Math.min(this.chosen, this.current.length - 1);
    super.update(data);
    this.graph.setAttribute("aria-label", data.words.graph);
    this.describe();
  }

  buildShape() {
    super.buildShape();
    this.chips.forEach(({ group }, s) => {
      group.setAttribute("role", "spinbutton");
      group.setAttribute("tabindex", "0");
      group.addEventListener("focus", () => this.choose(s));
      group.addEventListener("click", () => group.focus());
    });
  }

  opName(op) {
    return op < 0 ? this.data.labels.absent : this.data.ops[op].label;
  }

  choose(s) {
    this.chosen = s;
    this.describe();
  }

  /** Slot s takes the operation op: drawn at once, and told to the server. */
  change(s, op) {
    if (op === this.current[s]) return;
    this.current[s] = op;
    for (let k = 0; k < this.K; k++) this.shares[s * this.K + k] = Number(k === op);
    this.drawn = null;
    this.draw();
    this.describe();
    this.report({ slot: s, op });
  }

  step(s, by) {
    const choices = this.data.choices[s];
    this.change(s, choices[(choices.indexOf(this.current[s]) + by + choices.length) % choices.length]);
  }

  /** What assistive technology is told of every slot, and the buttons for the one that is chosen. */
  describe() {
    const { data, chosen } = this;
    this.chips.forEach(({ group }, s) => {
      const choices = data.choices[s];
      const values = { valuemin: 0, valuemax: choices.length - 1, valuenow: choices.indexOf(this.current[s]), valuetext: this.opName(this.current[s]) };
      group.setAttribute("aria-label", fill(data.words.slot, { slot: data.slots[s].label }));
      for (const name in values) group.setAttribute(`aria-${name}`, values[name]);
      group.classList.toggle("chosen", s === chosen);
    });
    const label = fill(data.words.slot, { slot: data.slots[chosen].label });
    this.palette.setAttribute("aria-label", label);
    const shape = JSON.stringify([data.choices[chosen], data.ops, data.labels.absent]);
    if (shape !== this.paletteShape) {
      this.paletteShape = shape;
      this.palette.replaceChildren(html("span", { class: "name" }), ...data.choices[chosen].map((op) => this.button(op)));
    }
    const [name, ...buttons] = this.palette.children;
    name.textContent = data.slots[chosen].label;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", data.choices[chosen][i] === this.current[chosen]));
  }

  button(op) {
    const swatch = html("span", { class: "swatch", "aria-hidden": "true" }, op < 0 ? "–" : this.data.ops[op].symbol);
    if (op >= 0) {
      swatch.style.background = this.data.ops[op].color;
      swatch.style.color = ink(this.rgb[op]);
    }
    const element = html("button", { type: "button", class: "choice" }, swatch, html("span", {}, this.opName(op)));
    element.onclick = () => this.change(this.chosen, op);
    return element;
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const s = this.chips.findIndex(({ group }) => group === event.target);
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (s < 0 || !by) return;
    this.step(s, by);
    event.preventDefault();
    event.stopPropagation();
  }

  showSlot() {} // the player's tooltip speaks of probabilities

  hideTip() {}
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dnag-player-host");
  if (!editors.has(root)) editors.set(root, new Editor(root));
  const editor = editors.get(root);
  if (editor.section.parentNode !== root) root.replaceChildren(editor.section);
  editor.update(data, (change) => setTriggerValue("change", change));
  return () => editor.rest();
}

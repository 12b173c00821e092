"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const { shape } = data;
  const given = new URLSearchParams(location.search);

  /* ---- the order of a seed: the same steps as study/order.py ---- */
  const randomNumbers = (seed) => {
    let state = seed | 0;
    return (count) => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) * count) / 4294967296);
    };
  };
  const shuffled = (items, below) => {
    const found = [...items];
    for (let last = found.length - 1; last > 0; last -= 1) {
      const other = below(last + 1);
      [found[last], found[other]] = [found[other], found[last]];
    }
    return found;
  };
  const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);
  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  const trialsOf = (seed) => {
    const below = randomNumbers(seed);
    const pairs = shuffled(range(0, shape.methods).flatMap((a) => range(a + 1, shape.methods).map((b) => [a, b])), below);
    let cells = shuffled(range(0, shape.cells), below);
    const first = pairs.map(() => below(2));
    const together = (pairs.length * cells.length) / divisor(pairs.length, cells.length);
    const make = (kind, cell, [left, right]) => ({ kind, cell, left, right });
    const votes = shuffled(
      range(0, shape.trials).map((trial) => {
        const at = trial % pairs.length;
        const swap = (first[at] + Math.floor(trial / pairs.length)) % 2;
        const cell = cells[(trial + Math.floor(trial / together)) % cells.length];
        return make("vote", cell, swap ? [...pairs[at]].reverse() : pairs[at]);
      }),
      below,
    );
    const third = Math.floor(shape.trials / 3);
    const twoThirds = Math.floor((2 * shape.trials) / 3);
    const parts = [votes.slice(0, third), votes.slice(third, twoThirds), votes.slice(twoThirds)];
    for (const vote of shuffled(parts[0], below).slice(0, shape.repeats)) {
      parts[2].push(make("repeat", vote.cell, [vote.right, vote.left]));
    }
    const floors = shuffled(range(shape.methods, shape.methods + shape.floors), below);
    const methods = shuffled(range(0, shape.methods), below);
    cells = shuffled(cells, below);
    const side = below(2);
    for (let trial = 0; trial < shape.catches; trial += 1) {
      const pair = [methods[trial % methods.length], floors[trial % floors.length]];
      if ((side + trial) % 2) pair.reverse();
      parts[below(3)].push(make("catch", cells[trial % cells.length], pair));
    }
    return parts.flatMap((part) => shuffled(part, below));
  };

  /* ---- a session, which outlives a closed page where the browser lets it ---- */
  const place = `styleresearch study ${data.protocol}`;
  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem(place));
    } catch {
      return null;
    }
  };
  /* For the author to look at it: the trials at once, and votes that nobody can take for a rater's. */
  const preview = given.has("preview");
  const keep = (value) => {
    if (preview) return;
    try {
      if (value) localStorage.setItem(place, JSON.stringify(value));
      else localStorage.removeItem(place);
    } catch {
      /* Then a closed page is a lost session. */
    }
  };
  let session = null;
  let trials = [];
  let shown = 0;

  const go = (name) => {
    for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
    byId(name).querySelector("[tabindex]")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  };

  const begin = (found) => {
    session = found;
    trials = trialsOf(session.seed);
  };

  const next = () => {
    const number = session.votes.length;
    if (number >= trials.length) {
      session.ended ??= new Date().toISOString();
      keep(session);
      byId("text").value = text();
      go("end");
      return;
    }
    const trial = trials[number];
    const [content, style, ...outputs] = data.cells[trial.cell];
    const pictures = { content, style, left: outputs[trial.left], right: outputs[trial.right] };
    for (const [id, picture] of Object.entries(pictures)) byId(id).src = data.pictures[picture];
    document.querySelector(".progress span").textContent = `${number + 1} of ${trials.length}`;
    document.querySelector("progress").value = number;
    go("trial");
    shown = performance.now();
  };

  const vote = (choice) => {
    const ms = Math.round(performance.now() - shown);
    // The second half of a double click, or a key that is held, is no answer to the next pair.
    if (byId("trial").hidden || ms < 250) return;
    const { cell, left, right } = trials[session.votes.length];
    session.votes.push({ cell, left, right, choice, ms });
    keep(session);
    next();
  };

  const text = () =>
    JSON.stringify({ kind: preview ? "preview" : data.kind, protocol: data.protocol, ...session, comment: byId("comment").value }, null, 1);

  /* ---- consent ---- */
  const before = stored();
  if (before?.votes?.length) {
    const note = document.querySelector(".resume");
    note.hidden = false;
    note.querySelector("b").textContent = `${before.votes.length} of ${trialsOf(before.seed).length}`;
    byId("resume").addEventListener("click", () => {
      begin(before);
      next();
    });
  }
  byId("rater").value = given.get("rater") ?? "";
  const start = () => {
    const asked = given.get("seed");
    const seed = /^\d{1,10}$/.test(asked ?? "") ? Number(asked) >>> 0 : crypto.getRandomValues(new Uint32Array(1))[0];
    const began = new Date().toISOString();
    begin({ rater: byId("rater").value.trim(), seed, began, window: [innerWidth, innerHeight], votes: [] });
  };
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
    go("instructions");
  });
  byId("begin").addEventListener("click", next);

  /* ---- answers ---- */
  for (const button of document.querySelectorAll("[data-choice]")) {
    button.addEventListener("click", () => vote(button.dataset.choice));
  }
  for (const side of ["left", "right"]) byId(side).addEventListener("click", () => vote(side));
  const keys = { ArrowLeft: "left", a: "left", ArrowRight: "right", b: "right" };
  if (data.ties) Object.assign(keys, { ArrowDown: "tie", 0: "tie" });
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || byId("trial").hidden) return;
    const choice = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (choice) {
      event.preventDefault();
      vote(choice);
    }
  });

  /* ---- the end ---- */
  byId("comment").addEventListener("input", () => {
    byId("text").value = text();
  });
  byId("save").addEventListener("click", () => {
    const link = document.createElement("a");
    const name = (session.rater || String(session.seed)).replace(/[^\p{L}\p{N}_-]+/gu, "_");
    link.href = URL.createObjectURL(new Blob([text()], { type: "application/json" }));
    link.download = `votes-${name}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    byId("again").disabled = false;
  });
  byId("again").addEventListener("click", () => {
    keep(null);
    location.reload();
  });
  go("consent");
  if (preview) {
    start();
    next();
  }
})();

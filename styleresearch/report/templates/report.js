"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  document.documentElement.classList.add("js");

  /* ---- grid: which value stands under the images, which rows are shown ---- */
  const withUnit = (metric, text) => (metric.unit && text !== "–" ? `${text} ${metric.unit}` : text);
  const showValues = () => {
    const index = byId("shown").value;
    for (const spot of document.querySelectorAll(".what")) {
      const values = data.values[spot.dataset.pair][spot.dataset.method];
      spot.textContent = index === "" || !values ? "" : withUnit(data.metrics[index], values[index]);
    }
  };
  byId("shown").addEventListener("change", showValues);
  showValues();

  const filters = { content: byId("only-content"), style: byId("only-style") };
  const applyFilters = () => {
    for (const row of document.querySelectorAll(".row")) {
      row.hidden = ["content", "style"].some((kind) => filters[kind]?.value && filters[kind].value !== row.dataset[kind]);
    }
  };
  for (const filter of Object.values(filters)) filter?.addEventListener("change", applyFilters);

  /* ---- best and worst: the pictures of the grid once more, when they are looked at ---- */
  const showCases = () => {
    for (const link of document.querySelectorAll("details.cases[open] .panels:not([hidden]) .case")) {
      const source = byId(`im-${link.dataset.pair}-${link.dataset.method}`);
      if (source && !link.querySelector("img")) {
        link.prepend(Object.assign(new Image(source.width, source.height), { src: source.src, alt: source.alt }));
      }
    }
  };
  document.querySelector("details.cases")?.addEventListener("toggle", showCases);

  /* ---- loss curves, profiles and the like: one term, one metric at a time ---- */
  const kinds = ["term", "profile", "heat", "case"];
  const showChosen = () => {
    for (const kind of kinds) {
      const chosen = document.querySelector(`input[name=${kind}]:checked`)?.value;
      for (const group of document.querySelectorAll(`.panels[data-${kind}]`)) group.hidden = group.dataset[kind] !== chosen;
    }
    showCases();
  };
  for (const input of document.querySelectorAll(kinds.map((kind) => `input[name=${kind}]`).join())) {
    input.addEventListener("change", showChosen);
  }
  showChosen();

  /* Paper has no folds: what lies in depth is printed too. */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("#depth > details:not([open])")];
    for (const fold of opened) fold.open = true;
    showCases();
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });

  // A browser that reloads the page puts the choices back, some only after this script has run.
  addEventListener("pageshow", () => {
    showValues();
    applyFilters();
    showChosen();
  });

  /* ---- the table of all values: of many images it is made when it is looked at ---- */
  const every = byId("every");
  every.addEventListener("toggle", () => {
    const body = every.querySelector("tbody");
    if (!every.open || body.rows.length) return;
    data.pairs.forEach((pair, p) => {
      data.methods.forEach((label, m) => {
        const row = body.insertRow();
        const head = row.appendChild(document.createElement("th"));
        head.scope = "row";
        head.textContent = pair.name;
        row.insertCell().textContent = label;
        data.metrics.forEach((_, index) => {
          const cell = row.insertCell();
          cell.className = "num";
          cell.textContent = data.values[p][m] ? data.values[p][m][index] : "–";
        });
      });
    });
  });

  /* ---- lightbox ---- */
  const box = byId("lightbox");
  const frame = byId("frame");
  const slider = byId("slider");
  const against = byId("against");
  const under = frame.insertBefore(new Image(), frame.firstChild);
  const over = frame.insertBefore(new Image(), under.nextSibling);
  over.className = "over";
  let pair = 0;
  let method = 0;

  const imageOf = (p, name) => byId(`im-${p}-${name}`);
  const option = (value, text) => new Option(text, value);
  against.append(option("content", "content"), option("style", "style"));
  data.methods.forEach((label, index) => against.append(option(String(index), label)));

  const picks = [...document.querySelectorAll(".pick button")];
  for (const button of picks) {
    button.addEventListener("click", () => {
      against.value = button.dataset.input;
      show();
    });
  }
  const showPicks = () => {
    for (const button of picks) {
      const kind = button.dataset.input;
      const source = imageOf(pair, kind);
      button.replaceChildren();
      if (source) button.append(Object.assign(new Image(), { src: source.src, alt: "" }));
      button.append(kind);
      button.disabled = !source;
      button.setAttribute("aria-pressed", String(against.value === kind));
      button.setAttribute("aria-label", `Compare with the ${kind}`);
    }
  };

  const divide = (share) => {
    slider.value = share;
    frame.style.setProperty("--at", `${share}%`);
  };

  const show = () => {
    const image = imageOf(pair, method);
    const other = imageOf(pair, against.value);
    const names = data.pairs[pair];
    const label = data.methods[method];
    byId("box-title").textContent = label;
    byId("box-pair").textContent = names.name;
    under.src = image.src;
    under.alt = image.alt;
    const otherName = against.selectedOptions[0].text;
    const compared = other && other !== image;
    over.hidden = !compared;
    if (compared) {
      over.src = other.src;
      over.alt = other.alt;
    } else {
      over.removeAttribute("src");
      over.alt = "";
    }
    frame.classList.toggle("single", !compared);
    slider.disabled = !compared;
    frame.querySelector(".left").textContent = otherName;
    frame.querySelector(".right").textContent = label;
    slider.setAttribute("aria-label", `Divide between ${otherName} and ${label}`);
    frame.style.setProperty("--w", image.naturalWidth);
    frame.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
    const list = byId("box-values");
    list.replaceChildren();
    data.metrics.forEach((metric, index) => {
      const line = document.createElement("div");
      const name = document.createElement("dt");
      const value = document.createElement("dd");
      name.textContent = metric.label + ({ lower: " ↓", higher: " ↑" }[metric.better] ?? "");
      value.textContent = withUnit(metric, data.values[pair][method]?.[index] ?? "–");
      line.append(name, value);
      list.append(line);
    });
    showPicks();
    byId("box-file").href = image.dataset.file;
  };

  /* Steps over images that are not there; stays when there is no other. */
  const step = (pairs, methods) => {
    const rows = [...document.querySelectorAll(".row")];
    let p = pair;
    let m = method;
    for (let tries = data.pairs.length * data.methods.length; tries > 0; tries -= 1) {
      p = (p + pairs + data.pairs.length) % data.pairs.length;
      m = (m + methods + data.methods.length) % data.methods.length;
      if (imageOf(p, m) && !rows[p].hidden) {
        pair = p;
        method = m;
        break;
      }
    }
    show();
  };

  let opener = null;
  for (const button of document.querySelectorAll(".open, .case")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      opener = button.matches(".case") ? button : null;
      pair = Number(button.dataset.pair);
      method = Number(button.dataset.method);
      if (against.value === String(method)) against.value = "content";
      divide(50);
      show();
      box.showModal();
      box.focus();
    });
  }
  box.addEventListener("close", () => {
    const button = opener ?? imageOf(pair, method)?.closest("button");
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  byId("close").addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
  byId("previous-method").addEventListener("click", () => step(0, -1));
  byId("next-method").addEventListener("click", () => step(0, 1));
  byId("previous-pair").addEventListener("click", () => step(-1, 0));
  byId("next-pair").addEventListener("click", () => step(1, 0));
  against.addEventListener("change", show);
  byId("scale").addEventListener("click", (event) => {
    const actual = frame.classList.toggle("actual");
    event.currentTarget.setAttribute("aria-pressed", String(actual));
  });
  slider.addEventListener("input", () => divide(slider.value));

  /* Arrows walk through the images, except that left and right move the slider while it has the focus. */
  box.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target === against) return;
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (sideways && event.target === slider) return;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (move) {
      event.preventDefault();
      step(...move);
    }
  });

  /* Dragging anywhere on the picture moves the division; a finger still scrolls up and down. */
  const follow = (event) => {
    const area = frame.getBoundingClientRect();
    divide(Math.round(Math.min(Math.max((event.clientX - area.left) / area.width, 0), 1) * 100));
  };
  frame.addEventListener("pointerdown", (event) => {
    if (slider.disabled || event.button !== 0) return;
    frame.setPointerCapture(event.pointerId);
    follow(event);
    event.preventDefault();
    box.focus();
  });
  frame.addEventListener("pointermove", (event) => {
    if (frame.hasPointerCapture(event.pointerId)) follow(event);
  });
})();

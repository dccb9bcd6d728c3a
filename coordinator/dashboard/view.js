// What the documents say, as elements. Names and messages come from clients: they are set as text,
// never as markup.

const MOST_CLIENTS = 300;  // rows
const MOST_NAMES = 12;     // chips
const byId = (id) => document.getElementById(id);

const PHASES = { finished: "good", paused: "warn", halted: "bad" };
const OUTCOMES = { accepted: "good", pending: "", declined: "warn", late: "warn" };
const STATES = { training: "", measuring: "", uploading: "", loading: "", disconnected: "bad", quarantined: "bad" };

function make(tag, text, className = "") {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  element.className = className;
  return element;
}

function pill(text, className) {
  return make("span", text, `pill ${className}`);
}

export function percent(value, digits = 1) {
  return value == null ? "–" : `${(100 * value).toFixed(digits)} %`;
}

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; ++unit) value /= 1000;
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const words = (name) => name.replaceAll("_", " ");

export function showRuns(runs, current) {
  // Made anew only where a run came or went, so that the keyboard's focus stays.
  const nav = byId("runs");
  if (nav.children.length !== runs.length || runs.some((r, i) => nav.children[i].dataset.run !== r.run))
    nav.replaceChildren(...runs.map((run) => {
      const button = make("button");
      button.dataset.run = run.run;
      button.addEventListener("click", () => { location.hash = `run=${encodeURIComponent(run.run)}`; });
      return button;
    }));
  runs.forEach((run, i) => {
    const title = make("span", undefined, "title");
    title.append(make("b", run.run), pill(run.phase, PHASES[run.phase] ?? ""));
    nav.children[i].setAttribute("aria-current", String(run.run === current));
    nav.children[i].replaceChildren(title, make("small", `round ${run.round ?? "–"} of ${run.rounds}, ${run.method}`), make("small", run.why));
  });
}

export function showRun(run, rounds) {
  byId("run-name").textContent = run.run;
  byId("phase").textContent = run.phase;
  byId("phase").className = `pill ${PHASES[run.phase] ?? ""}`;
  byId("why").textContent = run.why;
  byId("until").textContent = run.seconds_left == null ? "" : `at most ${duration(run.seconds_left)} more`;
  const names = run.waits_for.slice(0, MOST_NAMES).map((name) => make("li", name));
  if (run.waits_for.length > MOST_NAMES) names.push(make("li", `and ${run.waits_for.length - MOST_NAMES} more`));
  byId("waits").replaceChildren(...names);
  byId("fault").hidden = !run.last_fault;
  byId("fault").textContent = `Last fault: ${run.last_fault}`;
  showStage(run.stage);
  showTiles(run, rounds);
  showFacts(run);
  document.title = `${run.run}: ${run.phase}, round ${run.round ?? "–"} of ${run.rounds} – Tributary`;
}

function showStage(stage) {
  byId("stage").hidden = !stage;
  if (!stage) return;
  const [done, mark] = byId("bar").children;
  done.style.width = `${100 * Math.min(1, stage.accepted / Math.max(1, stage.target))}%`;
  mark.style.left = `${100 * Math.min(1, stage.minimum / Math.max(1, stage.target))}%`;
  mark.hidden = stage.minimum >= stage.target;
  byId("stage-words").textContent = `round ${stage.round}, ${words(stage.task)}${stage.attempt > 0 ? `, attempt ${stage.attempt + 1}` : ""}: ` +
    `${stage.accepted} of ${stage.target} updates accepted (at least ${stage.minimum}), ${stage.pending} of ${stage.selected} clients pending`;
  byId("bar").setAttribute("aria-label", byId("stage-words").textContent);
}

function showTiles(run, rounds) {
  const newest = (key) => rounds.findLast((r) => r[key] != null);
  const first = rounds.find((r) => r.accuracy != null), last = newest("accuracy");
  const gain = first && last && first !== last ? 100 * (last.accuracy - first.accuracy) : null;
  const sum = (key) => rounds.reduce((total, r) => total + r[key], 0);
  const tiles = [
    ["Round", `${run.round ?? "–"} of ${run.rounds}`, run.abandoned > 0 ? `${run.abandoned} attempts abandoned` : ""],
    ["Accuracy", percent(last?.accuracy), gain == null ? "" : `${gain < 0 ? "−" : "+"}${Math.abs(gain).toFixed(1)} points since the start`],
    ["Loss", newest("loss")?.loss.toFixed(3) ?? "–", ""],
    ["Averaging error", percent(newest("averaging_error")?.averaging_error), ""],
    ["Bytes up", bytes(sum("bytes_up")), `${bytes(sum("bytes_down"))} down`],
  ];
  const spent = newest("epsilon");
  if (spent) tiles.push(["Privacy spent", `ε ${spent.epsilon.toFixed(2)}`, `δ ${spent.delta}`]);
  if (run.late > 0) tiles.push(["Late updates", String(run.late), "kept out"]);
  byId("tiles").replaceChildren(...tiles.map(([name, value, note]) => {
    const tile = make("div"), figure = make("dd", value);
    if (note) figure.append(make("small", note));
    tile.append(make("dt", name), figure);
    return tile;
  }));
}

function showFacts(run) {
  const facts = [["Method", run.method], ["Base model", run.model], ["Clients that may take part", String(run.clients)],
    ["Privacy", run.privacy], ["Plan", run.plan_digest.slice(0, 16)]];
  if (run.kept_round != null) facts.push(["Adapter kept", `round ${run.kept_round}`]);
  byId("facts").replaceChildren(...facts.map(([name, value]) => {
    const fact = make("div");
    fact.append(make("dt", name), make("dd", value));
    return fact;
  }));
}

export function showClients(clients) {
  const counts = new Map();
  for (const client of clients) counts.set(client.state, (counts.get(client.state) ?? 0) + 1);
  byId("states").replaceChildren(...[...counts].sort().map(([state, count]) => make("li", `${count} ${state}`)));
  byId("clients").replaceChildren(...clients.slice(0, MOST_CLIENTS).map((client) => {
    const row = make("tr"), state = make("td"), outcome = make("td");
    state.append(pill(client.state, STATES[client.state] ?? "off"));
    if (client.outcome) outcome.append(pill(words(client.outcome), OUTCOMES[client.outcome] ?? "bad"));
    const device = client.program ? `${client.program.device}, ${client.program.instruction_set}` : "";
    row.append(make("th", client.client), state, outcome, make("td", String(client.rank)), make("td", device), make("td", client.last_failure));
    return row;
  }));
  byId("more").hidden = clients.length <= MOST_CLIENTS;
  byId("more").textContent = `and ${clients.length - MOST_CLIENTS} more: tributary clients RUN`;
}

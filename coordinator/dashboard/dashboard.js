// Asks the coordinator every two seconds and shows what it says. Which run is shown stands in the
// address (#run=NAME). Rounds are asked for only when there is a new one.

import { drawCharts } from "/charts.js";
import { showClients, showRun, showRuns } from "/view.js";

const PERIOD = 2000;
const byId = (id) => document.getElementById(id);
let seen = "";  // of which state of which run the rounds are on the page
let rounds = [];
let timer = 0;

async function ask(path) {
  const token = sessionStorage.getItem("token");
  const answer = await fetch(path, token ? { headers: { Authorization: `Bearer ${token}` } } : {});
  if (answer.status === 401) {
    byId("sign-in").hidden = false;
    throw new Error("the token is missing or wrong");
  }
  if (!answer.ok) throw new Error((await answer.text()).trim() || `status ${answer.status}`);
  byId("sign-in").hidden = true;
  return answer.json();
}

function chosen(runs) {
  const name = new URLSearchParams(location.hash.slice(1)).get("run");
  return runs.find((r) => r.run === name) ?? runs.find((r) => r.phase !== "finished") ?? runs.at(-1);
}

async function refresh() {
  clearTimeout(timer);
  try {
    const all = await ask("/api/v1/runs");
    byId("project").textContent = all.project;
    const run = chosen(all.runs);
    showRuns(all.runs, run?.run);
    byId("none").hidden = Boolean(run);
    byId("run").hidden = !run;
    if (run) await refreshRun(run);
    say("up", "live");
  } catch (error) {
    say("down", error.message);
  }
  timer = setTimeout(refresh, document.hidden ? 5 * PERIOD : PERIOD);
}

async function refreshRun(run) {
  const path = `/api/v1/runs/${encodeURIComponent(run.run)}`;
  const state = [run.run, run.phase === "finished", run.checkpoint, run.round, run.stage?.task].join(" ");
  if (state !== seen && run.phase !== "halted") {
    rounds = (await ask(`${path}/rounds`)).rounds;
    seen = state;
    drawCharts(rounds);
  }
  showRun(run, rounds);
  showClients((await ask(`${path}/clients`)).clients);
}

function say(state, words) {
  byId("link").className = `link ${state}`;
  byId("link").textContent = words;
}

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", byId("token").value);
  byId("token").value = "";
  refresh();
});
addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(rounds));
refresh();

// Four plots over rounds, drawn by Chart.js in the colours of the page.

import { bytes, percent } from "/view.js";

const charts = new Map();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function line(label, name, points, dash = []) {
  return { label, data: points, borderColor: colour(name), backgroundColor: colour(name), borderDash: dash,
    borderWidth: 2, pointRadius: points.length > 40 ? 0 : 3, tension: 0, spanGaps: true };
}

function bars(label, name, points) {
  return { label, data: points, backgroundColor: colour(name), maxBarThickness: 28 };
}

// Shares with as many digits as tell the ticks of an axis apart, which are `step` apart.
const share = (value, step) => percent(value, step < 0.0009999 ? 2 : 1);

// `format(value, step)`; without a step beside a point.
function options(format, isFromZero) {
  const soft = colour("--soft"), grid = { color: colour("--line"), borderColor: colour("--rule") };
  return {
    animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
    scales: {
      x: { title: { display: true, text: "round", color: soft }, ticks: { color: soft, maxRotation: 0, autoSkipPadding: 12 }, grid: { ...grid, display: false } },
      y: { beginAtZero: isFromZero, ticks: { color: soft, callback: (value, _, all) => format(value, Math.abs(all[1]?.value - all[0].value)), maxTicksLimit: 6 }, grid },
    },
    plugins: {
      legend: { labels: { color: soft, boxWidth: 18, boxHeight: 2 } },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${format(item.parsed.y)}` } },
    },
  };
}

function draw(id, type, labels, datasets, format, isFromZero) {
  charts.get(id)?.destroy();
  const shown = datasets.filter((set) => set.data.some((value) => value != null && (value !== 0 || type === "line")));
  const canvas = document.getElementById(id);
  canvas.closest("section").hidden = shown.length === 0;
  if (shown.length === 0) return charts.delete(id);
  charts.set(id, new Chart(canvas, { type, data: { labels, datasets: shown }, options: options(format, isFromZero) }));
}

export function drawCharts(rounds) {
  const labels = rounds.map((r) => r.round), column = (key) => rounds.map((r) => r[key]);
  const number = (value) => Number(value).toPrecision(3);
  draw("accuracy", "line", labels, [line("held-out rows", "--s1", column("accuracy"))], share, false);
  draw("loss", "line", labels, [line("training", "--s3", column("train_loss"), [6, 4]), line("held-out rows", "--s1", column("loss"))], number, false);
  draw("error", "line", labels, [line("of the change that was missed", "--s4", column("averaging_error"))], share, true);
  draw("bytes", "bar", labels, [bars("up", "--s1", column("bytes_up")), bars("down", "--s2", column("bytes_down"))], bytes, true);
}

// Draws the overview's stacked bars from the JSON beside the table, and again when that was refreshed.
// A bar leads to the logs of its day and category.
"use strict";
{
  // A variable's own text is two colours, light and dark; an element that wears it knows which.
  const colour = (name) => {
    const canvas = document.getElementById("trend-chart");
    canvas.style.color = `var(${name})`;
    return getComputedStyle(canvas).color;
  };
  const title = (name) => name[0].toUpperCase() + name.slice(1);
  let chart = null;

  // What a click on its name in the legend hid stays hidden when the chart is drawn again.
  const isHidden = (place) => chart !== null && !chart.isDatasetVisible(place);

  // The worst at the foot of each bar, where it can be compared from day to day.
  const datasets = (data) =>
    Object.entries(data.counts).map(([name, counts], place) => ({
      hidden: isHidden(place),
      label: title(name),
      category: name,
      // No bar where there is no log, for all its least length.
      data: counts.map((count) => count || null),
      backgroundColor: colour(`--mark-${name}`),
      stack: "logs",
      maxBarThickness: 40,
      // A bar of one log among thousands is still to be seen.
      minBarLength: 2,
    }));

  const logsAt = (data, day, category) =>
    data.url.replace("DAY", data.days[day]).replace("CATEGORY", category);

  const options = (data) => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    onHover: (event, found) => {
      event.native.target.style.cursor = found.length ? "pointer" : "default";
    },
    onClick: (event, found, drawn) => {
      const exact = drawn.getElementsAtEventForMode(event.native, "nearest", { intersect: true }, false);
      const bar = exact[0] || found[0];
      if (!bar) return;
      const category = exact[0] ? drawn.data.datasets[bar.datasetIndex].category : "";
      window.location.assign(logsAt(data, bar.index, category));
    },
    plugins: {
      legend: {
        position: "bottom",
        labels: { color: colour("--body-fg"), boxWidth: 12, boxHeight: 12 },
      },
      tooltip: { footerColor: "#fff", callbacks: { footer: () => "Click for the logs" } },
    },
    scales: {
      x: {
        stacked: true,
        grid: { display: false },
        border: { color: colour("--hairline-color") },
        ticks: { color: colour("--body-quiet-color"), maxRotation: 0, autoSkipPadding: 16 },
      },
      y: {
        stacked: true,
        beginAtZero: true,
        grid: { color: colour("--hairline-color") },
        border: { display: false },
        ticks: { color: colour("--body-quiet-color"), precision: 0, maxTicksLimit: 6 },
      },
    },
  });

  const draw = () => {
    const text = document.getElementById("trend-data");
    const canvas = document.getElementById("trend-chart");
    if (!text || !canvas || !window.Chart) return;
    const data = JSON.parse(text.textContent);
    const bars = { labels: data.days.map((day) => day.slice(5)), datasets: datasets(data) };
    if (chart) chart.destroy();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    chart = new Chart(canvas, { type: "bar", data: bars, options: options(data) });
  };

  // Normal logs dwarf the others, so they can be left out with one click or key.
  const offerWithoutNormal = () => {
    const button = document.getElementById("trend-without-normal");
    button.hidden = false;
    button.addEventListener("click", () => {
      const place = chart.data.datasets.findIndex((bars) => bars.category === "normal");
      const isShown = chart.isDatasetVisible(place);
      chart.setDatasetVisibility(place, !isShown);
      chart.update();
      button.setAttribute("aria-pressed", String(isShown));
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    draw();
    if (chart) offerWithoutNormal();
    document.getElementById("trend").addEventListener("live:shown", draw);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  });
}

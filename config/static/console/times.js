// Shows every <time datetime> in the viewer's own zone; the node's text stays as its title.
"use strict";
{
  const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const footer = () => document.getElementById("zone");
  const nodeZone = () => (footer() ? footer().dataset.nodeZone : "");
  // Swedish is the locale that writes 2026-03-14 12:00:00.
  const form = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });

  const showTimes = (root) => {
    for (const element of root.querySelectorAll("time[datetime]:not([title])")) {
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      element.title = `${element.textContent} on the node (${nodeZone()})`;
      element.textContent = form.format(moment);
    }
  };

  // Some zones have two names (Asia/Kathmandu is Asia/Katmandu too), some a browser does not know.
  const nameOf = (zone) => {
    try {
      return Intl.DateTimeFormat(undefined, { timeZone: zone }).resolvedOptions().timeZone;
    } catch {
      return zone;
    }
  };

  const aboutZones = () =>
    nameOf(viewerZone) === nameOf(nodeZone())
      ? `Times are in your zone and the node's, ${viewerZone}.`
      : `Times are in your zone, ${viewerZone}; point at one to see it in the node's, ${nodeZone()}.`;

  document.addEventListener("DOMContentLoaded", () => {
    showTimes(document);
    if (footer() && viewerZone) footer().textContent = aboutZones();
  });
  // What console/live.js brings in has times too.
  document.addEventListener("live:shown", (event) => showTimes(event.target));
}
